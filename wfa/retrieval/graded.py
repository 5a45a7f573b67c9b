"""Graded retrieval: an image counts by how far it is what was asked for (nDCG@K, mAP@K).

The images that a query may be graded by are few in kind, such as sets of labels: gains are kept
for kinds, so that neither a table of queries and images nor one of pairs is ever made. The search
is exact and goes through the queries in parts. Images of equal score come in the order of rows.
"""

from collections.abc import Hashable, Sequence, Set
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from wfa.errors import ConfigError
from wfa.numbering import distinct
from wfa.retrieval.embeddings import Floats, Integers
from wfa.retrieval.exact_search import ExactIndex
from wfa.retrieval.retrieval_options import check_ks

KS = (10, 100)
_AT_ONCE = 1024
"""Queries that are searched and graded together."""

Reals = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Gains:
    """What each image is worth to each query.

    Attributes:
        kind: (M,) int64, image -> its kind, each kind at least once.
        gains: (G, kinds), in 0 to 1: what an image of a kind is worth to a group of queries.
        group: (Q,) int64, query -> its group.
    """

    kind: Integers
    gains: Reals
    group: Integers


def gains_of_classes(labels: Sequence[Set[Hashable]], classes: Sequence[Hashable]) -> Gains:
    """Return the gains of one query a class: 1 for every image that bears it.

    Args:
        labels: The labels of M images.
        classes: What is asked for.
    """
    kinds, kind = distinct([frozenset(own) for own in labels])
    gains = np.array([[name in own for own in kinds] for name in classes], np.float64)
    gains = gains.reshape(len(classes), len(kinds))
    return Gains(kind, gains, np.arange(len(classes), dtype=np.int64))


def gains_of_labels(labels: Sequence[Set[Hashable]], owner: Integers) -> Gains:
    """Return the gains of queries that each describe one image: how far labels overlap.

    The overlap is |A and B| / |A or B|; two images without labels overlap wholly.

    Args:
        labels: The labels of M images.
        owner: (Q,) query -> the image it describes.
    """
    kinds, kind = distinct([frozenset(own) for own in labels])
    place = {name: number for number, name in enumerate(set().union(*kinds))}
    member = np.zeros((len(kinds), len(place)))
    for row, own in enumerate(kinds):
        member[row, [place[name] for name in own]] = 1.0
    shared = member @ member.T
    either = member.sum(1)[:, None] + member.sum(1) - shared
    gains = np.where(either > 0, shared / np.maximum(either, 1), 1.0)
    return Gains(kind, gains, kind[owner])


def graded_metrics(
    images: Floats, queries: Floats, gains: Gains, ks: Sequence[int] = KS
) -> dict[str, float]:
    """Return nDCG@K and mAP@K of Q queries, means over those that any image answers.

    nDCG@K sums gain / log2(rank + 1) over the first K images and divides by that of the best order
    (Järvelin and Kekäläinen 2002, linear gain). mAP@K takes an image for relevant where its gain is
    above 0: the precision at each relevant one of the first K, summed and divided by
    min(K, relevant images).

    Args:
        images: (M, D) float32, normalised.
        queries: (Q, D) float32, normalised.
        gains: What they are graded by.
        ks: The values of K, each taken once; of a K above M, M is taken.

    Raises:
        ConfigError: A K is below 1, or no query has a relevant image.
        SearchIndexError: The features are of different widths, or not finite.
    """
    check_ks(ks)
    ks = tuple(dict.fromkeys(ks))
    index = ExactIndex(images)
    most = min(max(ks), len(index))
    counts = np.bincount(gains.kind, minlength=gains.gains.shape[1])
    relevant = (gains.gains > 0) @ counts
    best = best_gains(gains.gains, counts, most)
    asked = np.flatnonzero(relevant[gains.group] > 0)
    if not len(asked):
        raise ConfigError("no query has a relevant image: nothing can be graded")
    sums = dict.fromkeys([f"{name}@{k}" for k in ks for name in ("nDCG", "mAP")], 0.0)
    for start in range(0, len(asked), _AT_ONCE):
        part = asked[start : start + _AT_ONCE]
        own = gains.group[part]
        rows = index.search(queries[part], most).rows
        found = gains.gains[own[:, None], gains.kind[rows]]
        for k in ks:
            sums[f"nDCG@{k}"] += _ndcg(found[:, :k], best[own, :k])
            sums[f"mAP@{k}"] += _precision(found[:, :k], relevant[own], k)
    return {name: total / len(asked) for name, total in sums.items()}


def best_gains(gains: Reals, counts: Integers, k: int) -> Reals:
    """Return the k largest gains that images give each group, (G, k), falling.

    Args:
        gains: (G, kinds).
        counts: (kinds,), how many images are of each, at least 1.
        k: At most the number of images.
    """
    order = np.argsort(-gains, axis=1)[:, :k]
    rows = zip(np.take_along_axis(gains, order, axis=1), counts[order], strict=True)
    return np.stack([np.repeat(row, np.minimum(often, k))[:k] for row, often in rows])


def _ndcg(found: Reals, best: Reals) -> float:
    discounts = 1 / np.log2(np.arange(found.shape[1]) + 2)
    return float(((found @ discounts) / (best @ discounts)).sum())


def _precision(found: Reals, relevant: Integers, k: int) -> float:
    hits = found > 0
    precision = hits.cumsum(1) / np.arange(1, hits.shape[1] + 1)
    return float(((precision * hits).sum(1) / np.minimum(relevant, k)).sum())
