from collections.abc import Sequence
from pathlib import Path
from typing import ClassVar

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from PIL import Image

from tests.search.conftest import make_run, picture
from wfa.captions.weights import caption_weights
from wfa.data.dataset import ImageTextDataset, Record, SourceConfig
from wfa.errors import ConfigError, ModelError, RunError, UserError
from wfa.plugins.registry import names
from wfa.runs.embed import embed_split
from wfa.runs.parts import load_run
from wfa.runs.run_model import RunModel, checksum

CAPTIONS = (
    "two red ships on the sea",
    "Two red ships on the sea.",
    "ships and a harbour",
    "water",
)


class OneImage(ImageTextDataset):
    """One picture with the captions of the query."""

    name: ClassVar[str] = "one"
    split = "test"

    def __init__(self, captions: Sequence[str]) -> None:
        self.records = (Record("0.png", tuple(captions)),)

    def read_image(self, index: int) -> NDArray[np.uint8]:
        return np.asarray(picture(3))

    @classmethod
    def splits(cls, options: SourceConfig) -> tuple[str, ...]:
        return ("test",)


@pytest.mark.slow
@pytest.mark.parametrize("technique", names("aggregation"))
def test_captions_are_aggregated_as_the_run_evaluates_them(tmp_path: Path, technique: str) -> None:
    run = make_run(tmp_path / "run", f"aggregation={technique}", "train.cache=false", seed=5)
    parts = load_run(run)
    model = RunModel(run)
    for captions in (CAPTIONS, CAPTIONS[:1], CAPTIONS[2:]):
        wanted = embed_split(parts, parts.prepare(OneImage(captions)))
        query = model.ask(captions)
        assert query.features.shape == (1, 16)
        np.testing.assert_allclose(query.features, wanted.aggregated, atol=1e-6)
        assert query.weights is not None
        assert sum(query.weights) == pytest.approx(1, abs=1e-6)
    image = model.ask_image(np.asarray(picture(3)))
    np.testing.assert_allclose(image.features, wanted.images, atol=1e-6)


def test_other_techniques_by_hand(model: RunModel) -> None:
    captions = CAPTIONS[2:]
    alone = np.concatenate([model.ask([caption]).features for caption in captions])
    each = model.ask(captions, "max_similarity")
    np.testing.assert_allclose(each.features, alone, atol=1e-6)
    assert each.weights is None
    mean = alone.sum(axis=0) / np.linalg.norm(alone.sum(axis=0))
    np.testing.assert_allclose(model.ask(captions, "mean").features[0], mean, atol=1e-6)
    weights = caption_weights([list(CAPTIONS)])
    features = np.concatenate([model.ask([caption]).features for caption in CAPTIONS])
    features[1] = features[0]  # equal once folded: encoded once
    mixed = weights @ features
    found = model.ask(CAPTIONS, "uniqueness")
    np.testing.assert_allclose(found.features[0], mixed / np.linalg.norm(mixed), atol=1e-6)
    assert found.weights == pytest.approx(weights)


def test_the_query_is_normalised_and_stripped(model: RunModel) -> None:
    query = model.ask(["  a lake \n"])
    assert np.linalg.norm(query.features) == pytest.approx(1, abs=1e-6)
    assert query.texts == ("a lake",)
    np.testing.assert_array_equal(query.features, model.ask(["a lake"]).features)


@pytest.mark.parametrize("captions", [(), ("",), ("  \n",), ("a lake", " ")])
def test_an_empty_query_is_refused(model: RunModel, captions: tuple[str, ...]) -> None:
    with pytest.raises(UserError, match="the query is empty"):
        model.ask(captions)


def test_an_unknown_technique_is_refused(model: RunModel) -> None:
    with pytest.raises(ConfigError, match="did you mean 'uniqueness'"):
        model.ask(["a lake"], "uniquenes")


def test_what_is_cut_has_no_part_in_the_feature_and_the_rest_has(model: RunModel) -> None:
    text = "a long river runs between the fields and a road crosses it by an old bridge"
    words = text.split()
    assert not model.ask([" ".join(words[:14])]).notes  # 14 words and two marks are 16 tokens
    for count in (15, 16):
        (note,) = model.ask([" ".join(words[:count])]).notes
        assert "longer than the 16 tokens" in note
        assert repr(" ".join(words[14:count])) in note
    assert "its last 2 words were cut" in note
    np.testing.assert_array_equal(
        model.ask([" ".join(words)]).features, model.ask([" ".join(words[:14])]).features
    )


def test_a_cut_of_many_words_is_shortened_and_one_of_mere_signs_not_told(model: RunModel) -> None:
    (note,) = model.ask(["lake " * 500]).notes
    assert "its last 486 words were cut" in note
    assert len(note) < 250
    assert not model.ask(["lake " * 14 + "...!"]).notes


def test_concat_tells_what_is_cut_of_the_whole(tmp_path: Path) -> None:
    model = RunModel(make_run(tmp_path / "run", "aggregation=concat"))
    assert not model.ask(["a lake " * 5]).notes
    assert model.ask(["a lake " * 5, "a road " * 5]).notes


def test_nan_is_told(tmp_path: Path) -> None:
    run = make_run(tmp_path / "run")
    model = RunModel(run)
    with torch.no_grad():
        for parameter in model._model.parameters():
            parameter.fill_(torch.nan)
    with pytest.raises(ModelError, match="NaN for the query"):
        model.ask(["a lake"])
    with pytest.raises(ModelError, match="NaN for the image"):
        model.ask_image(np.asarray(Image.new("RGB", (9, 9))))


def test_a_folder_without_a_finished_run_is_named(tmp_path: Path) -> None:
    with pytest.raises(RunError, match="no run folder"):
        RunModel(tmp_path)
    with pytest.raises(RunError, match="no run folder"):
        checksum(tmp_path)
    run = make_run(tmp_path / "run")
    (run / "model.safetensors").unlink()
    with pytest.raises(RunError, match=r"no model\.safetensors"):
        RunModel(run)
    with pytest.raises(RunError, match=r"no model\.safetensors"):
        checksum(run)
