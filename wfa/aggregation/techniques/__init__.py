"""Plug-ins: one technique a file; the file's name is what `aggregation=NAME` says."""
