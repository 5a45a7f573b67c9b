"""What can be said of a scene: facts read off its map and its objects.

Captions hold nothing else, so a caption is true when its facts are. Regions and groups have a place
in a grid of 3 x 3 cells, by the middle of what they cover.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from wfa.scenes.land_classes import KINDS, LAND
from wfa.scenes.scene_layout import Scene, SceneObject

CELLS = (
    ("upper left", "top", "upper right"),
    ("left", "centre", "right"),
    ("lower left", "bottom", "lower right"),
)
"""Names of the cells, by row and column."""

SHARES = ((55, 100, "most"), (40, 55, "half"), (28, 40, "third"), (1, 8, "little"))
"""Per cent of the image (from, below, name) that is worth a word."""

TOPICS = {
    "water": (("lake", "river", "sea"), ("ship",)),
    "forest": (("broadleaf", "conifer", "mixed"), ()),
    "crops": (("wheat", "maize", "rapeseed", "ploughed", "orchard", "vineyard"), ()),
    "buildings": (("town", "industry"), ("house", "warehouse", "tank")),
    "roads": ((), ("road",)),
    "ships": ((), ("ship",)),
    "planes": ((), ("aeroplane",)),
    "sand": (("sand",), ()),
}
"""Topic -> (classes, kinds of objects) of which a scene may have none."""


@dataclass(frozen=True)
class Cover:
    """Class `land` covers `share` of the image, a name from `SHARES`."""

    land: str
    share: str


@dataclass(frozen=True)
class Place:
    """Class `land` lies compactly in `cell`."""

    land: str
    cell: str


@dataclass(frozen=True)
class Border:
    """Classes `first` and `second` touch along at least an eighth of the image's side."""

    first: str
    second: str


@dataclass(frozen=True)
class Group:
    """There are exactly `count` objects of a kind and look, in `cell` where they lie close."""

    kind: str
    look: str
    count: int
    cell: str | None


@dataclass(frozen=True)
class Ground:
    """There are exactly `count` objects of a kind and look, and all of them stand on `land`."""

    kind: str
    look: str
    count: int
    land: str


@dataclass(frozen=True)
class Lines:
    """There are exactly `count` roads or runways that run across (left to right) or down."""

    kind: str
    across: bool
    count: int


@dataclass(frozen=True)
class Time:
    """The season, and whether snow lies."""

    season: str
    snow: bool


@dataclass(frozen=True)
class Absence:
    """There is nothing of a topic of `TOPICS`."""

    topic: str


Fact = Cover | Place | Border | Group | Ground | Lines | Time | Absence


def subjects(fact: Fact) -> frozenset[str]:
    """Give what a fact is about, so that a sentence does not come back to the same thing."""
    match fact:
        case Cover(land) | Place(land):
            return frozenset({land})
        case Border(first, second):
            return frozenset({first, second})
        case Group(kind, look):
            return frozenset({f"{look} {kind}"})
        case Ground(kind, look, _, land):
            return frozenset({f"{look} {kind}", land})
        case Lines(kind):
            return frozenset({kind})
        case Time():
            return frozenset({"time"})
        case Absence():
            return frozenset({"absence"})


def scene_facts(scene: Scene) -> tuple[Fact, ...]:
    """Give all facts of a scene, each once, in a fixed order."""
    counts = np.bincount(scene.land_cover.ravel(), minlength=len(LAND)).tolist()
    facts: list[Fact] = [*_region_facts(scene.land_cover, counts), *_borders(scene.land_cover)]
    facts += _object_facts(scene)
    facts.append(Time(scene.season, scene.snow))
    there = {LAND[code].name for code, count in enumerate(counts) if count}
    kinds = {thing.kind for thing in scene.objects}
    for topic, (classes, things) in TOPICS.items():
        if there.isdisjoint(classes) and kinds.isdisjoint(things):
            facts.append(Absence(topic))
    return tuple(facts)


