"""The text side against a loop that weighs, draws, encodes each caption alone and aggregates."""

from collections import Counter
from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional

from wfa.aggregation.text_half import TextHalf
from wfa.captions.folding import fold
from wfa.data.batch import ragged_texts
from wfa.encoders.encoder import Encoder
from wfa.encoders.models.small import Config as SmallConfig
from wfa.encoders.models.small import Small
from wfa.errors import ConfigError
from wfa.model.texts import TextFeatures, TextSide
from wfa.plugins import registry as plugins

CAPTIONS = (
    ("A wide river.", "a wide  river", "two boats on it", "A wide river."),  # one caption twice
    ("a runway",),
    ("two red cars", "a wide river!", "three trees beside a road and a long white wall"),
    ("a runway", "Two boats on it"),
)
TECHNIQUES = plugins.names("aggregation")


class Counted(Encoder):
    """A small encoder that counts how often it encodes each text."""

    def __init__(self) -> None:
        super().__init__()
        self.small = Small(SmallConfig())
        self.width = self.small.width
        self.encoded: Counter[str] = Counter()
        self._texts: dict[tuple[int, ...], str] = {}

    def encode_image(self, images: Tensor) -> Tensor:
        return self.small.encode_image(images)

    def encode_text(self, tokens: Tensor) -> Tensor:
        self.encoded.update(self._texts[key(row)] for row in tokens)
        return self.small.encode_text(tokens)

    def tokenize(self, texts: Sequence[str]) -> Tensor:
        tokens = self.small.tokenize(texts)
        self._texts |= {key(row): text for row, text in zip(tokens, texts, strict=True)}
        return tokens


def key(row: Tensor) -> tuple[int, ...]:
    return tuple(token for token in row.tolist() if token)


def side(name: str, **options: Any) -> TextSide:
    torch.manual_seed(0)
    encoder = Counted()
    technique = plugins.plugin_class("aggregation", name)
    built = technique(plugins.config_class("aggregation", name)(**options), encoder.width)
    with torch.no_grad():
        for parameter in built.parameters():
            nn.init.normal_(parameter)
    return TextSide(encoder.eval(), built.eval(), torch.device("cpu"))


def one_by_one(of: TextSide, images: Sequence[Sequence[str]]) -> tuple[list[Tensor], list[str]]:
    """Aggregate each image by itself, each of its texts encoded by itself."""
    spelling: dict[str, str] = {}  # folded caption -> the first that is so once folded
    for caption in (caption for own in images for caption in own):
        spelling.setdefault(fold(caption), caption)
    features: list[Tensor] = []
    drawn: list[str] = []
    for captions in images:
        weights = type(of.aggregation).prior_weights(of.aggregation.options, [captions])
        texts, weights = TextHalf.of(of.aggregation).draw(captions, weights)
        alone = []
        for text in texts:
            encoded = spelling[fold(text)] if text in captions else text
            assert isinstance(of.encoder, Counted)
            alone.append(of.encoder.small.encode_text(of.encoder.small.tokenize([encoded]))[0])
        prior = torch.from_numpy(weights).float()
        index = torch.zeros(len(texts), dtype=torch.int64)
        features.append(of.aggregation.aggregate(torch.stack(alone), index, prior).text_features[0])
        drawn += texts
    return features, drawn


@pytest.mark.parametrize("batch_size", [1, 3, 256])
@pytest.mark.parametrize("name", TECHNIQUES)
@torch.inference_mode()
def test_equals_the_loop_and_encodes_each_distinct_text_once(name: str, batch_size: int) -> None:
    of = side(name)
    expected, drawn = one_by_one(of, CAPTIONS)
    flat = [caption for own in CAPTIONS for caption in own]
    features = TextFeatures(of, flat, batch_size=batch_size)
    found = features.query(CAPTIONS)
    torch.testing.assert_close(found.text_features, torch.stack(expected), atol=1e-5, rtol=0)
    assert found.texts == drawn
    ends = np.cumsum([len(one_by_one(of, [own])[1]) for own in CAPTIONS])
    for weights in np.split(found.weights.numpy(), ends[:-1]):
        assert weights.sum() == pytest.approx(1, abs=1e-6)

    assert isinstance(of.encoder, Counted)
    assert set(of.encoder.encoded.values()) == {1}
    # Of captions that are equal once folded the first, within an image and between images.
    first = {fold(caption): caption for caption in reversed(flat)}
    wanted = {first[fold(text)] if text in flat else text for text in drawn}
    assert set(of.encoder.encoded) == wanted
    features.of(flat)
    assert set(of.encoder.encoded) == wanted | set(first.values())
    assert set(of.encoder.encoded.values()) == {1}


