from collections.abc import Callable

import numpy as np
import pytest

from wfa.errors import DataError
from wfa.tasks.classification.probes import (
    Labelled,
    Probe,
    check_learnable,
    few_shot,
    linear_probe,
    nearest_neighbours,
)


def clouds(images: int, seed: int, noise: float, classes: int = 4, width: int = 6) -> Labelled:
    rng = np.random.default_rng(seed)
    centres = np.random.default_rng(99).standard_normal((classes, width))
    labels = np.arange(images) % classes
    features = centres[labels] + noise * rng.standard_normal((images, width))
    return Labelled(features.astype(np.float32), labels)


@pytest.mark.parametrize("probe", [linear_probe, nearest_neighbours])
def test_clouds_apart_are_told_apart_and_noise_is_not(probe: Callable[..., Probe]) -> None:
    splits = [clouds(120, seed, 0.1) for seed in range(3)]
    assert probe(*splits, 4).scores.top[1] == 1.0
    rng = np.random.default_rng(0)
    noise = [Labelled(s.features, rng.permutation(s.labels)) for s in splits]
    assert probe(*noise, 4).scores.top[1] < 0.5


def test_the_strength_is_chosen_on_validation_and_test_changes_nothing_of_it() -> None:
    train, validation = clouds(40, 0, 1.0), clouds(80, 1, 1.0)
    chosen = {
        linear_probe(train, validation, test, 4).setting
        for test in (clouds(80, 2, 1.0), clouds(80, 3, 3.0))
    }
    assert len(chosen) == 1


def test_more_examples_a_class_help() -> None:
    found = few_shot(clouds(200, 0, 1.0), clouds(80, 1, 1.0), clouds(400, 2, 1.0), 4, (1, 16, 99))
    assert set(found) == {1, 16}
    assert len(found[1]) == 5 and len(set(found[1])) > 1
    assert np.mean(found[16]) > np.mean(found[1]) + 0.05


def test_a_class_without_training_images_is_never_taken() -> None:
    train = clouds(90, 0, 0.1, classes=3)
    test = Labelled(train.features, train.labels)
    found = linear_probe(train, test, test, 5)
    assert found.scores.confusion[:, 3:].sum() == 0


def test_one_class_or_an_empty_split_is_refused() -> None:
    one = Labelled(np.ones((3, 2), np.float32), np.zeros(3, np.int64))
    empty = Labelled(np.ones((0, 2), np.float32), np.zeros(0, np.int64))
    with pytest.raises(DataError, match="two classes"):
        linear_probe(one, one, one, 2)
    with pytest.raises(DataError, match="test has none"):
        linear_probe(clouds(8, 0, 1.0), clouds(8, 0, 1.0), empty, 4)


def test_classes_that_training_lacks_are_named() -> None:
    names, train = ("farm", "lake", "port"), np.array([0, 2, 2])
    check_learnable({"train": train, "test": np.array([2, 2])}, names)
    with pytest.raises(DataError, match="split test has images of lake, and split train has none"):
        check_learnable({"train": train, "test": np.array([0, 1, 1])}, names)
    with pytest.raises(DataError, match="only port"):
        check_learnable({"train": train[1:], "test": train}, names)
