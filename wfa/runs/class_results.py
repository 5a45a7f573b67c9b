"""Retrieval by class, where a data set knows classes: R@K of each, and what is taken for what."""

from typing import Any

import numpy as np

from wfa.data.dataset import ImageTextDataset
from wfa.retrieval.embeddings import Embeddings
from wfa.retrieval.exact_search import ExactIndex
from wfa.retrieval.metrics import KS
from wfa.retrieval.protocols import count_kind, rank_text_to_image
from wfa.retrieval.ties import WORST

CLASSES_FILE = "classes.json"


def class_results(
    dataset: ImageTextDataset, embeddings: Embeddings, ties: str = WORST
) -> dict[str, Any] | None:
    """Measure strict text-to-image retrieval of single captions class by class.

    Args:
        dataset: A split whose images may have one class each; others are left out.
        embeddings: Its features.
        ties: The rule of ties.

    Returns:
        What `classes.json` holds: `classes`, names in words of those with images; `rows` of class,
        metric, value (a fraction) and the number of queries; `confusion`, (C, C) counts of
        captions of a class (row) whose first image is of a class (column). None where fewer than
        two classes have images.
    """
    known = [dataset.labels(index) for index in range(len(dataset))]
    label = np.array([own[0] if len(own) == 1 else -1 for own in known])
    present = np.unique(label[label >= 0])
    if len(present) < 2:
        return None
    of_caption = label[embeddings.image_index]
    ranking = rank_text_to_image("strict", count_kind(embeddings, "single")).ranking
    names = [dataset.classes[place] for place in present.tolist()]
    rows: list[dict[str, Any]] = []
    for place, name in zip(present.tolist(), names, strict=True):
        own = np.flatnonzero(of_caption == place)
        rows += [
            {"class": name, "metric": f"R@{k}", "queries": len(own),
             "value": float(ranking[own].hits(k, ties).mean())}
            for k in KS
        ]  # fmt: skip
    first = ExactIndex(embeddings.images).search(embeddings.captions, 1).rows[:, 0]
    taken = label[first]
    both = (of_caption >= 0) & (taken >= 0)
    confusion = np.zeros((len(present), len(present)), np.int64)
    at = (np.searchsorted(present, side[both]) for side in (of_caption, taken))
    np.add.at(confusion, tuple(at), 1)
    return {"classes": names, "rows": rows, "confusion": confusion.tolist()}
