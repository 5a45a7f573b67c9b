"""Galleries of any size: real vectors first, then draws from a mixture fitted to them."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import faiss
import numpy as np

from wfa.retrieval.embeddings import Floats

_AT_ONCE = 65_536
_VECTORS_A_COMPONENT = 20
_MOST_COMPONENTS = 256
_SHRINK = 5


@dataclass(frozen=True, eq=False)
class Gallery:
    """Vectors to search, those that are asked for first.

    Attributes:
        vectors: (G, D) float32, normalised.
        makeup: (what, how many) in the order of the rows; draws are called synthetic.
    """

    vectors: Floats
    makeup: tuple[tuple[str, int], ...]


class Mixture:
    """Gaussians around the centres of real vectors, put on the sphere.

    The centres are those of k-means, about one for 20 vectors. All share the covariance of the
    vectors around their centres, scaled for each by how far its own vectors spread (shrunk to the
    mean, as few vectors say little). Draws follow the clusters, their shares and the directions in
    which they spread, and nothing finer.
    """

    def __init__(self, vectors: Floats, seed: int = 0) -> None:
        """Fit the mixture to (M, D) normalised float32 vectors, M at least 1."""
        count, width = vectors.shape
        components = max(1, min(count // _VECTORS_A_COMPONENT, _MOST_COMPONENTS))
        means = faiss.Kmeans(
            width, components, niter=10, seed=seed + 1, min_points_per_centroid=1,
            max_points_per_centroid=count,
        )  # fmt: skip
        means.train(np.ascontiguousarray(vectors))
        nearest = means.index.search(np.ascontiguousarray(vectors), 1)[1][:, 0]
        self._centres = np.asarray(means.centroids, np.float32)
        sizes = np.bincount(nearest, minlength=components)
        self._weights = sizes / count
        around = vectors - self._centres[nearest]
        covariance = around.T.astype(np.float64) @ around / max(count - components, 1)
        values, directions = np.linalg.eigh(covariance)
        self._spread = (directions * np.sqrt(np.maximum(values, 0))).T.astype(np.float32)
        energy = np.einsum("nd,nd->n", around, around)
        own = np.bincount(nearest, energy, minlength=components)
        mean = max(float(energy.mean()), 1e-12)
        scale = np.sqrt((own + _SHRINK * mean) / (sizes + _SHRINK) / mean)
        self._scale = scale.astype(np.float32)

    def draw(self, out: Floats, rng: np.random.Generator) -> None:
        """Fill (N, D) `out` with normalised draws."""
        chosen = rng.choice(len(self._centres), len(out), p=self._weights)
        noise = rng.standard_normal(out.shape, dtype=np.float32)
        np.matmul(noise, self._spread, out=out)
        out *= self._scale[chosen, None]
        out += self._centres[chosen]
        out /= np.maximum(np.linalg.norm(out, axis=1, keepdims=True), np.float32(1e-12))


def grow(
    own: Floats, others: Sequence[tuple[str, Floats]], size: int, seed: int = 0,
    out: Floats | None = None,
) -> Gallery:  # fmt: skip
    """Fill a gallery up to `size` vectors.

    Args:
        own: (M, D) float32, all of them taken and put first.
        others: (name, real vectors), taken in this order while there is room.
        size: Vectors wanted; at least M are given.
        seed: Of the draws.
        out: (max(size, M), D) float32 to fill, such as a memory map; made unless given.

    Returns:
        The gallery; what is drawn follows `own` and `others` together and is called
        `synthetic (mixture)`.
    """
    size = max(size, len(own))
    vectors = np.empty((size, own.shape[1]), np.float32) if out is None else out
    makeup = []
    place = 0
    for name, real in (("own images", own), *others):
        taken = min(len(real), size - place)
        vectors[place : place + taken] = real[:taken]
        place += taken
        if taken:
            makeup.append((name, taken))
    if place < size:
        mixture = Mixture(np.concatenate([own, *(real for _, real in others)]), seed)
        makeup.append(("synthetic (mixture)", size - place))
        # Each block has its own generator: a larger gallery begins with the smaller one's draws.
        for block in range(math.ceil((size - place) / _AT_ONCE)):
            start = place + block * _AT_ONCE
            mixture.draw(vectors[start : start + _AT_ONCE], np.random.default_rng([seed, block]))
    return Gallery(vectors, tuple(makeup))