def _region_facts(land: NDArray[np.uint8], counts: list[int]) -> list[Fact]:
    facts: list[Fact] = []
    for code, count in enumerate(counts):
        if not count:
            continue
        percent = 100 * count // land.size
        for low, high, share in SHARES:
            if low <= percent < high or percent == high == 100:
                facts.append(Cover(LAND[code].name, share))
        if percent >= 2:
            cell = _region_cell(land == code, count)
            if cell is not None:
                facts.append(Place(LAND[code].name, cell))
    return facts


def _region_cell(mask: NDArray[np.bool_], count: int) -> str | None:
    """Name the cell of a region that fills at least half of its box, and the box under half."""
    size = mask.shape[0]
    columns, rows = mask.sum(axis=0), mask.sum(axis=1)
    xs, ys = np.flatnonzero(columns), np.flatnonzero(rows)
    box = int(xs[-1] - xs[0] + 1) * int(ys[-1] - ys[0] + 1)
    if 2 * box > size * size or 2 * count < box:
        return None
    places = np.arange(size)
    # Sums of pixel middles, in half pixels to stay whole.
    x = int((columns * (2 * places + 1)).sum())
    y = int((rows * (2 * places + 1)).sum())
    return cell_name(x, y, 2 * size * count)


def cell_name(x: int, y: int, span: int) -> str:
    """Name the cell of the point (x / span, y / span) of an image of side 1."""
    return CELLS[min(2, 3 * y // span)][min(2, 3 * x // span)]


def _borders(land: NDArray[np.uint8]) -> list[Fact]:
    number = len(LAND)
    code = land.astype(np.int32)
    pairs = np.concatenate(
        [
            (code[:, 1:] * number + code[:, :-1]).ravel(),
            (code[1:] * number + code[:-1]).ravel(),
        ]
    )
    table = np.bincount(pairs, minlength=number * number).reshape(number, number)
    table = np.triu(table + table.T, 1)
    firsts, seconds = np.nonzero(8 * table >= land.shape[0])
    return [
        Border(LAND[first].name, LAND[second].name)
        for first, second in zip(firsts.tolist(), seconds.tolist(), strict=True)
    ]


def _object_facts(scene: Scene) -> list[Fact]:
    groups: dict[tuple[str, str], list[SceneObject]] = {}
    for thing in scene.objects:
        groups.setdefault((thing.kind, thing.look), []).append(thing)
    facts: list[Fact] = []
    for (kind, look), things in groups.items():
        if kind in ("road", "runway"):
            across = [thing for thing in things if thing.x1 - thing.x0 > thing.y1 - thing.y0]
            ways = ((True, len(across)), (False, len(things) - len(across)))
            facts += [Lines(kind, way, count) for way, count in ways if count]
            continue
        facts.append(Group(kind, look, len(things), _group_cell(things, scene.land_cover.shape[0])))
        land = _common_ground(things, scene.land_cover)
        if land is not None:
            facts.append(Ground(kind, look, len(things), land))
    return facts


def _group_cell(things: list[SceneObject], size: int) -> str | None:
    """Name the cell of a group whose box is at most 5/8 of the image wide and high."""
    x0, x1 = min(thing.x0 for thing in things), max(thing.x1 for thing in things)
    y0, y1 = min(thing.y0 for thing in things), max(thing.y1 for thing in things)
    if 8 * max(x1 - x0, y1 - y0) > 5 * size:
        return None
    return cell_name(x0 + x1, y0 + y1, 2 * size)


def _common_ground(things: list[SceneObject], land: NDArray[np.uint8]) -> str | None:
    """Name the class under all pixels of all boxes, if it is one class and worth a word."""
    first = land[things[0].y0, things[0].x0]
    for thing in things:
        if (land[thing.y0 : thing.y1, thing.x0 : thing.x1] != first).any():
            return None
    name = LAND[first].name
    return None if len(KINDS[things[0].kind].grounds) == 1 else name
