"""What each protocol, kind of query and direction means: the one definition, and its code.

| protocol | queries | text_to_image (T2I): query -> gallery; right | image_to_text (I2T) |
|---|---|---|---|
| strict | single | each of N captions -> M images; its own image | each of M images -> N captions; its own captions |
| strict | aggregated | each image's text -> M images; its own image | each image -> M aggregated texts; its own text |
| duplicate_aware | single | each of N captions -> M images; every image that bears the same caption | each image -> N captions; every caption that is equal to one of its own |
| duplicate_aware | aggregated | each image's text -> M images; every image with the same set of distinct captions | each image -> M aggregated texts; those of every image with the same set of distinct captions |
| unique_query | single | each distinct caption once -> M images; every image that bears it | each image -> the distinct captions; its own |

`unique_query` has no aggregated form: an aggregated text is no caption that could be asked once.
Captions are equal when their folded forms are (`Embeddings.caption_ids`). R@K is the hit rate of
CLIP papers: a query counts when any right answer is among the first K; MedR is the median rank of
the best right answer; mAP is the mean over queries of the average precision. `mR` (direction
`both`) is the mean of R@K over both directions and all K.

Ties: the order of rows never decides. Captions that are equal tie exactly; under `strict` another
image's copy of the own caption is therefore a wrong answer that ties. Each row says its rule:
`worst` puts right answers behind the wrong ones that tie with them, the rule of our comparisons;
`expected` is the mean over all orders of what ties, the rule to stand beside published results;
`best` puts right answers first (`wfa.retrieval.ties`).
"""  # noqa: E501

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from wfa.retrieval.counts import CHUNK, Counts, count_reached
from wfa.retrieval.embeddings import Embeddings, Integers
from wfa.retrieval.ranks import Ranking, rank_right_answers
from wfa.retrieval.relevance import TEXTS, Pairs, Texts, right_pairs

TEXT_TO_IMAGE = "text_to_image"
IMAGE_TO_TEXT = "image_to_text"
BOTH = "both"


@dataclass(frozen=True, eq=False)
class Counted:
    """The text side of one kind of query, its right pairs, and their counts."""

    texts: Texts
    pairs: Pairs
    counts: Counts


@dataclass(frozen=True, eq=False)
class Asked:
    """The queries of one protocol and direction, in a fixed order.

    Attributes:
        rows: (Q,) text items (T2I) or images (I2T).
        ranking: Their ranks.
    """

    rows: Integers
    ranking: Ranking


def count_kind(embeddings: Embeddings, queries: str, chunk: int = CHUNK) -> Counted:
    """Count what reaches the right pairs of one kind of query, `single` or `aggregated`."""
    texts = TEXTS[queries](embeddings)
    pairs = right_pairs(texts)
    return Counted(texts, pairs, count_reached(embeddings.images, texts, pairs, chunk))


def is_defined(protocol: str, queries: str) -> bool:
    """Tell whether a protocol knows this kind of query."""
    return protocol != "unique_query" or queries == "single"


def rank_text_to_image(protocol: str, counted: Counted) -> Asked:
    """Rank images for the texts that the protocol asks."""
    return _TEXT_TO_IMAGE[protocol](counted)


def rank_image_to_text(protocol: str, counted: Counted) -> Asked:
    """Rank texts for all images."""
    return _IMAGE_TO_TEXT[protocol](counted)


def image_to_text_ids(image_names: Sequence[str], rows: Integers) -> list[str]:
    """Name the queries of `rank_image_to_text`."""
    return [image_names[row] for row in rows.tolist()]


def _own_image(counted: Counted) -> Asked:
    pairs, counts = counted.pairs, counted.counts
    own = pairs.own
    ones = np.ones_like(own)
    ranking = rank_right_answers(
        np.arange(len(own)), counts.scores[own], ones, counts.images.of(own)
    )
    return Asked(np.arange(len(own)), ranking)


def _bearing_images(counted: Counted) -> Ranking:
    """Rank each distinct text, with every image that bears what it says as right."""
    pairs, counts = counted.pairs, counted.counts
    ones = np.ones_like(pairs.image)
    return rank_right_answers(pairs.asked, counts.scores, ones, counts.images)


def _each_item(counted: Counted) -> Asked:
    asked = counted.pairs.asked[counted.pairs.own]
    return Asked(np.arange(len(asked)), _bearing_images(counted)[asked])


def _each_text_once(counted: Counted) -> Asked:
    _, first = np.unique(counted.pairs.asked[counted.pairs.own], return_index=True)
    return Asked(first, _bearing_images(counted))


def _own_texts(counted: Counted) -> Asked:
    pairs, counts = counted.pairs, counted.counts
    own = np.flatnonzero(pairs.own_items)
    return _for_images(
        rank_right_answers(
            pairs.image[own], counts.scores[own], pairs.own_items[own], counts.texts.of(own)
        )
    )


def _equal_texts(counted: Counted) -> Asked:
    pairs, counts = counted.pairs, counted.counts
    return _for_images(rank_right_answers(pairs.image, counts.scores, pairs.items, counts.texts))


def _distinct_texts(counted: Counted) -> Asked:
    pairs, counts = counted.pairs, counted.counts
    ones = np.ones_like(pairs.image)
    return _for_images(rank_right_answers(pairs.image, counts.scores, ones, counts.distinct_texts))


def _for_images(ranking: Ranking) -> Asked:
    return Asked(np.arange(len(ranking.rank)), ranking)


_TEXT_TO_IMAGE: Mapping[str, Callable[[Counted], Asked]] = {
    "strict": _own_image,
    "duplicate_aware": _each_item,
    "unique_query": _each_text_once,
}
_IMAGE_TO_TEXT: Mapping[str, Callable[[Counted], Asked]] = {
    "strict": _own_texts,
    "duplicate_aware": _equal_texts,
    "unique_query": _distinct_texts,
}
