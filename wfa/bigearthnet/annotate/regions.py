"""Connected regions of a class map."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

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
    structure = ndimage.generate_binary_structure(2, 1 if connectivity == 4 else 2)
    label = np.zeros(classes.shape, np.int64)
    lands: list[int] = []
    for land in np.unique(classes[classes != NO_CLASS]).tolist():
        found, count = ndimage.label(classes == land, structure)
        label += np.where(found > 0, found + len(lands), 0)
        lands += [land] * count
    flat, size = label.ravel(), len(lands) + 1
    row, column = np.divmod(np.arange(classes.size), classes.shape[1])
    pixels = np.bincount(flat, minlength=size)
    with np.errstate(invalid="ignore"):  # there may be no pixel without a region
        x = np.bincount(flat, column + 0.5, size) / pixels
        y = np.bincount(flat, row + 0.5, size) / pixels
    first = np.full(size, label.size)
    first[flat[::-1]] = np.arange(label.size)[::-1]
    order = 1 + np.lexsort((first[1:], -pixels[1:]))
    place = np.full(size, -1)
    place[order] = np.arange(len(order))
    boxes = ndimage.find_objects(label)
    regions = []
    for one in order.tolist():
        rows, columns = boxes[one - 1]
        regions.append(
            Region(
                lands[one - 1], int(pixels[one]), columns.start, rows.start, columns.stop,
                rows.stop, float(x[one]), float(y[one]),
            )
        )  # fmt: skip
    return regions, place[label]
