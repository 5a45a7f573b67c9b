"""The same pictures and captions kept in four ways: how large, how fast, how good.

| form | what is kept | asked with | right |
|---|---|---|---|
| images | one image vector each | captions | the caption's own image |
| captions | one vector a distinct caption of an image | images | a caption of the image |
| aggregated | one text vector an image: what WFA saves | images | the image's own text |
| max_similarity | as captions; an image scores with its best caption | images | the image's own captions |

The text forms are asked with images, because a caption that stands in the gallery would find
itself. R@K is the strict hit rate; what ties with a wrong answer stands behind it.
"""  # noqa: E501

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

import faiss
import numpy as np

from wfa.retrieval.efficiency.config import Config
from wfa.retrieval.efficiency.timing import batch_rate, cores, latencies
from wfa.retrieval.embeddings import Embeddings, Floats, Integers
from wfa.retrieval.evaluate import evaluate_retrieval
from wfa.retrieval.metrics import KS, hit_rate_at_k
from wfa.retrieval.protocols import IMAGE_TO_TEXT, TEXT_TO_IMAGE

_IMAGES_AT_ONCE = 256


def measure_forms(embeddings: Embeddings, config: Config) -> list[dict[str, Any]]:
    """Measure the gallery forms of one split by exact search.

    Returns:
        One entry a form: `form`, `asked_with`, `vectors`, `vectors_an_image`, `bytes_an_image`
        (float32), `qps`, `latency_ms` on one thread, and R@K under `task`.
    """
    owners, rows = distinct_of_each_image(embeddings)
    rates = _rates(embeddings)
    grouped = max_similarity_ranks(embeddings.images, embeddings.captions[rows], owners)
    width = int(np.bincount(owners).max())
    questions, captions = embeddings.captions[np.unique(rows)], embeddings.captions[rows]
    return [
        _form("images", "captions", embeddings.images, questions, 1,
              rates["single", TEXT_TO_IMAGE], embeddings, config),
        _form("captions", "images", captions, embeddings.images, 1,
              rates["single", IMAGE_TO_TEXT], embeddings, config),
        _form("aggregated", "images", embeddings.aggregated, embeddings.images, 1,
              rates["aggregated", IMAGE_TO_TEXT], embeddings, config),
        _form("max_similarity", "images", captions, embeddings.images, width,
              {f"R@{k}": hit_rate_at_k(grouped, k) for k in KS}, embeddings, config),
    ]  # fmt: skip


def distinct_of_each_image(embeddings: Embeddings) -> tuple[Integers, Integers]:
    """Keep a caption that an image bears twice once.

    Returns:
        (C,) the image of each kept caption, rising, and (C,) its row in `captions`.
    """
    ids = np.unique(embeddings.caption_ids, return_inverse=True)[1]
    key = embeddings.image_index * (ids.max() + 1) + ids
    _, rows = np.unique(key, return_index=True)
    return embeddings.image_index[rows], rows


def max_similarity_ranks(images: Floats, captions: Floats, owners: Integers) -> Integers:
    """Rank each image's own captions among all images', each standing for its best caption.

    Args:
        images: (M, D) float32 queries.
        captions: (C, D) float32, those of an image together.
        owners: (C,) the image of each caption, rising, each of 0..M-1 at least once.

    Returns:
        (M,) rank from 1; an image whose captions tie with another's stands behind it.
    """
    starts = np.searchsorted(owners, np.arange(len(images)))
    ranks = np.empty(len(images), np.int64)
    for start in range(0, len(images), _IMAGES_AT_ONCE):
        block = images[start : start + _IMAGES_AT_ONCE] @ captions.T
        best = np.maximum.reduceat(block, starts, axis=1)
        mine = best[np.arange(len(block)), start + np.arange(len(block))]
        ranks[start : start + len(block)] = np.sum(best >= mine[:, None], axis=1)
    return ranks


class _Grouped:
    """A search for vectors that answers with owners: as many vectors as K owners can have."""

    def __init__(self, index: Any, most: int) -> None:
        self._index, self._most = index, most

    def search(self, queries: Floats, k: int) -> tuple[Floats, Integers]:
        found: tuple[Floats, Integers] = self._index.search(
            queries, min(k * self._most, self._index.ntotal)
        )
        return found


def _form(
    name: str, asked_with: str, vectors: Floats, queries: Floats, most: int,
    rates: Mapping[str, float], embeddings: Embeddings, config: Config,
) -> dict[str, Any]:  # fmt: skip
    index = faiss.IndexFlatIP(vectors.shape[1])
    index.add(np.ascontiguousarray(vectors))
    asked = np.ascontiguousarray(queries[: config.queries])
    k = min(config.k, len(embeddings.images), len(vectors))
    searched = index if most == 1 else _Grouped(index, most)
    rate = batch_rate(searched, asked, k, config.threads or cores(), config.repeats)
    images = len(embeddings.images)
    return {
        "form": name,
        "asked_with": asked_with,
        "vectors": len(vectors),
        "vectors_an_image": len(vectors) / images,
        "bytes_an_image": vectors.nbytes / images,
        "qps": asdict(rate),
        "latency_ms": latencies(searched, asked[: config.singles], k, 1, config.repeats),
        "task": dict(rates),
    }


def _rates(embeddings: Embeddings) -> dict[tuple[str, str], dict[str, float]]:
    rows = evaluate_retrieval(embeddings, "", "", protocols=("strict",)).rows
    rates: dict[tuple[str, str], dict[str, float]] = {}
    for row in rows:
        if not row.oracle and row.metric.startswith("R@"):
            rates.setdefault((row.queries, row.direction), {})[row.metric] = row.value
    return rates
