"""What is true of a patch: its classes, their sizes and regions, who borders whom, who lies where.

The rules are those of BigEarthNet.txt (arXiv:2603.29630) as far as they are published; where they
are not, ours stand here and agree with the published rows of the one map that we could compare.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from wfa.bigearthnet.annotate.corine import ClassMap
from wfa.bigearthnet.annotate.regions import Places, Region, find_regions
from wfa.bigearthnet.class_names import CLASSES
from wfa.bigearthnet.rows import Box, Point

PIXEL_AREA = 100
"""Square metres of a pixel of 10 m."""

PRIMARY, SECONDARY = 0.25, 0.05
"""A class is primary above the first share of the image, marginal below the second."""

DIRECTIONS = (
    "right", "bottom-right", "bottom", "bottom-left", "left", "top-left", "top", "top-right",
)  # fmt: skip
"""The eight directions, clockwise; the first is along the rows."""

_SECTOR = 45  # degrees of a direction
_SURE = 15  # degrees from a direction's middle within which nobody would name another
_APART = 0.15  # of the image's side: nearer centroids lie in no direction


@dataclass(frozen=True)
class Cover:
    """One class of a patch.

    Attributes:
        land: Its place in `CLASSES`.
        pixels: How many it has.
        regions: Its regions, the largest first.
        share: The share of the image that it covers, 0 to 1.
    """

    land: int
    pixels: int
    regions: tuple[Region, ...]
    share: float

    @property
    def tier(self) -> str:
        """`primary`, `secondary` or `marginal`."""
        return tier(self.share)

    @property
    def centre(self) -> tuple[float, float]:
        """The mean of all its pixels' middles, in pixels (x, y)."""
        return (
            sum(part.x * part.pixels for part in self.regions) / self.pixels,
            sum(part.y * part.pixels for part in self.regions) / self.pixels,
        )


@dataclass(frozen=True, eq=False)
class PatchFacts:
    """All that is asked about a map.

    Attributes:
        size: (H, W) of the map.
        covers: The classes, the largest first.
        borders: Pairs of classes (the lower place first) with pixels that share an edge.
        corners: Pairs that meet in corners only: nobody is asked about them.
        regions: All regions, the largest first.
        labels: (H, W) the place of each pixel's region in `regions`, -1 where there is none.
    """

    size: tuple[int, int]
    covers: tuple[Cover, ...]
    borders: frozenset[tuple[int, int]]
    corners: frozenset[tuple[int, int]]
    regions: tuple[Region, ...]
    labels: Places

    def cover(self, land: int) -> Cover | None:
        """Return what is known of a class, or None where the patch lacks it."""
        return next((cover for cover in self.covers if cover.land == land), None)

    def box(self, region: Region) -> Box:
        """Return a region's box: outer edges to a grid of 0.01, so that nothing is cut off."""
        height, width = self.size
        return Box(
            region.x0 * 100 // width / 100,
            region.y0 * 100 // height / 100,
            -(-region.x1 * 100 // width) / 100,
            -(-region.y1 * 100 // height) / 100,
        )

    def point(self, region: Region) -> Point | None:
        """Return a region's centroid on a grid of 0.01; None where another region lies there."""
        height, width = self.size
        point = Point(round(region.x / width, 2), round(region.y / height, 2))
        column = min(int(point.x * width), width - 1)
        row = min(int(point.y * height), height - 1)
        found = int(self.labels[row, column])
        return point if found >= 0 and self.regions[found] == region else None

    def direction(self, land: int, other: int) -> str | None:
        """Return in which of `DIRECTIONS` the centre of a class lies, seen from another's.

        None where either is missing, they lie close together, or two directions would do.
        """
        first, second = self.cover(land), self.cover(other)
        if first is None or second is None:
            return None
        height, width = self.size
        right, down = (a - b for a, b in zip(first.centre, second.centre, strict=True))
        right, down = right / width, down / height
        if math.hypot(right, down) < _APART:
            return None
        angle = math.degrees(math.atan2(down, right)) % 360
        sector = round(angle / _SECTOR)
        if abs(angle - sector * _SECTOR) > _SURE:
            return None
        return DIRECTIONS[sector % len(DIRECTIONS)]


def tier(share: float) -> str:
    """Return `primary`, `secondary` or `marginal` for a share of the image, 0 to 1."""
    if share > PRIMARY:
        return "primary"
    return "marginal" if share < SECONDARY else "secondary"


def area(pixels: int) -> int:
    """Return square metres rounded to thousands, halves upwards."""
    return (pixels * PIXEL_AREA + 500) // 1000 * 1000


def patch_facts(classes: ClassMap, connectivity: int = 4) -> PatchFacts:
    """Read the facts off a map.

    Args:
        classes: (H, W) classes.
        connectivity: 4 or 8, see `find_regions`.
    """
    regions, labels = find_regions(classes, connectivity)
    parts: dict[int, list[Region]] = {}
    for region in regions:
        parts.setdefault(region.land, []).append(region)
    covers = [_cover(land, own, classes.size) for land, own in parts.items()]
    borders, corners = _meetings(classes)
    return PatchFacts(
        size=(classes.shape[0], classes.shape[1]),
        covers=tuple(sorted(covers, key=lambda cover: (-cover.pixels, cover.land))),
        borders=borders,
        corners=corners - borders,
        regions=tuple(regions),
        labels=labels,
    )


def _cover(land: int, regions: Sequence[Region], size: int) -> Cover:
    pixels = sum(region.pixels for region in regions)
    return Cover(land, pixels, tuple(regions), pixels / size)


def _meetings(classes: ClassMap) -> tuple[frozenset[tuple[int, int]], frozenset[tuple[int, int]]]:
    """Return the pairs of classes that share an edge, and those that share a corner."""
    edges = ((classes[:, 1:], classes[:, :-1]), (classes[1:], classes[:-1]))
    corners = ((classes[1:, 1:], classes[:-1, :-1]), (classes[1:, :-1], classes[:-1, 1:]))
    return _pairs(edges), _pairs(corners)


def _pairs(neighbours: Sequence[tuple[ClassMap, ClassMap]]) -> frozenset[tuple[int, int]]:
    count = len(CLASSES)
    found: set[int] = set()
    for one, other in neighbours:
        differ = one != other
        first, second = one[differ].astype(int), other[differ].astype(int)
        known = (first >= 0) & (second >= 0)
        low, high = np.minimum(first, second)[known], np.maximum(first, second)[known]
        found.update(np.flatnonzero(np.bincount(low * count + high)).tolist())
    return frozenset(divmod(pair, count) for pair in found)
