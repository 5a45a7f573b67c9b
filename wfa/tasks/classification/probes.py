"""What features know of classes: linear probe, nearest neighbours, few examples a class.

Features are those of locked towers, so nothing but the probe is trained. The strength of the
linear probe is chosen on validation only; test is looked at once.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from wfa.errors import DataError
from wfa.tasks.classification.class_scores import ClassScores, Floats, Integers, score_classes

STRENGTHS = tuple(10.0**power for power in (-4, -3, -2, -1, 0, 1))
"""Inverse regularisation C of the linear probe that validation chooses from."""
NEIGHBOURS = (1, 5, 10, 20)
SHOTS = (1, 2, 4, 8, 16)


@dataclass(frozen=True, eq=False)
class Labelled:
    """Images of a split: features (M, D) float32 and labels (M,) int64."""

    features: Floats
    labels: Integers


@dataclass(frozen=True, eq=False)
class Probe:
    """A probe that was chosen on validation and measured on test once.

    Attributes:
        scores: On test.
        setting: What validation chose: C of the linear probe, k of the neighbours.
        validation: Top-1 on validation with it.
    """

    scores: ClassScores
    setting: float
    validation: float


def check_learnable(labels: Mapping[str, Integers], classes: Sequence[str]) -> None:
    """Refuse splits that a probe cannot be fitted to, before features are computed.

    Args:
        labels: Split, `train` among them -> (M,) int64 places in `classes`.
        classes: Names.

    Raises:
        DataError: Train has fewer than two classes, or another split has one that it has not.
    """
    learned = np.unique(labels["train"])
    if len(learned) < 2:
        raise DataError(
            f"a probe needs training images of two classes at least, and split train has only "
            f"{classes[learned[0]]}"
        )
    for split, own in labels.items():
        unknown = [classes[place] for place in np.setdiff1d(own, learned).tolist()]
        if unknown:
            raise DataError(
                f"split {split} has images of {', '.join(unknown)}, and split train has none, so "
                "that no probe can know it: put some into train, or leave these images out"
            )


def linear_probe(train: Labelled, validation: Labelled, test: Labelled, classes: int) -> Probe:
    """Fit a multinomial logistic regression on standardised features (scikit-learn, L-BFGS).

    Args:
        train: What it is fitted on.
        validation: What its strength is chosen on.
        test: What it is measured on.
        classes: C, all classes; one without training images is never taken.

    Raises:
        DataError: Train has fewer than two classes, or a split has no image.
    """

    def fit(strength: float) -> Callable[[Floats], Floats]:
        model = make_pipeline(StandardScaler(), LogisticRegression(C=strength, max_iter=1000))
        model.fit(train.features, train.labels)
        return lambda features: _spread(model.predict_proba(features), model.classes_, classes)

    return _choose(fit, STRENGTHS, train, validation, test)


def nearest_neighbours(
    train: Labelled, validation: Labelled, test: Labelled, classes: int
) -> Probe:
    """Vote among the k nearest training images by cosine, weighted by similarity.

    Raises:
        DataError: Train has fewer than two classes, or a split has no image.
    """

    def fit(k: float) -> Callable[[Floats], Floats]:
        # Of normalised features the Euclidean order is that of the cosine.
        model = KNeighborsClassifier(min(int(k), len(train.labels)), weights="distance")
        model.fit(_unit(train.features), train.labels)
        return lambda features: _spread(
            model.predict_proba(_unit(features)), model.classes_, classes
        )

    return _choose(fit, NEIGHBOURS, train, validation, test)


def few_shot(
    train: Labelled,
    validation: Labelled,
    test: Labelled,
    classes: int,
    shots: Sequence[int] = SHOTS,
    seeds: Sequence[int] = (0, 1, 2, 3, 4),
) -> dict[int, list[float]]:
    """Fit linear probes on some images of each class, drawn once a seed.

    Returns:
        Shots -> top-1 on test of each seed. Numbers of shots that no class reaches are left out.

    Raises:
        DataError: Train has fewer than two classes, or a split has no image.
    """
    most = np.bincount(train.labels, minlength=classes).max()
    return {
        count: [
            linear_probe(_drawn(train, count, seed), validation, test, classes).scores.top[1]
            for seed in seeds
        ]
        for count in shots
        if count <= most
    }


def _choose(
    fit: Callable[[float], Callable[[Floats], Floats]],
    settings: Sequence[float],
    train: Labelled,
    validation: Labelled,
    test: Labelled,
) -> Probe:
    for name, split in (("train", train), ("validation", validation), ("test", test)):
        if not len(split.labels):
            raise DataError(f"a probe needs images of every split, and {name} has none")
    if len(np.unique(train.labels)) < 2:
        raise DataError("a probe needs training images of two classes at least")
    best: tuple[float, float, Callable[[Floats], Floats]] | None = None
    for setting in settings:
        predict = fit(setting)
        found = score_classes(predict(validation.features), validation.labels, (1,)).top[1]
        if best is None or found > best[0]:
            best = found, setting, predict
    assert best is not None  # there are settings
    found, setting, predict = best
    return Probe(score_classes(predict(test.features), test.labels), setting, found)


def _drawn(train: Labelled, shots: int, seed: int) -> Labelled:
    rng = np.random.default_rng(seed)
    order = rng.permutation(len(train.labels))
    chosen = [
        order[train.labels[order] == label][:shots] for label in np.unique(train.labels).tolist()
    ]
    rows = np.concatenate(chosen)
    return Labelled(train.features[rows], train.labels[rows])


def _spread(scores: Floats, known: NDArray[np.int64], classes: int) -> Floats:
    """Put scores of the classes that were seen in training into columns of all classes."""
    spread = np.full((len(scores), classes), -1.0)
    spread[:, known] = scores
    return spread


def _unit(features: Floats) -> Floats:
    lengths = np.linalg.norm(features, axis=1, keepdims=True)
    return np.asarray(features / np.maximum(lengths, np.finfo(np.float32).tiny))
