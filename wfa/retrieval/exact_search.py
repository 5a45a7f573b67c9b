"""Exact nearest neighbours by inner product, for galleries and for `wfa search`."""

from dataclasses import dataclass

import faiss
import numpy as np

from wfa.errors import SearchIndexError
from wfa.retrieval.embeddings import Floats, Integers

QUERIES_AT_ONCE = 4096

# From this many numbers in the queries on (from 4 queries of 512), FAISS scores by a BLAS product.
# Its own 128,000 (of version 1.15; before, a number of queries) makes 4 to 249 queries up to six
# times slower. The value holds for the whole process: FAISS has no other.
faiss.cvar.distance_compute_blas_threshold = min(faiss.cvar.distance_compute_blas_threshold, 2048)


@dataclass(frozen=True, eq=False)
class Hits:
    """The best k gallery rows for each of Q queries.

    Attributes:
        rows: (Q, k) int64, best first.
        scores: (Q, k) float32 inner products, falling.
    """

    rows: Integers
    scores: Floats


class ExactIndex:
    """A gallery of features that is searched through completely (FAISS `IndexFlatIP`)."""

    def __init__(self, gallery: Floats) -> None:
        """Copy the gallery into an index.

        Args:
            gallery: (M, D) float32.

        Raises:
            SearchIndexError: The gallery is empty, of another shape or type, or not finite.
        """
        check_vectors("the gallery", gallery)
        if gallery.size == 0:
            raise SearchIndexError("the gallery is empty: there is nothing to search")
        self._index = faiss.IndexFlatIP(gallery.shape[1])
        self._index.add(np.ascontiguousarray(gallery))

    def __len__(self) -> int:
        return int(self._index.ntotal)

    def search(self, queries: Floats, k: int, chunk: int = QUERIES_AT_ONCE) -> Hits:
        """Find the rows of the gallery with the highest inner products.

        Rows whose float32 scores are equal come in the order of their numbers; which of them are
        left out where the k-th and the next score are equal is FAISS's choice. Metrics never rest
        on this order: they are counted (`wfa.retrieval.counts`).

        Args:
            queries: (Q, D) float32.
            k: How many rows; all of them where the gallery has fewer.
            chunk: Queries searched at once; bounds the memory beyond the answer's own.

        Raises:
            SearchIndexError: `k` or `chunk` is below 1, or the queries are of another width than
                the gallery or not finite.
        """
        check_vectors("the queries", queries)
        if queries.shape[1] != self._index.d:
            raise SearchIndexError(
                f"the queries are {queries.shape[1]} wide and the gallery {self._index.d}: they "
                "come from different models"
            )
        if k < 1 or chunk < 1:
            raise SearchIndexError(f"k={k} and chunk={chunk} must both be at least 1")
        k = min(k, len(self))
        rows = np.empty((len(queries), k), np.int64)
        scores = np.empty((len(queries), k), np.float32)
        for start in range(0, len(queries), chunk):
            part = np.ascontiguousarray(queries[start : start + chunk])
            found, place = self._index.search(part, k)
            order = np.lexsort((place, -found), axis=1)
            rows[start : start + chunk] = np.take_along_axis(place, order, axis=1)
            scores[start : start + chunk] = np.take_along_axis(found, order, axis=1)
        return Hits(rows, scores)


def check_vectors(what: str, features: Floats) -> None:
    """Refuse what is no table of finite float32 vectors.

    Raises:
        SearchIndexError: The shape, the type or a value is wrong; the message names `what`.
    """
    if features.ndim != 2 or features.dtype != np.float32:
        raise SearchIndexError(
            f"{what}: wanted a 2-d float32 array, found {features.dtype} of shape {features.shape}"
        )
    broken = np.flatnonzero(~np.isfinite(np.einsum("nd,nd->n", features, features)))
    if broken.size:
        raise SearchIndexError(
            f"{what}: NaN or infinite values in {len(broken)} rows, the first is row {broken[0]}; "
            "embed them again with a model whose training did not diverge"
        )
