"""The land-cover map: parcels by theme, then woods and water on top.

Lengths are in units of 1/1024 of the image's side, so that a map means the same at any size.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from wfa.draws import Draws
from wfa.scenes.land_classes import CODE

Field = NDArray[np.int32]
Mask = NDArray[np.bool_]

SIDE = 1024
_CROPS = ("wheat", "maize", "rapeseed", "ploughed", "orchard", "vineyard")
_FORESTS = ("broadleaf", "conifer", "mixed")


@dataclass(frozen=True)
class Theme:
    """What a scene is about.

    Attributes:
        main: Classes of which one takes the largest parcel.
        others: Classes of the other parcels, each used at most once.
        parcels: Fewest and most parcels.
        waters: Chance of (sea, lake, river) in per cent; the rest stays dry.
        natural: Whether borders wind as in nature or run straight as in fields.
    """

    main: tuple[str, ...]
    others: tuple[str, ...]
    parcels: tuple[int, int]
    waters: tuple[int, int, int]
    natural: bool


THEMES = {
    "farmland": Theme(_CROPS, (*_CROPS, "pasture"), (3, 6), (8, 17, 25), False),
    "forest": Theme(_FORESTS, (*_FORESTS, "grassland", "scrub"), (1, 3), (10, 25, 25), True),
    "town": Theme(
        ("town",), ("pasture", "broadleaf", "wheat", "industry"), (1, 3), (15, 12, 25), False
    ),
    "industry": Theme(("industry",), ("town", "grassland", "ploughed"), (1, 3), (15, 5, 25), False),
    "airfield": Theme(
        ("grassland", "pasture"),
        ("wheat", "ploughed", "conifer", "industry"),
        (1, 2),
        (10, 8, 5),
        False,
    ),
    "wild": Theme(
        ("heath", "scrub", "sand", "marsh", "grassland"),
        ("heath", "scrub", "sand", "marsh", "grassland", "conifer"),
        (1, 4),
        (10, 35, 25),
        True,
    ),
    "coast": Theme(
        ("pasture", "town", "heath", "broadleaf", "wheat", "sand"),
        ("vineyard", "mixed", "scrub", "maize", "industry"),
        (1, 3),
        (100, 0, 0),
        False,
    ),
}


def land_cover(draws: Draws, theme: Theme, size: int) -> NDArray[np.uint8]:
    """Draw a map (size, size) of class codes."""
    x, y = _coordinates(size)
    swell = draws.swell(size, 4)
    land = _parcels(draws, theme, x, y, swell)
    if not theme.natural and draws.chance(30):
        land[_blob(draws, x, y, swell, (110, 230))] = CODE[draws.pick(_FORESTS)]
    sea, lake, river = theme.waters
    lot = draws.below(100)
    if lot < sea:
        _flood_coast(draws, land, x, y, swell)
    elif lot < sea + lake:
        land[_blob(draws, x, y, swell, (150, 340))] = CODE["lake"]
    elif lot < sea + lake + river:
        _run_river(draws, land, x, y, swell)
    return land


def _coordinates(size: int) -> tuple[Field, Field]:
    middles = ((2 * np.arange(size) + 1) * (SIDE // 2) // size).astype(np.int32)
    x, y = np.broadcast_arrays(middles[None, :], middles[:, None])
    return x, y


def _parcels(draws: Draws, theme: Theme, x: Field, y: Field, swell: Field) -> NDArray[np.uint8]:
    """Cut the land into parcels, the largest one first named, slanted or with winding borders."""
    bend = 2 if theme.natural else 0
    u = x + (draws.between(-60, 60) * (y - SIDE // 2) >> 8) + bend * swell
    v = y + (draws.between(-60, 60) * (x - SIDE // 2) >> 8) - bend * swell
    boxes = _cut(draws, draws.between(*theme.parcels))
    main = draws.pick(theme.main)
    names = [main, *draws.shuffled([name for name in theme.others if name != main])]
    land = np.full(x.shape, CODE[main], dtype=np.uint8)
    for (x0, y0, x1, y1), name in zip(boxes[1:], names[1:], strict=False):
        land[(u >= x0) & (u < x1) & (v >= y0) & (v < y1)] = CODE[name]
    return land


def _cut(draws: Draws, count: int) -> list[tuple[int, int, int, int]]:
    """Halve the largest of the boxes until there are `count`; give the largest first."""
    far = 4 * SIDE  # outer boxes reach beyond the image, so that slanting leaves no gap
    boxes = [(0, 0, SIDE, SIDE)]
    while len(boxes) < count:
        boxes.sort(key=_area)
        x0, y0, x1, y1 = boxes.pop()
        part = draws.between(35, 65)
        wide, tall = x1 - x0, y1 - y0
        if wide > tall or (wide == tall and draws.chance(50)):
            cut = x0 + wide * part // 100
            boxes += [(x0, y0, cut, y1), (cut, y0, x1, y1)]
        else:
            cut = y0 + tall * part // 100
            boxes += [(x0, y0, x1, cut), (x0, cut, x1, y1)]
    boxes.sort(key=_area, reverse=True)
    reach = {0: -far, SIDE: far}
    return [
        (reach.get(x0, x0), reach.get(y0, y0), reach.get(x1, x1), reach.get(y1, y1))
        for x0, y0, x1, y1 in boxes
    ]


def _area(box: tuple[int, int, int, int]) -> int:
    return (box[2] - box[0]) * (box[3] - box[1])


def _blob(draws: Draws, x: Field, y: Field, swell: Field, radii: tuple[int, int]) -> Mask:
    """Mask an ellipse with a wavy edge, somewhere in the image."""
    across = (x - draws.between(150, SIDE - 150)) * 256 // draws.between(*radii)
    down = (y - draws.between(150, SIDE - 150)) * 256 // draws.between(*radii)
    return across * across + down * down + 200 * swell < 1 << 16


def _flood_coast(draws: Draws, land: NDArray[np.uint8], x: Field, y: Field, swell: Field) -> None:
    """Put the sea along one side, often with a beach."""
    inland = draws.pick((x, y, SIDE - 1 - x, SIDE - 1 - y)) + swell
    depth = draws.between(260, 600)
    if draws.chance(60):
        land[inland < depth + draws.between(50, 110)] = CODE["sand"]
    land[inland < depth] = CODE["sea"]


def _run_river(draws: Draws, land: NDArray[np.uint8], x: Field, y: Field, swell: Field) -> None:
    """Let a river wind from side to side or from top to bottom."""
    along, across = (x, y) if draws.chance(50) else (y, x)
    slope = draws.between(-70, 70)
    middle = draws.between(300, SIDE - 300) + (slope * (along - SIDE // 2) >> 8)
    distance = across - middle + swell
    land[np.abs(distance) < draws.between(35, 75)] = CODE["river"]
