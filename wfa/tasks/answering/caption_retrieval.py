"""Captions by retrieval: of the nearest training images' captions, the one most like the others."""

from collections import Counter
from collections.abc import Sequence

import numpy as np

from wfa.retrieval.exact_search import ExactIndex
from wfa.tasks.answering.question_arrays import Floats
from wfa.tasks.captioning.caption_words import words

_ORDERS = 4


def retrieve_captions(
    queries: Floats, gallery: Floats, captions: Sequence[str], neighbours: int
) -> list[str]:
    """Return a caption for each of Q images.

    The consensus among the neighbours' captions (Devlin et al. 2015, arXiv:1505.04467): the one
    that shares most n-grams with the others; of equals, the nearest image's.

    Args:
        queries: (Q, D) image features, normalised.
        gallery: (M, D), those of the training images.
        captions: One of each training image.
        neighbours: How many compete.
    """
    hits = ExactIndex(gallery).search(queries, min(neighbours, len(gallery)))
    found = []
    for rows in hits.rows.tolist():
        near = [captions[row] for row in rows]
        found.append(near[int(consensus(near).argmax())])
    return found


def consensus(captions: Sequence[str]) -> Floats:
    """Return (K,): the mean share of n-grams, 1 to 4 words, that each caption has in common.

    Of two captions it is the n-grams in both, as often as in both, over those of the longer one.
    """
    total = np.zeros(len(captions))
    for order in range(1, _ORDERS + 1):
        counts = _counts(captions, order)
        sizes = counts.sum(1)
        for row, own in enumerate(counts):
            common = np.minimum(own, counts).sum(1) / np.maximum(np.maximum(sizes, own.sum()), 1)
            total[row] += common.sum() - common[row]
    return (total / (_ORDERS * max(len(captions) - 1, 1))).astype(np.float32)


def _counts(captions: Sequence[str], order: int) -> Floats:
    """Return (K, V): how often each caption has each of their V n-grams."""
    grams = []
    for caption in captions:
        own = words(caption)
        grams.append(Counter(zip(*(own[start:] for start in range(order)), strict=False)))
    place = {gram: number for number, gram in enumerate({g: None for own in grams for g in own})}
    counts = np.zeros((len(captions), len(place)), np.float32)
    for row, found in enumerate(grams):
        for gram, count in found.items():
            counts[row, place[gram]] = count
    return counts
