"""A run folder as a model: loaded, embedded, evaluated, exported."""
