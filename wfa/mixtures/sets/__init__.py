"""Mixtures of data sets; each file is a choice of `data`."""
