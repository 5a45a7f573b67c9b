"""A gallery of vectors behind a FAISS index: built, asked, added to and taken from."""

from collections.abc import Mapping
from typing import Any

import faiss
import numpy as np

from wfa.errors import SearchIndexError
from wfa.retrieval.embeddings import Floats, Integers
from wfa.retrieval.exact_search import Hits, check_vectors
from wfa.search.indexes.factory import (
    EXAMPLES,
    centroids_of,
    new_index,
    reason,
    sample_rows,
    set_parameters,
    train_index,
)
from wfa.search.indexes.training_needs import check_enough

ADDED_AT_ONCE = 65_536


class VectorIndex:
    """A trained index, the recipe it was made by, and the ids that were taken out.

    Attributes:
        faiss_index: FAISS's own index.
        factory: Its factory string.
        rerank: `none`, `fp16` or `fp32`.
        parameters: Search parameters in force.
        removed: Ids that are in the index still, and are left out of every answer.
        mapped: Whether the data lies in a memory-mapped file, and so cannot be changed.
    """

    def __init__(
        self,
        faiss_index: Any,
        factory: str,
        rerank: str = "none",
        parameters: Mapping[str, int] | None = None,
        removed: Integers | None = None,
        mapped: bool = False,
    ) -> None:
        self.faiss_index = faiss_index
        self.factory = factory
        self.rerank = rerank
        self.parameters: dict[str, int] = {}
        self.removed = np.empty(0, np.int64) if removed is None else removed
        self.mapped = mapped
        self.set_parameters(parameters or {})

    def __len__(self) -> int:
        return int(self.faiss_index.ntotal) - len(self.removed)

    @property
    def dimension(self) -> int:
        """Width of the vectors."""
        return int(self.faiss_index.d)

    @property
    def ids(self) -> Integers:
        """(N,) ids that answers may hold, in the order of adding; places where none were given."""
        return np.setdiff1d(self._all_ids(), self.removed, assume_unique=True)

    def set_parameters(self, parameters: Mapping[str, int]) -> None:
        """Set search parameters, as `wfa.search.indexes.factory.set_parameters`."""
        set_parameters(self.faiss_index, parameters)
        self.parameters.update(parameters)

    def search(self, queries: Floats, k: int) -> Hits:
        """Find the best k vectors of each query by inner product.

        Args:
            queries: (Q, D) float32.
            k: At least 1 and at most the size of the gallery.

        Returns:
            Ids and scores (exact ones with re-ranking, the codes' own otherwise), best first. An
            index that probes few lists may find fewer than k: id -1, score -inf.

        Raises:
            SearchIndexError: `k` is out of range, or the queries do not fit or are not finite.
        """
        check_vectors("the queries", queries)
        self._check_width("the queries", queries)
        if not 1 <= k <= len(self):
            raise SearchIndexError(
                f"k={k} must be from 1 to the size of the gallery, {len(self)}: ask for fewer"
            )
        queries = np.ascontiguousarray(queries)
        # Removed vectors may stand before the others: ask for more until enough of the rest came.
        asked = k if not self.removed.size else 2 * k
        while True:
            asked = min(asked, int(self.faiss_index.ntotal))
            scores, ids = self.faiss_index.search(queries, asked)
            gone = np.isin(ids, self.removed) if self.removed.size else None
            if gone is None:
                return Hits(ids, scores)
            found = np.sum(~gone, axis=1)
            if asked == self.faiss_index.ntotal or (len(found) == 0 or found.min() >= k):
                order = np.argsort(gone, axis=1, kind="stable")[:, :k]
                return Hits(
                    np.take_along_axis(ids, order, axis=1),
                    np.take_along_axis(scores, order, axis=1),
                )
            asked *= 2

    def add(self, vectors: Floats, ids: Integers | None = None) -> None:
        """Add vectors; nothing is trained again.

        Args:
            vectors: (N, D) float32.
            ids: (N,) int64, for an index with ids and only for one; never used before, not even by
                a vector that was removed.

        Raises:
            SearchIndexError: The vectors do not fit or are not finite, an id is taken, or the
                index is memory-mapped.
        """
        check_vectors("the vectors", vectors)
        self._check_width("the vectors", vectors)
        self._check_writable()
        if (ids is not None) != self.has_ids:
            need = "needs" if self.has_ids else "was built without"
            raise SearchIndexError(f"this index {need} ids: give them always or never")
        if ids is not None:
            self._check_new(vectors, ids)
        for start in range(0, len(vectors), ADDED_AT_ONCE):
            part = np.ascontiguousarray(vectors[start : start + ADDED_AT_ONCE])
            if ids is None:
                self.faiss_index.add(part)
            else:
                self.faiss_index.add_with_ids(part, ids[start : start + ADDED_AT_ONCE])

    def remove(self, ids: Integers) -> None:
        """Take vectors out of all answers from now on.

        Where FAISS can drop rows (flat codes with ids) they are dropped. Elsewhere they keep their
        place until the index is built anew, and are left out: FAISS has no removal for HNSW and
        re-ranking, and its removal by id gives wrong ids for inverted lists behind `IDMap`.

        Args:
            ids: (R,) int64.

        Raises:
            SearchIndexError: An id is not in the index, or the index is memory-mapped.
        """
        self._check_writable()
        missing = np.setdiff1d(ids, self.ids)
        if missing.size:
            raise SearchIndexError(f"id {missing[0]} is not in the index, so it cannot be removed")
        if self.has_ids and isinstance(
            faiss.downcast_index(self.faiss_index.index), faiss.IndexFlatCodes
        ):
            self.faiss_index.remove_ids(np.unique(ids))
        else:
            self.removed = np.union1d(self.removed, ids)

    @property
    def has_ids(self) -> bool:
        """Whether vectors are known by the caller's ids."""
        return isinstance(self.faiss_index, faiss.IndexIDMap)

    def _all_ids(self) -> Integers:
        if not self.has_ids:
            return np.arange(self.faiss_index.ntotal)
        return np.asarray(faiss.vector_to_array(self.faiss_index.id_map), np.int64)

    def _check_new(self, vectors: Floats, ids: Integers) -> None:
        if ids.shape != (len(vectors),) or ids.dtype != np.int64 or (ids < 0).any():
            raise SearchIndexError(
                f"{len(vectors)} vectors need as many int64 ids from 0, found {ids.dtype} of shape "
                f"{ids.shape}"
            )
        taken = np.intersect1d(ids, self._all_ids())
        if taken.size or len(np.unique(ids)) < len(ids):
            raise SearchIndexError(
                f"ids are used once: {taken[0]} is taken" if taken.size else "an id stands twice"
            )

    def _check_width(self, what: str, vectors: Floats) -> None:
        if vectors.shape[1] != self.dimension:
            raise SearchIndexError(
                f"{what} are {vectors.shape[1]} wide and the index {self.dimension}: they come "
                "from different models"
            )

    def _check_writable(self) -> None:
        if self.mapped:
            raise SearchIndexError(
                "a memory-mapped index cannot be changed: load it with memory_map=False"
            )


