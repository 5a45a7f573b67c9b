"""A scene's record without a file."""

from dataclasses import replace
from typing import Any

from wfa.search.tiles.raster import Raster

_RASTER = Raster(
    path="a.tif", size=1, changed=1, crs="EPSG:32633", west=1000.0, north=2000.0, step_x=10.0,
    step_y=10.0, width=100, height=100, warped=False, metres=(10.0, 10.0), bands=(1, 2, 3),
    names=(), stretch=None, date="2017-06-13", tile=(20, 20), stride=(20, 20), most_nodata=0.5,
)  # fmt: skip


def raster(**changes: Any) -> Raster:
    """A scene of 100 x 100 pixels of 10 m, with changes."""
    return replace(_RASTER, **changes)
