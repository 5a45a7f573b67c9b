"""Which other image each image is given in its place."""

import numpy as np
from numpy.typing import NDArray


def other_images(count: int, seed: int = 0) -> NDArray[np.int64]:
    """Return for each of some images another one, (count,), each taken once; drawn at random.

    One image alone is given itself: a control of it cannot be computed.
    """
    order = np.random.default_rng(seed).permutation(count)
    found = np.empty(count, np.int64)
    found[order] = np.roll(order, 1)
    return found


def blocks(count: int, most: int) -> list[NDArray[np.int64]]:
    """Cut some images into blocks of nearly equal size, so that none is left alone in one."""
    return np.array_split(np.arange(count), -(-count // most))
