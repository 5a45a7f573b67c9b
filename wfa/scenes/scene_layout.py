"""A scene: its land-cover map and the objects on it, before anything is drawn or written."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from wfa.draws import LAYOUT, Draws
from wfa.scenes.land_classes import KINDS, LAND, SEASONS
from wfa.scenes.land_map import THEMES, Mask, land_cover

_UNITS = 64  # object sizes are in 1/64 of the image's side
_STANDS_ON = {
    name: np.array([land.name in kind.grounds for land in LAND]) for name, kind in KINDS.items()
}


@dataclass(frozen=True)
class SceneObject:
    """An object: its kind, its look (a colour, or how full it is) and its box in pixels.

    The box is half-open: columns x0 to x1 - 1, rows y0 to y1 - 1.
    """

    kind: str
    look: str
    x0: int
    y0: int
    x1: int
    y1: int


@dataclass(frozen=True, eq=False)
class Scene:
    """All that is true of one image.

    Attributes:
        seed: Seed of the data set.
        split: Name of the split.
        index: Number of the image in the split.
        land_cover: (size, size) uint8 class codes, indices into `classes.LAND`; roads and other
            objects stand on it and do not change it.
        objects: The objects, in the order in which they are drawn.
        season: One of `classes.SEASONS`.
        snow: Whether the land is white.
    """

    seed: int
    split: str
    index: int
    land_cover: NDArray[np.uint8]
    objects: tuple[SceneObject, ...]
    season: str
    snow: bool


@dataclass(frozen=True)
class _Group:
    """Objects that a theme may hold: the chance of the group in per cent, and how many."""

    kind: str
    percent: int
    fewest: int
    most: int


_ROAD = _Group("road", 55, 1, 2)
_SHIPS = _Group("ship", 65, 1, 6)
_GROUPS = {
    "farmland": (_ROAD, _Group("house", 65, 1, 5), _SHIPS),
    "forest": (_ROAD, _Group("house", 20, 1, 3), _SHIPS),
    "town": (
        _Group("road", 80, 1, 2),
        _Group("car park", 45, 1, 2),
        _Group("house", 100, 3, 8),
        _Group("house", 70, 2, 6),
        _SHIPS,
    ),
    "industry": (
        _ROAD,
        _Group("warehouse", 75, 1, 4),
        _Group("car park", 45, 1, 2),
        _Group("tank", 60, 2, 8),
        _Group("house", 60, 1, 4),
        _SHIPS,
    ),
    "airfield": (
        _Group("runway", 100, 1, 2),
        _Group("road", 30, 1, 1),
        _Group("aeroplane", 85, 1, 5),
        _Group("warehouse", 60, 1, 2),
        _SHIPS,
    ),
    "wild": (_Group("road", 25, 1, 1), _Group("house", 20, 1, 2), _SHIPS),
    "coast": (
        _ROAD,
        _Group("house", 55, 1, 6),
        _Group("ship", 85, 1, 7),
        _Group("ship", 35, 1, 4),
    ),
}


def make_scene(seed: int, split: str, index: int, size: int) -> Scene:
    """Lay out image `index` of a split; it does not depend on how many images there are.

    Args:
        seed: Seed of the data set, >= 0.
        split: Name of the split.
        index: Number of the image in the split, >= 0.
        size: Side of the map in pixels.
    """
    draws = Draws(seed, split, index, LAYOUT)
    name = draws.pick(tuple(THEMES))
    land = land_cover(draws, THEMES[name], size)
    land.setflags(write=False)
    season = draws.pick(SEASONS)
    return Scene(
        seed=seed,
        split=split,
        index=index,
        land_cover=land,
        objects=_place_groups(draws, name, land),
        season=season,
        snow=season == "winter" and draws.chance(40),
    )


def _place_groups(draws: Draws, theme: str, land: NDArray[np.uint8]) -> tuple[SceneObject, ...]:
    free = np.ones(land.shape, dtype=bool)
    placed: list[SceneObject] = []
    for group in _GROUPS[theme]:
        if draws.chance(group.percent):
            placed += _place_group(draws, group, land, free)
    return tuple(placed)


def _place_group(
    draws: Draws, group: _Group, land: NDArray[np.uint8], free: Mask
) -> list[SceneObject]:
    """Place objects of one kind and look, as far as there is room; `free` loses their boxes."""
    kind = KINDS[group.kind]
    allowed = _STANDS_ON[group.kind][land] & free
    if not allowed.any():
        return []
    line = group.kind in ("road", "runway")
    if not line and draws.chance(75):
        allowed &= _neighbourhood(draws, allowed)
    look, flat = draws.pick(kind.looks), draws.chance(50)
    placed: list[SceneObject] = []
    for _ in range(draws.between(group.fewest, group.most)):
        # Houses turn one by one; ships, runways and the like of a group lie the same way.
        width, height = _sides(draws, group.kind, flat, land.shape[0])
        corner = _find_room(draws, allowed, width, height, gap=0 if group.kind == "road" else 1)
        if corner is None:
            break
        x, y = corner
        placed.append(SceneObject(group.kind, look, x, y, x + width, y + height))
        margin = 4 if line else 1  # two roads side by side would look like one
        box = np.s_[
            max(0, y - margin) : y + height + margin, max(0, x - margin) : x + width + margin
        ]
        allowed[box] = free[box] = False
    return placed


def _sides(draws: Draws, kind: str, flat: bool, size: int) -> tuple[int, int]:
    (short_long, short_short), (long_long, long_short) = KINDS[kind].sides
    longer = max(1, draws.between(short_long, long_long) * size // _UNITS)
    shorter = max(1, draws.between(short_short, long_short) * size // _UNITS)
    if kind == "house":
        flat = draws.chance(50)
    return (longer, shorter) if flat else (shorter, longer)


def _neighbourhood(draws: Draws, allowed: Mask) -> Mask:
    """Mask a window around a random allowed pixel, so that a group has a place in the image."""
    size = allowed.shape[0]
    spots = np.flatnonzero(allowed)
    row, column = divmod(int(spots[draws.below(len(spots))]), size)
    reach = size // 4
    window = np.zeros_like(allowed)
    window[max(0, row - reach) : row + reach, max(0, column - reach) : column + reach] = True
    return window


def _find_room(
    draws: Draws, allowed: Mask, width: int, height: int, gap: int
) -> tuple[int, int] | None:
    """Draw a corner (x, y) where a box and `gap` pixels around it are all allowed, if any is."""
    wide, tall = width + 2 * gap, height + 2 * gap
    size = allowed.shape[0]
    if wide > size or tall > size:
        return None
    # Summed-area table: the number of allowed pixels in every box of this size at once.
    table = np.zeros((size + 1, size + 1), dtype=np.int32)
    np.cumsum(np.cumsum(allowed, axis=0, dtype=np.int32), axis=1, out=table[1:, 1:])
    inside = (
        table[tall:, wide:] - table[:-tall, wide:] - table[tall:, :-wide] + table[:-tall, :-wide]
    )
    corners = np.flatnonzero(inside == wide * tall)
    if not len(corners):
        return None
    row, column = divmod(int(corners[draws.below(len(corners))]), size + 1 - wide)
    return column + gap, row + gap