def test_a_caption_has_the_feature_of_the_first_that_is_equal_once_folded() -> None:
    of = side("mean")
    flat = [caption for own in CAPTIONS for caption in own]
    features = TextFeatures(of, flat)
    same = [flat.index(next(c for c in flat if fold(c) == fold(caption))) for caption in flat]
    found = features.of(flat)
    assert torch.equal(found, found[same])
    for place, caption in enumerate(flat):
        if same[place] == place:
            torch.testing.assert_close(found[place], of.encode([caption])[0], atol=1e-6, rtol=0)
    assert [fold(flat[k]) == fold(flat[0]) for k in range(len(flat))] == (
        features.caption_ids == features.caption_ids[0]
    ).tolist()


@pytest.mark.parametrize("name", ["mean", "uniqueness", "concat"])
def test_features_that_are_known_are_not_computed_again(name: str) -> None:
    of = side(name)
    flat = [caption for own in CAPTIONS for caption in own]
    known = TextFeatures(of, flat).of(flat)
    assert isinstance(of.encoder, Counted)
    of.encoder.encoded.clear()
    found = TextFeatures(of, flat, features=known).query(CAPTIONS)
    expected, texts = one_by_one(of, CAPTIONS)
    torch.testing.assert_close(found.text_features, torch.stack(expected), atol=1e-5, rtol=0)
    assert set(of.encoder.encoded) == set(texts) - set(flat)


@pytest.mark.parametrize("name", TECHNIQUES)
@torch.inference_mode()
def test_a_query_alone_is_as_an_image_alone(name: str) -> None:
    of = side(name)
    for captions in CAPTIONS:
        (expected,), texts = one_by_one(of, [captions])
        query = of.query([captions])
        torch.testing.assert_close(query.text_features[0], expected, atol=1e-5, rtol=0)
        assert query.texts == texts
        assert query.weights.sum().item() == pytest.approx(1, abs=1e-6)


def test_weights_by_text_and_by_their_number_alone_differ() -> None:
    by_text = side("uniqueness").query(CAPTIONS[:1])
    assert by_text.weights[2] > by_text.weights[0]
    assert side("mean").query(CAPTIONS[:1]).weights.tolist() == [0.25] * 4


def test_another_technique_encodes_with_the_same_tower() -> None:
    of = side("attention")
    found = of.with_technique("mean").query(CAPTIONS)
    expected, _ = one_by_one(side("mean"), CAPTIONS)
    torch.testing.assert_close(found.text_features, torch.stack(expected), atol=1e-5, rtol=0)
    with pytest.raises(ConfigError, match="did you mean 'mean'"):
        of.with_technique("means")


def test_encoded_in_parts_as_whole_and_in_order() -> None:
    of = side("mean")
    texts = ["one two three four", "one", "one two", "three"]
    whole = of.encode(texts)
    torch.testing.assert_close(whole.norm(dim=1), torch.ones(4))
    for size in (1, 3):
        torch.testing.assert_close(of.encode(texts, batch_size=size), whole, atol=1e-6, rtol=0)
    torch.testing.assert_close(of.encode(texts[::-1]), whole.flip(0), atol=1e-6, rtol=0)

    def shouted(some: Sequence[str]) -> Tensor:
        return of.encoder.tokenize([f"{text} four" for text in some])

    torch.testing.assert_close(of.encode(["one two three"], shouted), whole[:1], atol=1e-6, rtol=0)


def test_training_gives_each_caption_the_gradient_of_its_own_tokens() -> None:
    """Encoded once and taken twice is, for the gradient too, encoded twice."""
    of = side("uniqueness")
    half = TextHalf.of(of.aggregation)
    texts = ragged_texts([half.draw(own, half.weigh([own])) for own in CAPTIONS])
    assert len(texts.distinct) < len(texts.text_index)
    width = of.encoder.width
    once = torch.randn(len(texts.distinct), width, dtype=torch.float64, requires_grad=True)
    each = once.detach()[texts.text_index].requires_grad_()
    prior = texts.prior.double()
    towards = torch.randn(len(CAPTIONS), width, dtype=torch.float64)
    made = of.aggregate(once, texts.text_index, texts.image_index, prior)
    apart = of.aggregation.aggregate(each, texts.image_index, prior)
    torch.testing.assert_close(made.text_features, apart.text_features)
    (gradient,) = torch.autograd.grad((made.text_features * towards).sum(), once)
    (alone,) = torch.autograd.grad((apart.text_features * towards).sum(), each)
    summed = torch.zeros_like(once).index_add(0, texts.text_index, alone)
    torch.testing.assert_close(gradient, summed)
    # By hand: the mixture of the unit features of the first image, brought to length 1.
    own = texts.image_index == 0
    unit = functional.normalize(once.detach()[texts.text_index[own]], dim=1)
    mixed = functional.normalize((prior[own, None] * unit).sum(dim=0), dim=0)
    torch.testing.assert_close(made.text_features[0].detach(), mixed)
