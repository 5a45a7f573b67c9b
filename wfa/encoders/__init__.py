"""Towers for images and texts: bands, adapters, and each distinct text computed once."""
