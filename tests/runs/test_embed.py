"""Some images of a split are embedded as they are among all of them."""

from pathlib import Path

import numpy as np
import pytest

from wfa.aggregation.text_half import TextHalf
from wfa.data.dataset import ImageTextDataset
from wfa.data.weighted_captions import WeightedCaptions
from wfa.options.run_config import resolve
from wfa.retrieval.retrieval_options import Config
from wfa.runs.embed import embed, embed_split
from wfa.runs.parts import Parts

PLACES = np.array([2, 3, 11, 19])


@pytest.fixture(params=["mean", "uniqueness", "concat"])
def parts(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Parts:
    monkeypatch.setenv("WFA_CACHE_DIR", str(tmp_path))
    words = ["data.train_images=24", "data.validation_images=20", "data.test_images=20"]
    return Parts(resolve([*words, f"aggregation={request.param}", "encoder.image_size=32"]))


@pytest.mark.slow
def test_chosen_images_have_the_features_they_have_among_all(parts: Parts) -> None:
    part = parts.split("validation")
    whole, some = embed_split(parts, part), embed_split(parts, part, places=PLACES)
    captions = part.dataset.captions
    counts = [len(own) for own in captions]
    rows = np.flatnonzero(np.isin(np.repeat(np.arange(20), counts), PLACES))
    np.testing.assert_allclose(some.images, whole.images[PLACES], atol=1e-5)
    np.testing.assert_allclose(some.captions, whole.captions[rows], atol=1e-5)
    np.testing.assert_allclose(some.aggregated, whole.aggregated[PLACES], atol=1e-5)
    assert some.image_names == tuple(whole.image_names[place] for place in PLACES)
    owners = [place for place, image in enumerate(PLACES) for _ in captions[image]]
    assert some.image_index.tolist() == owners
    same = whole.caption_ids[rows][:, None] == whole.caption_ids[rows]
    assert np.array_equal(some.caption_ids[:, None] == some.caption_ids, same)


def test_weights_may_be_computed_an_image_at_a_time(
    parts: Parts, monkeypatch: pytest.MonkeyPatch
) -> None:
    part = parts.split("validation")
    whole = embed_split(parts, part)
    monkeypatch.setattr(ImageTextDataset, "makes_texts", True)
    texts = WeightedCaptions(part.dataset, TextHalf.of(parts.model.aggregation))
    made = embed(parts.model, part.dataset, part.inputs, texts, places=PLACES)
    np.testing.assert_allclose(made.aggregated, whole.aggregated[PLACES], atol=1e-5)
    unasked = embed(parts.model, part.dataset, part.inputs)
    np.testing.assert_allclose(unasked.aggregated, whole.aggregated, atol=1e-5)


def test_captions_are_worded_as_retrieval_says_and_weighed_as_they_are(parts: Parts) -> None:
    part = parts.split("validation")
    options = Config(caption_case="capitalise", prompt="a photo: ")
    plain, found = embed_split(parts, part), embed_split(parts, part, retrieval=options)
    first = part.dataset.captions[0]
    worded = [f"a photo: {text.capitalize()}" for text in first]
    wanted = parts.model.text_side.encode(worded)
    np.testing.assert_allclose(found.captions[: len(first)], wanted, atol=1e-5)
    assert not np.allclose(found.captions, plain.captions, atol=1e-2)
    np.testing.assert_array_equal(found.caption_ids, plain.caption_ids)
    if parts.config.aggregation.name == "mean":
        mean = wanted.numpy().mean(0)
        np.testing.assert_allclose(found.aggregated[0], mean / np.linalg.norm(mean), atol=1e-5)
