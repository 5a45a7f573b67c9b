"""Random draws that follow what they are drawn for, not the process, the order or the device."""

from hashlib import blake2b
from typing import Any

import numpy as np
import torch
from numpy.random.bit_generator import ISeedSequence
from numpy.typing import DTypeLike, NDArray
from torch import Tensor

_MIX = (0x7FEB352D, 0x846CA68B - (1 << 32), 0x9E3779B9 - (1 << 32))
"""Odd multipliers as int32: two of `lowbias32` (Wellons, "Prospecting for hash functions", 2018),
and the golden ratio's."""


@torch.no_grad()
def keyed_uniform(keys: Tensor, count: int, seed: int) -> Tensor:
    """Draw `count` numbers for each key, a function of the key and the seed alone.

    Integer arithmetic throughout, so that neither the keys around one nor the device matter.

    Args:
        keys: (B,) int32.
        count: U.
        seed: Any integer.

    Returns:
        (B, U) float32 in [0, 1), multiples of 2^-24.
    """
    places = _places(count, keys.device)
    start = torch.tensor((seed * 2_654_435_761 + 1) % 2**31, dtype=torch.int32, device=keys.device)
    drawn = _mixed(_mixed(keys ^ start)[:, None] ^ places[None])
    return (drawn & 0xFFFFFF).float() / 2**24


@torch.no_grad()
def row_keys(rows: Tensor) -> Tensor:
    """Make a key of each row's values: (B, D) float -> (B,) int32; equal rows have equal keys."""
    bits = rows.float().contiguous().view(torch.int32)
    # An odd factor for each place: a sum of products that wraps is exact in any order.
    return (bits * (_places(bits.shape[1], bits.device) | 1)).sum(dim=1, dtype=torch.int32)


def _places(count: int, device: torch.device) -> Tensor:
    return _mixed(torch.arange(1, 1 + count, dtype=torch.int32, device=device) * _MIX[2])


def _mixed(values: Tensor) -> Tensor:
    """Scramble int32 so that every input bit moves every output bit (`lowbias32`)."""
    values = (values ^ ((values >> 16) & 0xFFFF)) * _MIX[0]
    values = (values ^ ((values >> 15) & 0x1FFFF)) * _MIX[1]
    return values ^ ((values >> 16) & 0xFFFF)


def image_rng(seed: int, epoch: int, row: int, copy: int) -> np.random.Generator:
    """Return the generator of a training image.

    Args:
        seed: The run's seed.
        epoch: From 0.
        row: The number of the image.
        copy: How often it has come before: in the epoch, or in all of training where it is read
            from shards in a fixed order.
    """
    hashed: Any = _Hashed(b"%d %d %d %d" % (seed, epoch, row, copy))  # numpy's types lack it
    return np.random.default_rng(hashed)


class _Hashed(ISeedSequence):
    """Seeds a generator by a hash of its name, in a third of the time of numpy's own mixing."""

    def __init__(self, name: bytes) -> None:
        self._name = name

    def generate_state(
        self, n_words: int, dtype: DTypeLike = np.uint32
    ) -> NDArray[np.uint32 | np.uint64]:
        """Return the words that a generator asks for, 64 bytes at most."""
        kind = np.dtype(dtype)
        digest = blake2b(self._name, digest_size=n_words * kind.itemsize).digest()
        return np.frombuffer(digest, kind)
