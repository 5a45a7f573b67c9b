"""Concept F1: whether a caption names the land-cover classes that its reference names."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from wfa.bigearthnet.class_names import classes_in


def concept_scores(outputs: Sequence[str], references: Sequence[str]) -> NDArray[np.float64]:
    """Return the F1 of each of N captions over the 19 classes, (N,) in 0 to 1.

    The set of classes that a caption names, in any form of their names, against that of its
    reference: 2 |A and B| / (|A| + |B|). Where neither names one it is 1. The
    mean is scikit-learn's F1 with `average="samples"`.
    """
    pairs = [(classes_in(a), classes_in(b)) for a, b in zip(outputs, references, strict=True)]
    return np.array([_f1(len(a & b), len(a) + len(b)) for a, b in pairs], np.float64)


def _f1(shared: int, named: int) -> float:
    return 2 * shared / named if named else 1.0