def build_index(
    factory: str,
    vectors: Floats,
    *,
    rerank: str = "none",
    ids: Integers | None = None,
    training: Floats | None = None,
    seed: int = 0,
) -> VectorIndex:
    """Train an index and add vectors to it.

    Args:
        factory: A FAISS factory string without `IDMap` and `Refine`.
        vectors: (N, D) float32; the index compares by inner product.
        rerank: `none`, `fp16` or `fp32`: what the best candidates are scored again with.
        ids: (N,) int64 ids of the caller's; None means places, 0..N-1.
        training: (T, D) float32 to train on; a random sample of `vectors` unless given.
        seed: Of that sample.

    Raises:
        SearchIndexError: The string is not known, there are too few training points, or the
            vectors are empty, do not fit or are not finite.
    """
    check_vectors("the vectors", vectors)
    if vectors.size == 0:
        raise SearchIndexError("there are no vectors: nothing to build an index from")
    index = new_index(factory, vectors.shape[1], rerank, with_ids=ids is not None)
    if training is None:
        training = vectors[sample_rows(len(vectors), centroids_of(index), seed)]
    check_vectors("the training points", training)
    check_enough(index, len(training))
    train_index(index, training)
    built = VectorIndex(index, factory, rerank)
    try:
        built.add(vectors, ids)
        built.search(vectors[:1], 1)  # no index that cannot be searched is ever written
    except (RuntimeError, MemoryError) as error:
        raise SearchIndexError(
            f"the index {factory!r} cannot hold these {len(vectors)} vectors ({reason(error)}): "
            f"give more, or another factory string, such as {EXAMPLES}"
        ) from error
    return built
