"""Zero-shot classification: an image is of the class whose prompts its feature is nearest to."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from wfa.data.dataset import ImageTextDataset
from wfa.errors import ConfigError, DataError
from wfa.model.texts import TextSide
from wfa.tasks.classification.class_scores import Floats, Integers
from wfa.tasks.classification.templates import prompts

OWN = "own"
"""The technique that the model was trained with."""


def class_features(
    side: TextSide, classes: Sequence[str], templates: Sequence[str], technique: str = "mean"
) -> Floats:
    """Aggregate the prompts of each class into one feature.

    Args:
        side: What encodes.
        classes: C names in words.
        templates: Each with `{}` for the name.
        technique: A technique without parameters, such as `mean`, the field's rule (Radford et al.
            2021, arXiv:2103.00020, section 3.1.4), or `uniqueness`, which weighs prompts that
            repeat each other less; or `own`, the model's.

    Returns:
        (C, D) float32, normalised.

    Raises:
        ConfigError: There is no such technique, or it has parameters of its own to train.
    """
    if technique != OWN:
        side = side.with_technique(technique)
        if any(True for _ in side.aggregation.parameters()):
            raise ConfigError(
                f"task.technique={technique} has parameters that nothing trained here: use mean, "
                "uniqueness, or own for a run that was trained with it"
            )
    made = side.query([prompts(templates, name) for name in classes])
    return np.asarray(made.text_features.numpy(), np.float32)


def single_labels(dataset: ImageTextDataset) -> tuple[Integers, Integers]:
    """Return which images have exactly one class, and that class.

    Returns:
        (M,) int64 places in the data set, (M,) int64 places in its `classes`.

    Raises:
        DataError: No image has.
    """
    known = [dataset.labels(index) for index in range(len(dataset))]
    places = np.array([index for index, own in enumerate(known) if len(own) == 1], np.int64)
    if not len(places):
        raise DataError(
            f"split {dataset.split} of {dataset.name} has no image of a known class: use "
            "data=class_folder, or a data set that knows classes"
        )
    return places, np.array([known[index][0] for index in places.tolist()], np.int64)


def multi_labels(dataset: ImageTextDataset) -> NDArray[np.bool_]:
    """Return (M, C) bool, the classes of each image."""
    found = np.zeros((len(dataset), len(dataset.classes)), np.bool_)
    for index in range(len(dataset)):
        found[index, list(dataset.labels(index))] = True
    return found
