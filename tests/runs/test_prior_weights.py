"""Weights known from the text: once for a data set, in parts, and image by image."""

from pathlib import Path

import numpy as np
import pytest

from tests.data.tiny import TinyDataset, ragged
from wfa.config import resolve
from wfa.plugins import Choice
from wfa.runs import prior_weights as module
from wfa.runs.prior_weights import image_weights, prior_weights

CAPTIONS = ragged(50, np.random.default_rng(0))


def technique(*words: str) -> Choice:
    return resolve([f"aggregation={words[0]}", *words[1:]]).aggregation


@pytest.mark.parametrize(
    "words",
    [("uniqueness",), ("uniqueness", "aggregation.normalise=softmax"), ("uniqueness_sampling",)],
)
def test_weights_do_not_depend_on_how_many_images_are_weighed_at_once(
    words: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    dataset = TinyDataset(CAPTIONS)
    whole = prior_weights(technique(*words), dataset, None)
    assert whole is not None
    monkeypatch.setattr(module, "_AT_ONCE", 7)
    in_parts = prior_weights(technique(*words), dataset, None)
    assert in_parts is not None
    assert np.array_equal(whole, in_parts)
    weigh = image_weights(technique(*words))
    assert weigh is not None
    assert np.array_equal(np.concatenate([weigh(own) for own in CAPTIONS]), whole)


def test_a_technique_without_weights_reads_no_text(tmp_path: Path) -> None:
    class Unreadable(TinyDataset):
        @property
        def captions(self) -> list[tuple[str, ...]]:
            raise AssertionError

        @property
        def checksum(self) -> str:
            raise AssertionError

    for name in ("mean", "attention"):
        assert prior_weights(technique(name), Unreadable(CAPTIONS), tmp_path) is None
        assert image_weights(technique(name)) is None


def test_weights_are_computed_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    dataset = TinyDataset(CAPTIONS)
    asked = technique("uniqueness")
    first = prior_weights(asked, dataset, tmp_path)
    monkeypatch.delattr(prior_weights, "_weigh")
    again = prior_weights(asked, dataset, tmp_path)
    assert first is not None
    assert again is not None
    assert np.array_equal(first, again)
