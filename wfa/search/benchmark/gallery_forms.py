"""The same pictures and captions kept in four ways: how large, how fast, how good.

| form | what is kept | right |
|---|---|---|
| images | one image vector each | the own image |
| captions | one vector a distinct caption of an image | any caption of the own image |
| aggregated | one text vector an image: what WFA saves | the own image's text |
| max_similarity | as captions; an image scores with its best caption | the own image |

All are asked with captions that none of them holds: one caption of each image stays out of the
text forms (`wfa.search.benchmark.held_out`), the aggregated vectors are made without it too.
An image with one distinct caption keeps it and is not asked for. The text forms are asked with
images as well. R@K is the hit rate under `strict` (the own image) and, for captions, under
`duplicate_aware` (every image that bears the asked caption); what ties with a wrong answer stands
behind it.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

import faiss
import numpy as np
import numpy.typing as npt

from wfa.provenance import cores
from wfa.retrieval.counts import score_matrix
from wfa.retrieval.embeddings import Embeddings, Floats, Integers
from wfa.retrieval.metrics import KS, hit_rate_at_k
from wfa.search.benchmark.benchmark_options import Config
from wfa.search.benchmark.held_out import (
    HeldOut,
    distinct_of_each_image,
    hold_out,
    name_keys,
)
from wfa.search.benchmark.timing import batch_rate, latencies

_SCORES_AT_ONCE = 2**25
"""Scores of queries against vectors that are in memory together: 128 MiB."""

Values = dict[str, Any]
Marks = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Aggregator:
    """What makes one text vector of an image's captions.

    Attributes:
        name: The technique's.
        vectors: Makes (M, D) float32 of (K,) rows of the captions, rising, some of each image.
    """

    name: str
    vectors: Callable[[Integers], Floats]


@dataclass(frozen=True, eq=False)
class Form:
    """A gallery.

    Attributes:
        name: What the table calls it.
        vectors: (G, D) float32.
        owners: (G,) the image of each vector, rising, each of 0..M-1 at least once.
        grouped: Whether an image answers once, with its best vector.
    """

    name: str
    vectors: Floats
    owners: Integers
    grouped: bool = False


class Questions(NamedTuple):
    """Q queries of one kind.

    Attributes:
        kind: `captions` or `images`.
        features: (Q, D) float32.
        right: Name of the rates -> (Q, M) which images are right, at least one each.
    """

    kind: str
    features: Floats
    right: Mapping[str, Marks]


def measure_forms(
    embeddings: Embeddings, config: Config, aggregator: Aggregator | None = None
) -> tuple[list[Values], Values]:
    """Measure the gallery forms of one split by exact search.

    Args:
        embeddings: The split.
        config: What is measured; at most `queries` captions and images are asked, drawn by name.
        aggregator: Makes text vectors of the captions that are left; their mean unless given.

    Returns:
        One entry a form and kind of query: `form`, `asked_with`, `queries`, `vectors`,
        `vectors_an_image`, `bytes_an_image` (float32), `qps`, `latency_ms` on one thread, strict
        R@K under `task`, and for captions under `duplicate_aware` too. And what was held out:
        `asked`, `held_out`, `single` images without a second caption, `verbatim` asked captions
        that another image of the gallery bears, `aggregated_by`.
    """
    aggregator = aggregator or mean_of_captions(embeddings)
    held = hold_out(embeddings, config.seed)
    keys = name_keys(embeddings.image_names, config.seed)
    asked = _drawn(keys[held.images], config.queries)
    captions = _captions(embeddings, held.rows[asked], held.images[asked])
    images = _images(embeddings, _drawn(keys, config.queries))
    found = [
        _measured(form, questions, embeddings, config)
        for form in _forms(embeddings, held, aggregator)
        for questions in (captions, images)
        if len(questions.features) and not form.name == questions.kind == "images"
    ]
    ids = embeddings.caption_ids
    facts = {
        "asked": len(asked),
        "held_out": len(held.rows),
        "single": held.single,
        "verbatim": int(np.isin(ids[held.rows[asked]], ids[held.kept]).sum()),
        "aggregated_by": aggregator.name,
    }
    return found, facts


def mean_of_captions(embeddings: Embeddings) -> Aggregator:
    """Make the normalised mean of an image's captions."""

    def vectors(rows: Integers) -> Floats:
        total = np.zeros_like(embeddings.images, dtype=np.float64)
        np.add.at(total, embeddings.image_index[rows], embeddings.captions[rows])
        length = np.linalg.norm(total, axis=1, keepdims=True)
        return np.asarray(total / np.maximum(length, 1e-12), np.float32)

    return Aggregator("mean", vectors)


