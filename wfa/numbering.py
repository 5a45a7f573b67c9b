"""Numbering what is equal: each distinct thing once, and which one each thing is."""

from collections import defaultdict
from collections.abc import Hashable, Sequence
from itertools import count
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

Thing = TypeVar("Thing", bound=Hashable)


def distinct(things: Sequence[Thing]) -> tuple[list[Thing], NDArray[np.int64]]:
    """Return the distinct things in order of first sight and each thing's place among them.

    Args:
        things: N things that can be keys, such as texts.

    Returns:
        The U distinct ones, and an index of shape (N,) into them.

    Example:
        >>> distinct(["lake", "road", "lake"])
        (['lake', 'road'], array([0, 1, 0]))
    """
    place: defaultdict[Any, int] = defaultdict(count().__next__)
    index = np.fromiter(map(place.__getitem__, things), np.int64, len(things))
    return list(place), index
