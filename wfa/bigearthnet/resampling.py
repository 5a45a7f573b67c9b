"""Bands of 20 m and 60 m brought to the 120 x 120 pixels of those of 10 m."""

from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from wfa.bigearthnet.bands import PATCH_SIZE

Floats = NDArray[np.float32]


def repeat(band: NDArray[Any], out: Floats) -> None:
    """Write each pixel of (S, S) as a block of (120, 120): nearest neighbour by a whole factor."""
    size = len(band)
    factor = PATCH_SIZE // size
    blocks = out.reshape(size, factor, PATCH_SIZE)
    first = blocks[:, 0]
    for column in range(factor):
        first[:, column::factor] = band
    blocks[:, 1:] = first[:, None]


def bilinear(bands: Floats) -> Floats:
    """Resample bands with the outer pixels' centres on the outer pixels' centres.

    That is torch's `interpolate(mode="bilinear", align_corners=True)`, up to the order of sums. The
    published statistics for bilinear have other means than those for nearest; with half-pixel
    centres the means would be equal, so corners must have been aligned.

    Args:
        bands: (K, S, S), S at most 60.

    Returns:
        (K, 120, 120).
    """
    count, size, _ = bands.shape
    if 2 * size != PATCH_SIZE:
        weights = _weights(size)
        return np.asarray(weights @ bands @ weights.T)
    wide = np.empty((count, size, PATCH_SIZE), np.float32)
    _double(bands.swapaxes(1, 2), wide.swapaxes(1, 2))
    out = np.empty((count, PATCH_SIZE, PATCH_SIZE), np.float32)
    _double(wide, out)
    return out


def _double(bands: Floats, out: Floats) -> None:
    """Resample (K, S, W) to (K, 2 S, W) by slices, a third of the time of the products.

    Row 2 k + 1 lies (S - 1 - k) / (2 S - 1) of a step behind row k, and row 2 k lies k / (2 S - 1)
    of a step before it.
    """
    size = bands.shape[1]
    behind, before = _shares(size)
    steps = bands[:, 1:] - bands[:, :-1]
    out[:, 0], out[:, -1] = bands[:, 0], bands[:, -1]
    np.add(bands[:, :-1], steps * behind, out=out[:, 1:-1:2])
    steps *= before
    np.subtract(bands[:, 1:], steps, out=out[:, 2::2])


@lru_cache
def _shares(size: int) -> tuple[Floats, Floats]:
    """Return the shares of a step of `_double`, (S - 1, 1) each: for k up to S - 2, and from 1."""
    place = np.arange(1, size, dtype=np.float32)[:, None] / np.float32(2 * size - 1)
    return place[::-1].copy(), place


@lru_cache
def _weights(size: int) -> Floats:
    """Return the shares of S pixels in each of 120, (120, S)."""
    at = np.arange(PATCH_SIZE) * (size - 1) / (PATCH_SIZE - 1)
    shares = 1 - np.abs(at[:, None] - np.arange(size))
    return np.asarray(shares.clip(min=0), np.float32)