def ranks(form: Form, queries: Floats, right: Marks) -> Integers:
    """Rank the best right answer of each query; wrong ones that tie stand before it.

    Args:
        form: The gallery, of M images.
        queries: (Q, D) float32.
        right: (Q, M) which images are right, at least one each.

    Returns:
        (Q,) from 1. A form that is not grouped counts vectors, all of a right image being right.
    """
    starts = np.unique(form.owners, return_index=True)[1]
    found = np.empty(len(queries), np.int64)
    step = max(1, _SCORES_AT_ONCE // len(form.vectors))
    for start in range(0, len(queries), step):
        part = slice(start, min(start + step, len(queries)))
        scores, good = score_matrix(queries[part], form.vectors), right[part]
        if form.grouped:
            scores = np.maximum.reduceat(scores, starts, axis=1)
        else:
            good = good[:, form.owners]
        best = np.where(good, scores, -np.inf).max(axis=1, keepdims=True)
        found[part] = 1 + np.sum((scores >= best) & ~good, axis=1)
    return found


def _drawn(keys: npt.NDArray[np.uint64], most: int) -> Integers:
    """Take the places of the smallest keys, in the order of their places."""
    return np.sort(np.argsort(keys, kind="stable")[:most])


def _forms(embeddings: Embeddings, held: HeldOut, aggregator: Aggregator) -> Iterator[Form]:
    one_each = np.arange(len(embeddings.images))
    owners, rows = distinct_of_each_image(embeddings)
    left = np.isin(rows, held.kept)
    captions = embeddings.captions[rows[left]]
    yield Form("images", embeddings.images, one_each)
    yield Form("captions", captions, owners[left])
    yield Form("aggregated", aggregator.vectors(held.kept), one_each)
    yield Form("max_similarity", captions, owners[left], grouped=True)


def _captions(embeddings: Embeddings, rows: Integers, images: Integers) -> Questions:
    """Ask with some rows of the captions, each of the image beside it."""
    bearing = np.zeros((len(rows), len(embeddings.images)), np.bool_)
    for place, caption in enumerate(embeddings.caption_ids[rows]):
        bearing[place, embeddings.image_index[embeddings.caption_ids == caption]] = True
    right = {"task": _own(images, embeddings), "duplicate_aware": bearing}
    return Questions("captions", embeddings.captions[rows], right)


def _images(embeddings: Embeddings, rows: Integers) -> Questions:
    return Questions("images", embeddings.images[rows], {"task": _own(rows, embeddings)})


def _own(rows: Integers, embeddings: Embeddings) -> Marks:
    """Mark the own image of each query."""
    return np.asarray(rows[:, None] == np.arange(len(embeddings.images)))


class _Grouped:
    """A search for as many vectors as K owners can have; to sort them by owner is not timed."""

    def __init__(self, index: Any, most: int) -> None:
        self._index, self._most = index, most

    def search(self, queries: Floats, k: int) -> tuple[Floats, Integers]:
        found: tuple[Floats, Integers] = self._index.search(
            queries, min(k * self._most, self._index.ntotal)
        )
        return found


def _measured(form: Form, asked: Questions, embeddings: Embeddings, config: Config) -> Values:
    images, vectors = len(embeddings.images), np.ascontiguousarray(form.vectors)
    index = faiss.IndexFlatIP(vectors.shape[1])
    index.add(vectors)
    searched = _Grouped(index, int(np.bincount(form.owners).max())) if form.grouped else index
    k = min(config.k, images)
    rate = batch_rate(searched, asked.features, k, config.threads or cores(), config.repeats)
    return {
        "form": form.name,
        "asked_with": asked.kind,
        "queries": len(asked.features),
        "vectors": len(vectors),
        "vectors_an_image": len(vectors) / images,
        "bytes_an_image": vectors.nbytes / images,
        "qps": rate._asdict(),
        "latency_ms": latencies(searched, asked.features[: config.singles], k, 1, config.repeats),
        **{name: _rates(form, asked.features, right) for name, right in asked.right.items()},
    }


def _rates(form: Form, queries: Floats, right: Marks) -> dict[str, float]:
    found = ranks(form, queries, right)
    return {f"R@{k}": hit_rate_at_k(found, k) for k in KS}
