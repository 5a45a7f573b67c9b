"""The data set `scenes`: procedural land-cover maps, drawn from above and described in words.

One image goes through these files in order: `draws` (random numbers that are equal everywhere),
`classes` (what there can be), `land` (the map), `layout` (the scene: map and objects), then on one
side `drawing` (the picture) and on the other `facts`, `words` and `captions` (what is true of it,
in English); `generate` writes a whole data set. Everything is computed in integers and drawn from a
stream of its own for each image, so a seed gives the same bytes on every machine.
"""
