"""Random numbers that are the same on every machine and with every NumPy.

NumPy promises the raw stream of PCG64 for good, but not what `Generator.integers` makes of it, so
the numbers here are made from the raw stream, in integers only.
"""

import zlib
from bisect import bisect_right
from collections.abc import Sequence
from functools import lru_cache
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

T = TypeVar("T")

LAYOUT, DRAWING, CAPTIONS = 0, 1, 2
"""The streams of one image: changing the captions leaves the map and the picture as they were."""


class Draws:
    """One stream of random numbers, named by seed, split, image and purpose."""

    def __init__(self, seed: int, split: str, index: int, stream: int) -> None:
        key = [seed, zlib.crc32(split.encode()), index, stream]
        self._bits = np.random.PCG64(np.random.SeedSequence(key))

    def below(self, count: int) -> int:
        """Draw an integer from 0 to `count` - 1."""
        return ((int(self._bits.random_raw()) >> 32) * count) >> 32

    def between(self, low: int, high: int) -> int:
        """Draw an integer from `low` to `high`, both included."""
        return low + self.below(high - low + 1)

    def fraction(self) -> float:
        """Draw a multiple of 2**-32 from [0, 1)."""
        return self.below(1 << 32) / (1 << 32)

    def chance(self, percent: int) -> bool:
        """Say yes in `percent` of 100 cases."""
        return self.below(100) < percent

    def pick(self, choices: Sequence[T]) -> T:
        """Draw one of `choices`, all equally likely."""
        return choices[self.below(len(choices))]

    def place(self, ends: Sequence[int]) -> int:
        """Draw a place by the running sums of whole weights, each as often as its weight says."""
        return bisect_right(ends, self.below(ends[-1]))

    def shuffled(self, items: Sequence[T]) -> list[T]:
        """Give `items` in random order (Fisher-Yates)."""
        mixed = list(items)
        for last in range(len(mixed) - 1, 0, -1):
            other = self.below(last + 1)
            mixed[last], mixed[other] = mixed[other], mixed[last]
        return mixed

    def grain(self, *shape: int) -> NDArray[np.int32]:
        """Draw independent integers from -128 to 127 in the given shape."""
        count = int(np.prod(shape))
        raw = self._bits.random_raw(-(-count // 8)).astype("<u8", copy=False)
        return raw.view(np.int8)[:count].astype(np.int32).reshape(shape)

    def swell(self, size: int, cells: int) -> NDArray[np.int32]:
        """Draw a smooth (size, size) field from -128 to 127: a lattice of `cells`, interpolated."""
        lattice = self.grain(cells + 1, cells + 1)
        weights = _interpolation(size, cells)
        return (weights @ lattice @ weights.T) >> 16


@lru_cache(maxsize=16)
def _interpolation(size: int, cells: int) -> NDArray[np.int32]:
    """Weights (size, cells + 1) of the lattice points for each pixel; each row sums to 256."""
    place = (2 * np.arange(size) + 1) * cells * 128 // size
    cell, step = place >> 8, place & 255
    # Smoothstep 3t^2 - 2t^3 in integers, so that no cell border shows.
    rise = (step * step * (768 - 2 * step)) >> 16
    weights = np.zeros((size, cells + 1), dtype=np.int32)
    weights[np.arange(size), cell] = 256 - rise
    weights[np.arange(size), cell + 1] = rise
    return weights
