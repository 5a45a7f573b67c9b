"""Galleries of any size: real vectors first, then mixtures of them."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from wfa.retrieval.embeddings import Floats

_AT_ONCE = 65_536
_SHARE = 0.5
"""How far a draw lies from the real vector that it starts at, in differences of two others."""


@dataclass(frozen=True, eq=False)
class Gallery:
    """Vectors to search, those that are asked for first.

    Attributes:
        vectors: (G, D) float32, normalised.
        makeup: (what, how many) in the order of the rows; what is drawn is called synthetic.
    """

    vectors: Floats
    makeup: tuple[tuple[str, int], ...]


def grow(
    own: Floats, others: Sequence[tuple[str, Floats]], size: int, seed: int = 0,
    out: Floats | None = None,
) -> Gallery:  # fmt: skip
    """Fill a gallery up to `size` vectors.

    What is drawn is a real vector moved by the difference of two others and put on the sphere: it
    spreads in the directions in which the real ones do and blurs their clusters. So it says how
    fast an index is at that size, and little of its recall on as many real images.

    Args:
        own: (M, D) float32, all of them taken and put first.
        others: (name, real vectors), taken in this order while there is room.
        size: Vectors wanted; at least M are given.
        seed: Of the draws.
        out: (max(size, M), D) float32 to fill, such as a memory map; made unless given.

    Returns:
        The gallery; draws are called `synthetic (mixture)`.
    """
    size = max(size, len(own))
    vectors = np.empty((size, own.shape[1]), np.float32) if out is None else out
    makeup = []
    real = 0
    for name, given in (("own images", own), *others):
        taken = min(len(given), size - real)
        vectors[real : real + taken] = given[:taken]
        real += taken
        if taken:
            makeup.append((name, taken))
    if real < size:
        makeup.append(("synthetic (mixture)", size - real))
        # Each block has its own generator: a larger gallery begins with the smaller one's draws.
        for block, start in enumerate(range(real, size, _AT_ONCE)):
            drawn = vectors[start : start + _AT_ONCE]
            rows = np.random.default_rng([seed, block]).integers(0, real, (3, len(drawn)))
            drawn[:] = vectors[rows[0]] + _SHARE * (vectors[rows[1]] - vectors[rows[2]])
            drawn /= np.maximum(np.linalg.norm(drawn, axis=1, keepdims=True), np.float32(1e-12))
    return Gallery(vectors, tuple(makeup))
