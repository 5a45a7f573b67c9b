"""Read tiles of scenes, window by window: memory does not grow with the scene."""

from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from wfa.data.decode import BadImageError
from wfa.data.deep_pictures import scale_between
from wfa.search.image_files import file_inside
from wfa.search.tiles.open_raster import (
    EXTRA,
    has_rasterio,
    holds_nothing,
    north_up,
    opened_raster,
)
from wfa.search.tiles.raster import Raster, Window
from wfa.search.tiles.scene_bands import colour_places


class TilePixels(NamedTuple):
    """A tile as it was read.

    Attributes:
        values: (H, W, C) of the scene's own type, without data: 0.
        there: (H, W) bool, where there are data.
    """

    values: NDArray[Any]
    there: NDArray[np.bool_]


class TileReader:
    """Reads tiles in a thread of its own, and keeps the scene open that it read last.

    GDAL keeps blocks that it has decoded with the opened file, and rasterio closes a file only in
    the thread that opened it; so calls from several threads wait for each other.

    Args:
        root: The folder of images.
    """

    def __init__(self, root: Path) -> None:
        self._root = root
        self._thread = ThreadPoolExecutor(1)
        self._opened = ExitStack()
        self._path: str | None = None
        self._grid: Any = None

    def read(self, raster: Raster, window: Window) -> TilePixels:
        """Read a tile.

        Raises:
            BadImageError: The scene is gone, or damaged here.
        """
        return self._thread.submit(self._read, raster, window).result()

    def close(self) -> None:
        """Close the scene that is open still."""
        self._thread.submit(self._opened.close).result()
        self._thread.shutdown()

    def _read(self, raster: Raster, window: Window) -> TilePixels:
        if not has_rasterio():
            raise BadImageError(f"is a scene, which rasterio reads: {EXTRA}")
        from rasterio.errors import RasterioError

        bands = sorted(set(raster.bands))
        places = [bands.index(band) for band in raster.bands]
        part = ((window.row, window.row + window.height),
                (window.column, window.column + window.width))  # fmt: skip
        try:
            if self._path != raster.path:
                self._open(raster)
            if holds_nothing(self._grid, bands, window):
                shape = (window.height, window.width)
                empty = np.zeros((*shape, len(places)), self._grid.dtypes[bands[0] - 1])
                return TilePixels(empty, np.zeros(shape, np.bool_))
            values = self._grid.read(bands, window=part)[places]
            there = (self._grid.read_masks(bands, window=part) > 0).all(0)
        except (RasterioError, OSError, ValueError, IndexError) as error:
            raise BadImageError("is truncated or damaged") from error
        there &= np.isfinite(values).all(0)
        values[:, ~there] = 0
        return TilePixels(np.ascontiguousarray(np.moveaxis(values, 0, -1)), there)

    def _open(self, raster: Raster) -> None:
        self._path = None
        self._opened.close()
        path = file_inside(self._root, raster.path)
        source = self._opened.enter_context(opened_raster(path))
        self._grid = self._opened.enter_context(north_up(source, raster.crs, raster.warped))
        self._path = raster.path


def as_picture(raster: Raster, values: NDArray[Any]) -> NDArray[np.uint8]:
    """Show a tile's values (H, W, C) as red, green and blue, (H, W, 3) uint8.

    More than 8 bits are scaled between the two values that the scene was surveyed to have, so that
    all its tiles are scaled alike.
    """
    shown = values[:, :, list(colour_places(raster.names))]
    if raster.stretch is None:
        return np.ascontiguousarray(np.broadcast_to(shown, (*shown.shape[:2], 3)))
    return scale_between(shown, *raster.stretch)


def as_trained(raster: Raster, pixels: TilePixels) -> NDArray[Any]:
    """Give a tile as the run was trained: a picture, or bands in their own units.

    Where bands have no data they get their mean over the tile: 0 is a value of its own.
    """
    if not raster.names:
        return as_picture(raster, pixels.values)
    if pixels.there.all():
        return pixels.values
    values = pixels.values.astype(np.float32)
    values[~pixels.there] = values[pixels.there].mean(0) if pixels.there.any() else 0
    return values
