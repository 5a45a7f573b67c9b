"""How well scores of classes fit: top-K accuracy, F1 and confusion; average precision of labels.

A right class or image that ties with wrong ones stands behind them, so that order never decides.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from wfa.errors import DataError
from wfa.retrieval.ties import worst_class

Floats = NDArray[np.floating]
Integers = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class ClassScores:
    """What was found of M images of one class each; C classes.

    Attributes:
        top: K -> share of images whose class is among the K best, a fraction.
        recall: (C,) share of each class's images that are found; NaN where there is no image.
        f1: (C,) harmonic mean of precision and recall of each class; NaN where there is no image.
        confusion: (C, C) int64, images of a class (row) by the class that was taken (column).
    """

    top: dict[int, float]
    recall: Floats
    f1: Floats
    confusion: Integers

    @property
    def macro_f1(self) -> float:
        """Mean F1 over the classes that have images."""
        return float(np.nanmean(self.f1))


def score_classes(scores: Floats, labels: Integers, ks: Sequence[int] = (1, 5)) -> ClassScores:
    """Score single-label classification.

    Args:
        scores: (M, C), the higher the likelier.
        labels: (M,) int64 in 0..C-1, each image's class.
        ks: The K of top-K accuracy.

    Raises:
        DataError: There is no image, the lengths differ, or a label is no class.
    """
    classes = _check(scores, labels)
    own = scores[np.arange(len(labels)), labels]
    rank = (scores >= own[:, None]).sum(1)  # the own class counts itself
    taken = worst_class(scores, labels)
    confusion = np.zeros((classes, classes), np.int64)
    np.add.at(confusion, (labels, taken), 1)
    images, claimed, hits = confusion.sum(1), confusion.sum(0), np.diag(confusion)
    with np.errstate(invalid="ignore", divide="ignore"):
        recall = hits / images
        f1 = np.where(images > 0, 2 * hits / (images + claimed), np.nan)
    return ClassScores({k: float(np.mean(rank <= k)) for k in ks}, recall, f1, confusion)


def average_precisions(scores: Floats, relevant: NDArray[np.bool_], k: int | None = None) -> Floats:
    """Return the average precision of each class as a query for images.

    Args:
        scores: (M, C).
        relevant: (M, C), whether the image is of the class.
        k: Only the first K images of a class count (mAP@K: the sum of precisions at relevant
            images is divided by min(K, relevant images)); None for all.

    Returns:
        (C,); NaN for a class without images.

    Raises:
        DataError: The shapes differ, or there is no image.
    """
    if scores.shape != relevant.shape or not len(scores):
        raise DataError(f"scores are {scores.shape}, relevant is {relevant.shape}: wanted (M, C)")
    order = np.lexsort((relevant, -scores), axis=0)
    ranked = np.take_along_axis(relevant, order, axis=0)[:k]
    place = np.arange(1, len(ranked) + 1)[:, None]
    gained = (np.cumsum(ranked, axis=0) / place * ranked).sum(0)
    most = np.minimum(relevant.sum(0), len(ranked))
    return np.where(most > 0, gained / np.maximum(most, 1), np.nan)


def _check(scores: Floats, labels: Integers) -> int:
    if scores.ndim != 2 or len(scores) != len(labels) or not len(labels):
        raise DataError(f"scores are {scores.shape} for {len(labels)} labels: wanted (M, C), (M,)")
    if labels.min() < 0 or labels.max() >= scores.shape[1]:
        raise DataError(
            f"labels reach from {labels.min()} to {labels.max()}, and there are {scores.shape[1]} "
            "classes"
        )
    return int(scores.shape[1])
