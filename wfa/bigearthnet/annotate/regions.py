"""Connected regions of a class map, found by joining runs of equal pixels."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from wfa.bigearthnet.annotate.corine import NO_CLASS, ClassMap

Places = NDArray[np.int64]


class Region(NamedTuple):
    """Connected pixels of one class.

    Attributes:
        land: The place of its class in `CLASSES`.
        pixels: How many it has.
        x0: Its first column.
        y0: Its first row.
        x1: The column after its last one.
        y1: The row after its last one.
        x: The mean of its pixels' middles, in pixels from the left edge.
        y: Likewise from the top edge.
    """

    land: int
    pixels: int
    x0: int
    y0: int
    x1: int
    y1: int
    x: float
    y: float

    @property
    def fill(self) -> float:
        """The share of its box that it covers, 0 to 1."""
        return self.pixels / ((self.x1 - self.x0) * (self.y1 - self.y0))


def find_regions(classes: ClassMap, connectivity: int = 4) -> tuple[list[Region], Places]:
    """Find the regions of all classes at once.

    Args:
        classes: (H, W) classes; pixels of `NO_CLASS` belong to no region.
        connectivity: 4 joins pixels that share an edge; 8 also those that share a corner.

    Returns:
        The regions, the largest first (equal ones by their first pixel), and (H, W) the place of
        each pixel's region among them, -1 where there is none.
    """
    width = classes.shape[1]
    begins = np.ones(classes.shape, bool)
    np.not_equal(classes[:, 1:], classes[:, :-1], out=begins[:, 1:])
    starts = np.flatnonzero(begins)
    run = (np.cumsum(begins) - 1).reshape(classes.shape)
    root = _joined(len(starts), *_links(classes, run, connectivity))
    _, first, region = np.unique(root, return_index=True, return_inverse=True)
    land = classes.ravel()[starts[first]]

    lengths = np.diff(starts, append=classes.size)
    row, left = np.divmod(starts, width)
    right = left + lengths
    pixels = np.bincount(region, lengths)
    x = np.bincount(region, lengths * (left + right) / 2) / pixels
    y = np.bincount(region, lengths * (row + 0.5)) / pixels
    x0, y0 = (_extreme(np.minimum, region, values, classes.size) for values in (left, row))
    x1, y1 = (_extreme(np.maximum, region, values, 0) for values in (right, row + 1))

    order = np.lexsort((np.arange(len(land)), -pixels))
    order = order[land[order] != NO_CLASS]
    place = np.full(len(land), -1)
    place[order] = np.arange(len(order))
    columns = (land, pixels.astype(int), x0, y0, x1, y1, x, y)
    found = zip(*(column[order].tolist() for column in columns), strict=True)
    return [Region(*values) for values in found], place[region][run]


def _links(classes: ClassMap, run: Places, connectivity: int) -> tuple[Places, Places]:
    """Return pairs of runs of one class that touch from row to row."""
    shifts = [(slice(None), slice(None))]
    if connectivity == 8:
        shifts += [(slice(1, None), slice(None, -1)), (slice(None, -1), slice(1, None))]
    uppers, lowers = [], []
    for upper, lower in shifts:
        above, below = run[:-1, upper], run[1:, lower]
        same = classes[:-1, upper] == classes[1:, lower]
        one, other = above[same], below[same]
        # Two runs meet along many pixels, one after the other: the first is enough.
        new = np.ones(len(one), bool)
        new[1:] = (one[1:] != one[:-1]) | (other[1:] != other[:-1])
        uppers.append(one[new])
        lowers.append(other[new])
    return np.concatenate(uppers), np.concatenate(lowers)


def _joined(count: int, one: Places, other: Places) -> Places:
    """Return for each of `count` runs the first run of its region.

    Each round hangs the later of two linked trees under the earlier one and then shortens all
    paths by half, until no link joins two trees any more.
    """
    root = np.arange(count)
    while True:
        first, second = root[one], root[other]
        if np.array_equal(first, second):
            return root
        low = np.minimum(first, second)
        np.minimum.at(root, first, low)
        np.minimum.at(root, second, low)
        while not np.array_equal(root, halved := root[root]):
            root = halved


def _extreme(function: np.ufunc, region: Places, values: Places, start: int) -> Places:
    found = np.full(int(region.max()) + 1, start)
    function.at(found, region, values)
    return found
