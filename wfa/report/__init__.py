"""Tables, figures and HTML pages, made from result files only: no torch, no data, no models."""
