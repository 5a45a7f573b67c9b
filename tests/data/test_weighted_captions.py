"""Weights known from the text: once for a split, in parts, and image by image."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.data.tiny import TinyDataset, ragged
from wfa.aggregation.base import Aggregation
from wfa.aggregation.caption_draws import AggregationConfig, Weights
from wfa.aggregation.text_half import TextHalf
from wfa.captions.weights import caption_weights
from wfa.data import dataset as dataset_module
from wfa.data import weighted_captions as module
from wfa.data.dataset import ImageTextDataset, Record
from wfa.data.weighted_captions import WeightedCaptions
from wfa.options.run_config import resolve

CAPTIONS = ragged(50, np.random.default_rng(0))


def half(*words: str) -> TextHalf:
    aggregation = resolve([f"aggregation={words[0]}", *words[1:]]).aggregation
    return TextHalf(aggregation.plugin(), aggregation.options)


def weights_of(texts: WeightedCaptions) -> list[list[float]]:
    own = [texts.of(row) for row in range(len(CAPTIONS))]
    assert [list(captions) for captions, _ in own] == CAPTIONS
    return [weights.tolist() for _, weights in own]


class Made(Sequence[Record]):
    """Records that no list holds."""

    def __init__(self, records: Sequence[Record]) -> None:
        self._records = records

    def __len__(self) -> int:
        return len(self._records)

    def __getitem__(self, index: Any) -> Any:
        return self._records[index]


def made(monkeypatch: pytest.MonkeyPatch) -> ImageTextDataset:
    """A data set that makes its texts on access, and has too many."""
    monkeypatch.setattr(dataset_module, "MOST_HELD", 3)
    dataset = TinyDataset(CAPTIONS)
    dataset.records = Made(dataset.records)
    assert dataset.makes_texts
    return dataset


@pytest.mark.parametrize(
    "words",
    [("uniqueness",), ("uniqueness", "aggregation.normalise=softmax"), ("uniqueness_sampling",)],
)
def test_weights_do_not_depend_on_how_many_images_are_weighed_at_once(
    words: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = weights_of(WeightedCaptions(TinyDataset(CAPTIONS), half(*words)))
    options: Any = half(*words).options
    plain = caption_weights(CAPTIONS, options, options.normalise, options.temperature)
    assert np.array_equal(np.concatenate(whole), plain)
    monkeypatch.setattr(module, "IMAGES_AT_ONCE", 7)
    assert weights_of(WeightedCaptions(TinyDataset(CAPTIONS), half(*words))) == whole
    on_access = WeightedCaptions(made(monkeypatch), half(*words))
    assert weights_of(on_access) == whole
    on_access.hold()
    assert weights_of(on_access) == whole


def test_a_technique_without_weights_reads_no_text(tmp_path: Path) -> None:
    class Unreadable(TinyDataset):
        @property
        def captions(self) -> list[tuple[str, ...]]:
            raise AssertionError

        @property
        def checksum(self) -> str:
            raise AssertionError

    for name in ("mean", "attention"):
        WeightedCaptions(Unreadable(CAPTIONS), half(name), tmp_path).hold()
        plain = weights_of(WeightedCaptions(TinyDataset(CAPTIONS), half(name), tmp_path))
        assert plain == [[1.0 / len(own)] * len(own) for own in CAPTIONS]


class Counting(Aggregation):
    """The first caption counts for all, and how often that was computed is counted."""

    computed = 0

    @classmethod
    def prior_weights(cls, options: Any, captions: Sequence[Sequence[str]]) -> Weights:
        cls.computed += 1
        return np.concatenate([np.eye(len(own))[0] for own in captions])


def test_weights_are_computed_once(tmp_path: Path) -> None:
    Counting.computed = 0
    dataset, counting = TinyDataset(CAPTIONS), TextHalf(Counting, AggregationConfig())
    first = weights_of(WeightedCaptions(dataset, counting, tmp_path))
    assert Counting.computed == 1
    assert weights_of(WeightedCaptions(dataset, counting, tmp_path)) == first
    assert Counting.computed == 1
    for other in (TinyDataset(CAPTIONS[::-1]), TinyDataset(CAPTIONS, "validation")):
        WeightedCaptions(other, counting, tmp_path)
    WeightedCaptions(dataset, TextHalf(Counting, AggregationConfig(caption_dropout=0.5)), tmp_path)
    assert Counting.computed == 4


def test_a_technique_that_no_file_holds_is_not_cached(tmp_path: Path) -> None:
    """As one that is written in a notebook: its code cannot be told from an edited one."""
    space: dict[str, Any] = {"Counting": Counting, "__name__": "nowhere"}
    exec("class Typed(Counting):\n    pass", space)
    Counting.computed = 0
    typed = TextHalf(space["Typed"], AggregationConfig())
    for computed in (1, 2):
        WeightedCaptions(TinyDataset(CAPTIONS), typed, tmp_path)
        assert typed.technique.computed == computed  # type: ignore[attr-defined]
    assert not list(tmp_path.iterdir())
