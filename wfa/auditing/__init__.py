"""Redundancy and leaks of a data set, measured before anything is trained."""
