"""Vectors like given ones, for galleries of any size: draws from a mixture fitted to them."""

import faiss
import numpy as np

from wfa.retrieval.embeddings import Floats

_AT_ONCE = 65_536
_VECTORS_A_COMPONENT = 20
_MOST_COMPONENTS = 256
_SHRINK = 5


def grown(own: Floats, size: int, seed: int = 0) -> Floats:
    """Return (size, D) float32: the (M, D) given vectors, then draws that follow them."""
    vectors = np.empty((size, own.shape[1]), np.float32)
    vectors[: len(own)] = own
    mixture = Mixture(own, seed)
    for block, start in enumerate(range(len(own), size, _AT_ONCE)):
        mixture.draw(vectors[start : start + _AT_ONCE], np.random.default_rng([seed, block]))
    return vectors


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
