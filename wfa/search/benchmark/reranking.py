"""What ranking again by all captions brings, and what it costs: each image found by its captions.

| way | ranks by |
|---|---|
| aggregated | one vector, the captions aggregated as the run was trained |
| aggregated, then mean | its best `CANDIDATES`, by the mean of the captions' similarities |
| aggregated, then max_similarity | its best `CANDIDATES`, by the best of them |
| max_similarity | all images, by the best of the captions' similarities |

Right is the image that the captions were written for; what ties with a wrong one stands behind it,
and an image that is not on the short list is not found. Encoding is not timed: it is the same.
"""

from typing import Any

import faiss
import numpy as np

from wfa.retrieval.embeddings import Embeddings, Floats, Integers
from wfa.retrieval.metrics import KS, hit_rate_at_k
from wfa.search.benchmark.benchmark_options import Config
from wfa.search.benchmark.held_out import name_keys
from wfa.search.benchmark.timing import latencies
from wfa.search.caption_scores import CANDIDATES, caption_scores

_WAYS = (
    ("aggregated", True, "none"),
    ("aggregated, then mean", True, "mean"),
    ("aggregated, then max_similarity", True, "max_similarity"),
    ("max_similarity", False, "max_similarity"),
)
"""Name, whether the aggregated vector makes a short list, and what ranks."""
_MISSED = np.iinfo(np.int64).max


def measure_reranking(embeddings: Embeddings, config: Config) -> list[dict[str, Any]]:
    """Measure the ways on the images of one split that have several captions.

    Args:
        embeddings: The split.
        config: How many are asked, drawn by name, and how often they are timed.

    Returns:
        One entry a way: `way`, `queries`, `captions` a query, `candidates`, strict R@K under
        `task`, and `latency_ms` on one thread. Empty where no image has two captions.
    """
    counts = np.bincount(embeddings.image_index, minlength=len(embeddings.images))
    several = np.flatnonzero(counts > 1)
    keys = name_keys(embeddings.image_names, config.seed)[several]
    asked = np.sort(several[np.argsort(keys, kind="stable")[: config.queries]])
    if not len(asked):
        return []
    return [
        _measured(_Way(embeddings, listed, how), name, asked, float(counts[asked].mean()), config)
        for name, listed, how in _WAYS
    ]


class _Way:
    """A search that is asked by the places of images, (Q, 1), whose captions are the query."""

    def __init__(self, embeddings: Embeddings, listed: bool, how: str) -> None:
        self._index = faiss.IndexFlatIP(embeddings.images.shape[1])
        self._index.add(embeddings.images)
        self._how, self._images, self._queries = how, embeddings.images, embeddings.aggregated
        order = np.argsort(embeddings.image_index, kind="stable")
        starts = np.searchsorted(embeddings.image_index[order], np.arange(len(self._images) + 1))
        self._captions = embeddings.captions[order]
        self._starts = starts
        self.listed = min(CANDIDATES, len(self._images)) if listed else len(self._images)

    def search(self, places: Floats, k: int) -> tuple[Floats, Integers]:
        """Return the scores (Q, C) and rows (Q, C) of each short list, best first; k is unused."""
        del k
        asked = places[:, 0].astype(np.int64)
        everything = np.arange(len(self._images))
        scores, rows = [], []
        for place in asked.tolist():
            own, found = np.empty(0, np.float32), everything
            if self._how == "none" or self.listed < len(self._images):
                query = self._queries[place : place + 1]
                near, nearest = self._index.search(query, self.listed)
                own, found = near[0], nearest[0]
            if self._how != "none":
                captions = self._captions[self._starts[place] : self._starts[place + 1]]
                own = caption_scores(captions, self._images[found], self._how)
            order = np.argsort(-own, kind="stable")
            scores.append(own[order])
            rows.append(found[order])
        return np.stack(scores), np.stack(rows)


def _measured(
    way: _Way, name: str, asked: Integers, captions: float, config: Config
) -> dict[str, Any]:
    places = asked.astype(np.float32)[:, None]
    scores, rows = way.search(places, config.k)
    right = rows == asked[:, None]
    own = np.where(right, scores, -np.inf).max(axis=1, keepdims=True)
    ranks = np.where(right.any(axis=1), np.sum(scores >= own, axis=1), _MISSED)
    return {
        "way": name,
        "queries": len(asked),
        "captions": captions,
        "candidates": way.listed,
        "task": {f"R@{k}": hit_rate_at_k(ranks, k) for k in KS},
        "latency_ms": latencies(way, places[: config.singles], config.k, 1, config.repeats),
    }
