from collections.abc import Sequence

import numpy as np
import pytest
import torch

from tests.data.tiny import TinyDataset
from wfa.errors import ConfigError, DataError
from wfa.model.texts import TextSide
from wfa.plugins.registry import config_class, plugin_class
from wfa.tasks.classification.class_scores import Floats
from wfa.tasks.classification.zero_shot import class_features, multi_labels, single_labels

WIDTH = 4


class Letters:
    """A text tower that counts letters: a text becomes how often `a`, `b`, `c`, `d` stand in it."""

    width = WIDTH

    def tokenize(self, texts: Sequence[str]) -> torch.Tensor:
        return torch.tensor([[float(text.count(letter)) for letter in "abcd"] for text in texts])

    def encode_text(self, tokens: torch.Tensor) -> torch.Tensor:
        return tokens


def side(technique: str = "mean") -> TextSide:
    aggregation = plugin_class("aggregation", technique)(
        config_class("aggregation", technique)(), WIDTH
    )
    return TextSide(Letters(), aggregation, torch.device("cpu"))  # type: ignore[arg-type]


def unit(counts: Sequence[float] | Floats) -> Floats:
    values = np.array(counts, np.float64)
    return np.asarray(values / np.linalg.norm(values))


def test_a_class_is_the_mean_of_its_normalised_prompts() -> None:
    found = class_features(side(), ["a", "b"], ["{}", "dd {}"])
    expected = [unit(unit(c) + unit(d)) for c, d in (
        ([1, 0, 0, 0], [1, 0, 0, 2]), ([0, 1, 0, 0], [0, 1, 0, 2]))]  # fmt: skip
    assert found == pytest.approx(np.array(expected), abs=1e-6)
    assert found.dtype == np.float32


def test_uniqueness_weighs_prompts_that_repeat_each_other_less() -> None:
    templates = ["a photo of a {}", "a photo of the {}", "dddd {} dddd"]
    mean = class_features(side(), ["b"], templates)
    unique = class_features(side(), ["b"], templates, "uniqueness")
    assert unique[0, 3] > mean[0, 3]


def test_own_is_the_technique_of_the_model_and_untrained_parameters_are_refused() -> None:
    own = class_features(side("max_pool"), ["a", "b"], ["{}", "c {}"], "own")
    assert not np.allclose(own, class_features(side(), ["a", "b"], ["{}", "c {}"]))
    with pytest.raises(ConfigError, match="attention has parameters"):
        class_features(side(), ["a"], ["{}"], "attention")


class Classed(TinyDataset):
    classes = ("pond", "river")

    def labels(self, index: int) -> tuple[int, ...]:
        return ((1,), (), (0, 1))[index]


def test_labels_of_one_class_or_several() -> None:
    dataset = Classed([["x"], ["y"], ["z"]])
    places, labels = single_labels(dataset)
    assert (places.tolist(), labels.tolist()) == ([0], [1])
    assert multi_labels(dataset).tolist() == [[False, True], [False, False], [True, True]]
    with pytest.raises(DataError, match="known class"):
        single_labels(TinyDataset([["x"]]))
