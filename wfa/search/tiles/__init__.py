"""Georeferenced scenes: cut into tiles, read window by window, each tile with its place."""
