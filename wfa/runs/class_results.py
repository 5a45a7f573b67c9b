"""Retrieval by class, where a data set knows classes: R@K of each, and what is taken for what."""

from typing import Any

import numpy as np

from wfa.data.dataset import ImageTextDataset
from wfa.retrieval.counts import score_matrix
from wfa.retrieval.embeddings import Embeddings, Floats, Integers
from wfa.retrieval.metrics import KS
from wfa.retrieval.protocols import count_kind, rank_text_to_image
from wfa.retrieval.ties import WORST, worst_class

_CAPTIONS_AT_ONCE = 256


def class_results(
    dataset: ImageTextDataset, embeddings: Embeddings, ties: str = WORST
) -> dict[str, Any] | None:
    """Measure strict text-to-image retrieval of single captions class by class.

    Args:
        dataset: A split whose images may have one class each; others are left out.
        embeddings: Its features.
        ties: The rule of ties.

    Returns:
        What `classes.json` holds: `ties`, the rule of `rows`; `classes`, names in words of those
        with images; `rows` of class, metric, value (a fraction) and the number of queries;
        `confusion`, (C, C) counts of captions of a class (row) whose first image is of a class
        (column), never of the own one where images of others score as high. None where fewer than
        two classes have images.
    """
    labels = [dataset.labels(index) for index in range(len(dataset))]
    label = np.array([own[0] if len(own) == 1 else -1 for own in labels], np.int64)
    present = np.unique(label[label >= 0])
    if len(present) < 2:
        return None
    of_caption = label[embeddings.image_index]
    ranking = rank_text_to_image("strict", count_kind(embeddings, "single")).ranking
    names = [dataset.classes[place] for place in present.tolist()]
    rows: list[dict[str, Any]] = []
    for place, name in zip(present.tolist(), names, strict=True):
        mine = np.flatnonzero(of_caption == place)
        rows += [
            {"class": name, "metric": f"R@{k}", "queries": len(mine),
             "value": float(ranking[mine].hits(k, ties).mean())}
            for k in KS
        ]  # fmt: skip
    asked = np.flatnonzero(of_caption >= 0)
    own = np.searchsorted(present, of_caption[asked])
    taken = _first_classes(embeddings.captions[asked], own, embeddings.images, label)
    known_class = taken < len(present)
    confusion = np.zeros((len(present), len(present)), np.int64)
    np.add.at(confusion, (own[known_class], taken[known_class]), 1)
    return {"ties": ties, "classes": names, "rows": rows, "confusion": confusion.tolist()}


def _first_classes(captions: Floats, own: Integers, images: Floats, label: Integers) -> Integers:
    """Return the class of each caption's first image.

    Args:
        captions: (Q, D).
        own: (Q,) place of each caption's class among those that have images.
        images: (M, D).
        label: (M,) class of each image, -1 for none.

    Returns:
        (Q,) places among the classes that have images; one more for an image of no class.
    """
    known = np.where(label < 0, np.iinfo(np.int64).max, label)  # no class stands last
    order = np.argsort(known, kind="stable")
    starts = np.unique(known[order], return_index=True)[1]
    taken = np.empty(len(captions), np.int64)
    for start in range(0, len(captions), _CAPTIONS_AT_ONCE):
        part = slice(start, start + _CAPTIONS_AT_ONCE)
        scores = score_matrix(captions[part], images[order])
        taken[part] = worst_class(np.maximum.reduceat(scores, starts, axis=1), own[part])
    return taken
