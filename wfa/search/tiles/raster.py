"""What a library keeps of a scene: all that its tiles are found, read and placed by."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple


class Window(NamedTuple):
    """A part of a scene, in pixels from its north-western corner."""

    column: int
    row: int
    width: int
    height: int


@dataclass(frozen=True)
class Raster:
    """A scene on its north-up grid.

    Attributes:
        path: The file, relative to the folder of images.
        size: Of the file, in bytes.
        changed: When the file last changed; see `ImageFile.changed`.
        crs: Its CRS as `AUTHORITY:CODE`, or as WKT where it has no code.
        west: Of its north-western corner, in the CRS.
        north: Likewise.
        step_x: Width of a pixel, in units of the CRS.
        step_y: Height of a pixel, likewise.
        width: In pixels.
        height: In pixels.
        warped: Whether it lies rotated or south-up in its file, and is turned while it is read.
        metres: Width and height of a pixel in its middle, on the ground.
        bands: The numbers, from 1, of the bands that the run is given.
        names: What the run calls them; empty for red, green and blue.
        stretch: The values that are shown as black and as white; None for 8 bits, shown as they
            are.
        date: When it was taken, `YYYY-MM-DD`; empty where neither tag nor name says so.
        tile: Width and height of a tile in pixels.
        stride: From one tile to the next, in pixels.
        most_nodata: The largest share of a tile that may lack data.
        empty: Tiles that lack more: their places in the order of `windows`.
    """

    path: str
    size: int
    changed: int
    crs: str
    west: float
    north: float
    step_x: float
    step_y: float
    width: int
    height: int
    warped: bool
    metres: tuple[float, float]
    bands: tuple[int, ...]
    names: tuple[str, ...]
    stretch: tuple[float, float] | None
    date: str
    tile: tuple[int, int]
    stride: tuple[int, int]
    most_nodata: float
    empty: tuple[int, ...] = ()

    def windows(self) -> Iterator[Window]:
        """Give all tiles, from north to south and in a row from west to east.

        The last of a row or column is moved back so that it ends with the scene. Of a scene that is
        smaller than a tile the whole is one.
        """
        for row, height in _places(self.height, self.tile[1], self.stride[1]):
            for column, width in _places(self.width, self.tile[0], self.stride[0]):
                yield Window(column, row, width, height)

    def name_of(self, window: Window) -> str:
        """Return what an index calls a tile: the file's path, and after # its window in pixels.

        A scene that is one tile keeps the name of its file.
        """
        if (window.width, window.height) == (self.width, self.height):
            return self.path
        return f"{self.path}#{','.join(map(str, window))}"

    def bounds(self, window: Window) -> tuple[float, float, float, float]:
        """Return west, south, east and north of a tile in the CRS."""
        west = self.west + window.column * self.step_x
        north = self.north - window.row * self.step_y
        return (
            west, north - window.height * self.step_y, west + window.width * self.step_x, north
        )  # fmt: skip


def _places(extent: int, size: int, stride: int) -> Iterator[tuple[int, int]]:
    if size >= extent:
        yield 0, extent
        return
    last = extent - size
    yield from ((start, size) for start in range(0, last, stride))
    yield last, size
