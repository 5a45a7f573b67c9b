"""Annotations in the form of BigEarthNet.txt made from reference maps and metadata.

One patch goes through these files in order: `maps` (its map), `corine` (codes to classes),
`regions` and `facts` (what is true of it), then `yes_no`, `choices`, `boxes` and `captions` (what
is asked and said of it, worded by `words`, wrong answers from `absent`); `patch` puts its rows
together, `annotator` makes those of many patches at once and `table` writes them.
"""
