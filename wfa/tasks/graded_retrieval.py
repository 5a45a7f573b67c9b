"""Graded retrieval: images that share labels with the wanted one count in part (nDCG@K)."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from numpy.typing import NDArray

from wfa.bigearthnet.archives import METADATA
from wfa.numbering import distinct
from wfa.retrieval.embeddings import Embeddings, Floats, Integers
from wfa.retrieval.exact_search import ExactIndex

K = 10


def label_sets(folder: Path, patch_ids: Sequence[str]) -> list[frozenset[str]] | None:
    """Return the land-cover labels of patches from the metadata of BigEarthNet v2.

    Returns:
        One set each patch; None where the metadata are not there or lack a patch.
    """
    found: dict[str, frozenset[str]] = {}
    for path in (folder / name for name in METADATA):
        if path.is_file() and {"patch_id", "labels"} <= set(pq.read_schema(path).names):
            table = pq.read_table(path, columns=["patch_id", "labels"])
            own = table.filter(pc.is_in(table["patch_id"].cast(pa.string()), pa.array(patch_ids)))
            rows = zip(own["patch_id"].to_pylist(), own["labels"].to_pylist(), strict=True)
            found.update({patch: frozenset(labels) for patch, labels in rows})
    if not set(patch_ids) <= found.keys():
        return None
    return [found[patch] for patch in patch_ids]


def graded_text_to_image(
    embeddings: Embeddings, labels: Sequence[frozenset[str]], k: int = K
) -> Mapping[str, float]:
    """Return nDCG@k of text-to-image retrieval for both kinds of query, 0 to 1.

    The gain of an image is the overlap of its labels with those of the query's own image,
    |A and B| / |A or B|; DCG sums gain / log2(rank + 1) over the first k images (Järvelin and
    Kekäläinen 2002, linear gain), divided by that of the best possible order.

    Args:
        embeddings: M images and their texts.
        labels: The label set of each image.
        k: How many images count.
    """
    kinds, kind = distinct(labels)
    gains = _overlaps(kinds)  # between sets, of which there are far fewer than images
    index = ExactIndex(embeddings.images)
    k = min(k, len(index))
    discounts = 1 / np.log2(np.arange(k) + 2)
    best = _best(gains, np.bincount(kind), k) @ discounts
    queries = {
        "single": (embeddings.captions, embeddings.image_index),
        "aggregated": (embeddings.aggregated, np.arange(len(labels))),
    }
    return {
        name: _mean(index, features, kind, own, gains, best, discounts)
        for name, (features, own) in queries.items()
    }


def _mean(
    index: ExactIndex, queries: Floats, kind: Integers, own: Integers, gains: NDArray[np.float64],
    best: NDArray[np.float64], discounts: NDArray[np.float64],
) -> float:  # fmt: skip
    hits = index.search(queries, len(discounts))
    reached = gains[kind[own][:, None], kind[hits.rows]] @ discounts
    return float((reached / best[kind[own]]).mean())


def _best(gains: NDArray[np.float64], counts: Integers, k: int) -> NDArray[np.float64]:
    """Return the k largest gains that images give each set, (sets, k), falling.

    Args:
        gains: (sets, sets), of an image of one for a query of the other.
        counts: (sets,), how many images have each, at least 1.
        k: At most the number of images.
    """
    order = np.argsort(-gains, axis=1)[:, :k]
    rows = zip(np.take_along_axis(gains, order, axis=1), counts[order], strict=True)
    return np.stack([np.repeat(row, np.minimum(often, k))[:k] for row, often in rows])


def _overlaps(kinds: Sequence[frozenset[str]]) -> NDArray[np.float64]:
    """Return the overlap of all pairs of sets; two empty sets are equal."""
    names = sorted(set().union(*kinds))
    member = np.array([[name in own for name in names] for own in kinds], np.float64)
    member = member.reshape(len(kinds), len(names))
    shared = member @ member.T
    either = member.sum(1)[:, None] + member.sum(1) - shared
    return np.where(either > 0, shared / np.maximum(either, 1), 1.0)
