"""Open a GeoTIFF or georeferenced JPEG 2000 with rasterio, where that is installed."""

import logging
import os
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path, PurePath
from typing import Any

from wfa.data.decode import BadImageError
from wfa.search.tiles.raster import Window

DRIVERS = {".tif": "GTiff", ".tiff": "GTiff", ".gtiff": "GTiff", ".jp2": "JP2OpenJPEG"}
"""Ending, in any case, of files that may be scenes -> GDAL's format. Its other formats can name
further files and addresses, wherever these lie."""
EXTRA = 'pip install "wfa[geo]"'
_CACHE = 64
"""MiB of decoded blocks that GDAL keeps for all scenes, whatever their size."""


def has_rasterio() -> bool:
    """Say whether scenes can be read."""
    return find_spec("rasterio") is not None


def may_be_scene(path: str) -> bool:
    """Say whether a file's ending is that of scenes."""
    return PurePath(path).suffix.lower() in DRIVERS


@contextmanager
def opened_raster(path: Path) -> Iterator[Any]:
    """Give an opened `rasterio.DatasetReader`.

    Raises:
        BadImageError: It cannot be opened, or reading inside the block fails.
    """
    os.environ.setdefault("GDAL_CACHEMAX", str(_CACHE))  # read once, when GDAL first reads a block
    import rasterio
    from rasterio.errors import NotGeoreferencedWarning, RasterioError

    _quiet()
    try:
        with warnings.catch_warnings():  # what has no place is a picture
            warnings.simplefilter("ignore", NotGeoreferencedWarning)
            source = rasterio.open(path, driver=DRIVERS.get(path.suffix.lower(), "GTiff"))
        with source:
            yield source
    except (RasterioError, OSError, ValueError, MemoryError) as error:
        raise BadImageError(f"cannot be read as a scene ({_cause(error)})") from error


@contextmanager
def north_up(source: Any, crs: str, warped: bool) -> Iterator[Any]:
    """Give an opened scene on its north-up grid: itself, or a view that turns it as it is read."""
    if not warped:
        yield source
        return
    from rasterio.vrt import WarpedVRT

    with WarpedVRT(source, src_crs=crs, crs=crs, add_alpha=source.nodata is None) as turned:
        yield turned


def holds_nothing(grid: Any, bands: Sequence[int], window: Window) -> bool:
    """Say whether a sparse GeoTIFF has no block of a window, and what is absent is without data.

    Bands that mark nodata in another way, and other formats, are not looked into.
    """
    from rasterio.enums import MaskFlags

    if grid.driver != "GTiff" or any(
        grid.mask_flag_enums[band - 1] != [MaskFlags.nodata] for band in bands
    ):
        return False
    for band in bands:
        height, width = grid.block_shapes[band - 1]
        for row in range(window.row // height, (window.row + window.height - 1) // height + 1):
            last = (window.column + window.width - 1) // width
            for column in range(window.column // width, last + 1):
                # What GDAL calls the place of a block in the file; an absent one has none.
                if grid.get_tag_item(f"BLOCK_OFFSET_{column}_{row}", "TIFF", bidx=band):
                    return False
    return True


def is_north_up(transform: Any) -> bool:
    """Say whether rows of an `affine.Affine` run from west to east and columns to the south."""
    return bool(transform.b == transform.d == 0 and transform.a > 0 and transform.e < 0)


def _quiet() -> None:
    """Keep what GDAL says of a damaged file off the terminal: our own message says it."""
    logging.getLogger("rasterio").setLevel(logging.CRITICAL + 1)


def _cause(error: BaseException) -> str:
    """Say what GDAL found wrong; rasterio's own error only says where to look."""
    while error.__cause__ is not None:
        error = error.__cause__
    return " ".join(str(error).split()) or type(error).__name__
