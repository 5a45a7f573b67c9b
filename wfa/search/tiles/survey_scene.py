"""Find out of an opened scene all that its tiles are cut, read and placed by."""

import re
from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pyproj import CRS, Geod, Transformer
from pyproj.exceptions import ProjError

from wfa.data.decode import BadImageError
from wfa.data.deep_pictures import stretch_limits
from wfa.search.image_files import ImageFile
from wfa.search.tiles.open_raster import is_north_up, north_up
from wfa.search.tiles.raster import Raster
from wfa.search.tiles.scene_bands import chosen_bands, colour_places
from wfa.search.tiles.tile_options import TileOptions

LOOKED_AT = 1024
"""Pixels a side of the reduced scene whose percentiles are taken."""
_DATE = re.compile(r"(?<!\d)((?:19|20)\d\d)([-_]?)(0[1-9]|1[0-2])\2(0[1-9]|[12]\d|3[01])")
_GEOID = Geod(ellps="WGS84")
_FARTHEST = 1e5
"""Metres; a pixel that is wider belongs to no scene."""


def survey(
    source: Any, file: ImageFile, options: TileOptions, bands: Sequence[str]
) -> Raster:  # fmt: skip
    """Survey a scene that has a CRS and a place in it.

    Args:
        source: An opened `rasterio.DatasetReader`.
        file: Its file.
        options: How it is cut.
        bands: What the run was trained on; empty for pictures.

    Raises:
        BadImageError: It has no bands for the run, no data, or its CRS leads to no latitude and
            longitude.
    """
    crs = options.crs if source.crs is None else _name_of(source.crs)
    numbers = chosen_bands(source, options.bands, bands)
    warped = not is_north_up(source.transform)
    with north_up(source, crs, warped) as grid:
        metres = pixel_metres(crs, grid.transform, grid.width, grid.height)
        size, stride = options.lengths
        return Raster(
            path=file.path,
            size=file.size,
            changed=file.changed,
            crs=crs,
            west=grid.transform.c,
            north=grid.transform.f,
            step_x=grid.transform.a,
            step_y=-grid.transform.e,
            width=grid.width,
            height=grid.height,
            warped=warped,
            metres=metres,
            bands=numbers,
            names=tuple(bands),
            stretch=_stretch(grid, [numbers[place] for place in colour_places(bands)]),
            date=date_of(source.tags().get("TIFFTAG_DATETIME", ""), file.path),
            tile=(size.pixels(metres[0]), size.pixels(metres[1])),
            stride=(stride.pixels(metres[0]), stride.pixels(metres[1])),
            most_nodata=options.most_nodata,
        )


def date_of(tag: str, path: str) -> str:
    """Return the day of a tag such as `2017:06:13 10:10:31`, else the first in a file's path."""
    for text in (tag[:10].replace(":", "-"), Path(path).name, path):
        for match in _DATE.finditer(text):
            try:
                return date(int(match[1]), int(match[3]), int(match[4])).isoformat()
            except ValueError:  # the 31st of a month of 30 days
                continue
    return ""


def pixel_metres(crs: str, transform: Any, width: int, height: int) -> tuple[float, float]:
    """Measure a pixel in the middle of a scene on the ground: its width and height in metres.

    Raises:
        BadImageError: Its CRS leads to no latitude and longitude.
    """
    columns = np.array([0.0, 1.0, 0.0]) + width / 2
    rows = np.array([0.0, 0.0, 1.0]) + height / 2
    x = transform.c + columns * transform.a
    y = transform.f + rows * transform.e
    east, north = to_degrees(crs).transform(x, y)
    if not (np.isfinite(east).all() and np.isfinite(north).all()):
        raise BadImageError("lies outside of its CRS: its middle has no latitude and longitude")
    _, _, across = _GEOID.inv(east[0], north[0], east[1], north[1])
    _, _, down = _GEOID.inv(east[0], north[0], east[2], north[2])
    if not (0 < across < _FARTHEST and 0 < down < _FARTHEST):
        raise BadImageError(f"has pixels of {across:g} x {down:g} m: its transform is wrong")
    return float(across), float(down)


def to_degrees(crs: str) -> Transformer:
    """Return the way from a CRS to longitude and latitude (EPSG:4326, longitude first).

    Raises:
        BadImageError: There is no such CRS, or none leads there from it.
    """
    try:
        return Transformer.from_crs(CRS.from_user_input(crs), "EPSG:4326", always_xy=True)
    except ProjError as error:
        cause = " ".join(str(error).split())
        raise BadImageError(f"has a CRS without latitude and longitude ({cause})") from error


def _name_of(crs: Any) -> str:
    authority = crs.to_authority(confidence_threshold=100)
    return ":".join(authority) if authority else str(crs.to_wkt())


def _stretch(grid: Any, bands: Sequence[int]) -> tuple[float, float] | None:
    if all(grid.dtypes[band - 1] == "uint8" for band in bands):
        return None
    shrink = max(1.0, max(grid.width, grid.height) / LOOKED_AT)
    shape = (len(bands), max(1, round(grid.height / shrink)), max(1, round(grid.width / shrink)))
    values: NDArray[Any] = grid.read(list(bands), out_shape=shape)
    if np.iscomplexobj(values):
        raise BadImageError("has complex numbers: take their amplitude first")
    there = (grid.read_masks(list(bands), out_shape=shape) > 0) & np.isfinite(values)
    try:
        return stretch_limits(values[there])
    except ValueError as error:
        raise BadImageError("holds no data" if not there.any() else str(error)) from error
