"""Are the answers right: against exact search, and for the task."""

from dataclasses import dataclass

import faiss
import numpy as np

from wfa.retrieval.counts import pair_scores
from wfa.retrieval.embeddings import Floats, Integers
from wfa.retrieval.metrics import hit_rate_at_k
from wfa.retrieval.relevance import Texts

_GALLERY_AT_ONCE = 131_072
_MISSING = -1


@dataclass(frozen=True, eq=False)
class Task:
    """Real text queries and the image that each was written for.

    Attributes:
        queries: (U, D) float32 distinct query vectors.
        row: (N,) item -> row of `queries`.
        image: (N,) item -> row of its image in the gallery.
    """

    queries: Floats
    row: Integers
    image: Integers


def task_of(texts: Texts, most: int, seed: int = 0) -> Task:
    """Take the queries of a split; at most `most` distinct ones, drawn, with all their items."""
    kept = np.arange(len(texts.features))
    if len(kept) > most:
        kept = np.sort(np.random.default_rng(seed).choice(kept, most, replace=False))
    place = np.full(len(texts.features), _MISSING)
    place[kept] = np.arange(len(kept))
    items = np.flatnonzero(place[texts.row] != _MISSING)
    return Task(
        np.ascontiguousarray(texts.features[kept]), place[texts.row[items]], texts.image[items]
    )


def exact_thresholds(queries: Floats, gallery: Floats, k: int) -> Floats:
    """Return the score of the k-th best vector of each query, by exact search.

    The gallery is read in blocks and never copied whole.

    Args:
        queries: (Q, D) float32.
        gallery: (G, D) float32, G at least k.
        k: At least 1.

    Returns:
        (Q,) float32, as `wfa.retrieval.counts.pair_scores` defines a score.
    """
    best_scores = np.empty((len(queries), 0), np.float32)
    best_rows = np.empty((len(queries), 0), np.int64)
    for start in range(0, len(gallery), _GALLERY_AT_ONCE):
        block = np.ascontiguousarray(gallery[start : start + _GALLERY_AT_ONCE])
        # Two more than asked: what rounding swaps at the edge of a block is decided below.
        wanted = min(k + 2, len(block))
        scores, rows = faiss.knn(queries, block, wanted, faiss.METRIC_INNER_PRODUCT)
        best_scores = np.concatenate([best_scores, scores], axis=1)
        best_rows = np.concatenate([best_rows, rows + start], axis=1)
        order = np.argsort(-best_scores, axis=1, kind="stable")[:, : k + 2]
        best_scores = np.take_along_axis(best_scores, order, axis=1)
        best_rows = np.take_along_axis(best_rows, order, axis=1)
    exact = _scores(queries, gallery, best_rows)
    return np.asarray(-np.sort(-exact, axis=1)[:, k - 1])


def ann_recall(found: Integers, queries: Floats, gallery: Floats, thresholds: Floats) -> float:
    """Return ANN recall@k: the share of answers that exact search could have given as well.

    Ties are compared by score: a found vector counts when its exact score reaches that of the
    k-th best, whichever of several equal vectors exact search happened to return.

    Args:
        found: (Q, k) rows of the gallery, -1 where nothing was found.
        queries: (Q, D) float32.
        gallery: (G, D) float32.
        thresholds: (Q,) from `exact_thresholds`.
    """
    reached = _scores(queries, gallery, found) >= thresholds[:, None]
    return float(np.mean(reached & (found != _MISSING)))


def task_rates(
    task: Task, found: Integers, scores: Floats, ks: tuple[int, ...]
) -> dict[str, float]:
    """Return strict text-to-image R@K of an index's answers, in the index's own scores.

    A right image that ties with wrong ones stands behind them, as everywhere in this toolkit.

    Args:
        task: U distinct queries with their N items.
        found: (U, k) rows of the gallery, -1 where nothing was found.
        scores: (U, k) scores that the index gave them.
        ks: Each at most k.
    """
    right = found[task.row] == task.image[:, None]
    own = np.where(right, scores[task.row], -np.inf).max(axis=1)
    ranks = np.sum(scores[task.row] >= own[:, None], axis=1)
    ranks[~right.any(axis=1)] = np.iinfo(np.int64).max
    return {f"R@{k}": hit_rate_at_k(ranks, k) for k in ks}


def _scores(queries: Floats, gallery: Floats, rows: Integers) -> Floats:
    """Score (Q, k) rows of the gallery; missing ones get the score of row 0."""
    of = np.repeat(np.arange(len(queries)), rows.shape[1])
    flat = pair_scores(gallery, queries, np.maximum(rows.ravel(), 0), of)
    return flat.reshape(rows.shape)
