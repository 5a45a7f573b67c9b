"""A batch in parts: gradients of the whole, random draws repeated, what is refused."""

from collections.abc import Sequence

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from wfa.captions.folding import caption_key
from wfa.data.batch import Batch, Sample, collate
from wfa.data.dataset import ImageTextDataset
from wfa.encoders.encoder import Encoder
from wfa.encoders.models.small import Config as SmallConfig
from wfa.encoders.models.small import Small
from wfa.errors import ConfigError
from wfa.model.cached_contrast import cached_contrast, check_cached
from wfa.model.clip import MultiCaptionCLIP, Output
from wfa.plugins import registry as plugins

WORDS = ("a red roof", "two cars on a road", "a river", "a bridge over a river", "fields", "trees")


class Towers(Encoder):
    """Towers with dropout that count the rows they encode."""

    width, context_length = 8, 4

    def __init__(self, dropout: float = 0.5) -> None:
        super().__init__()
        self.image = nn.Sequential(nn.Linear(6, 16), nn.Dropout(dropout), nn.Linear(16, 8))
        self.text = nn.Sequential(
            nn.Embedding(20, 16), nn.Flatten(), nn.Dropout(dropout), nn.Linear(64, 8)
        )
        self.encoded: list[int] = []

    def encode_image(self, images: Tensor) -> Tensor:
        self.encoded.append(len(images))
        return self.image(images)  # type: ignore[no-any-return]

    def encode_text(self, tokens: Tensor) -> Tensor:
        return self.text(tokens)  # type: ignore[no-any-return]

    def tokenize(self, texts: Sequence[str]) -> Tensor:
        return torch.tensor([[len(text) % 20, ord(text[0]) % 20, 0, 1] for text in texts])


class Noise:
    """Inputs of the small model: images of noise, real texts."""

    def __init__(self, encoder: Encoder, shape: tuple[int, ...]) -> None:
        self._encoder, self._shape = encoder, shape

    def image(self, index: int, rng: np.random.Generator | None) -> Tensor:
        return torch.randn(self._shape, generator=torch.Generator().manual_seed(index))

    def texts(self, texts: Sequence[str]) -> Tensor:
        return self._encoder.tokenize(texts)


def vit() -> Small:
    sizes = SmallConfig(
        image_size=16, image_tower="vit", patch_size=8, image_width=32, image_layers=1,
        text_width=32, text_layers=2, context_length=8, embed_dim=16,
    )  # fmt: skip
    return Small(sizes)


def build(
    encoder: Encoder, aggregation: str = "mean", loss: str = "info_nce", shared: str = "keep"
) -> MultiCaptionCLIP:
    model = MultiCaptionCLIP(
        encoder,
        plugins.plugin_class("aggregation", aggregation)(
            plugins.config_class("aggregation", aggregation)(), encoder.width
        ),
        plugins.plugin_class("loss", loss)(plugins.config_class("loss", loss)(shared=shared)),
    )
    with torch.no_grad():
        for parameter in model.aggregation.parameters():
            nn.init.normal_(parameter)
    return model


def ragged_batch(encoder: Encoder, shape: tuple[int, ...], images: int = 7) -> Batch:
    """One to four captions an image, many of them shared between images."""
    rng = np.random.default_rng(0)
    samples = []
    for row in range(images):
        own = [WORDS[place] for place in rng.integers(0, len(WORDS), rng.integers(1, 5))]
        ids = list(map(caption_key, own))
        weights = np.full(len(own), 1.0 / len(own))
        samples.append(Sample(row, Noise(encoder, shape).image(row, None), (own, weights), ids,
                              np.array(ids)))  # fmt: skip
    return collate(samples, Noise(encoder, shape))


def gradients(model: MultiCaptionCLIP, output: Output) -> dict[str, Tensor]:
    model.zero_grad()
    torch.autograd.backward(output.loss)
    return {name: p.grad.clone() for name, p in model.named_parameters() if p.grad is not None}


def assert_equal(found: dict[str, Tensor], wanted: dict[str, Tensor]) -> None:
    assert found.keys() == wanted.keys()
    for name, gradient in wanted.items():
        tolerance = 1e-5 * max(1.0, float(gradient.abs().max()))
        torch.testing.assert_close(found[name], gradient, rtol=0, atol=tolerance, msg=name)


@pytest.mark.parametrize("aggregation", plugins.names("aggregation"))
@pytest.mark.parametrize("loss", plugins.names("loss"))
@pytest.mark.parametrize("shared", ["keep", "share"])
def test_gradients_are_those_of_the_whole_batch(aggregation: str, loss: str, shared: str) -> None:
    torch.manual_seed(0)
    model = build(vit(), aggregation, loss, shared)
    batch = ragged_batch(model.encoder, (3, 16, 16))
    model.aggregation.begin_step(3, batch.rows)
    whole = model(batch)
    wanted = gradients(model, whole)
    assert len(wanted) == sum(p.requires_grad for p in model.parameters())
    cached = cached_contrast(model, batch, micro_batch=2)
    torch.testing.assert_close(cached.loss, whole.loss)
    torch.testing.assert_close(cached.weights, whole.weights)
    assert_equal(gradients(model, cached), wanted)


@pytest.mark.parametrize("micro_batch", [1, 3, 6, 7, 100])
def test_any_size_of_part(micro_batch: int) -> None:
    model = build(Towers(dropout=0.0))
    batch = ragged_batch(model.encoder, (6,))
    wanted = gradients(model, model(batch))
    assert_equal(gradients(model, cached_contrast(model, batch, micro_batch)), wanted)


def test_what_is_drawn_at_random_is_drawn_again_alike() -> None:
    """The reference keeps the graph of every part, so that nothing is computed twice."""
    model = build(Towers())
    batch = ragged_batch(model.encoder, (6,))

    def parts_kept() -> Output:
        image, text = (
            torch.cat([encode(part) for part in rows.tensor_split(4)])
            for encode, rows in (
                (model.encode_image, batch.images), (model.encode_text, batch.tokens),
            )
        )  # fmt: skip
        return model.contrast(batch, image, text)

    torch.manual_seed(5)
    wanted = gradients(model, parts_kept())
    torch.manual_seed(5)
    output = cached_contrast(model, batch, micro_batch=2)
    torch.rand(10)  # what is drawn in between changes nothing
    assert_equal(gradients(model, output), wanted)
    torch.manual_seed(6)
    other = gradients(model, cached_contrast(model, batch, micro_batch=2))
    assert any(not torch.allclose(other[name], wanted[name]) for name in wanted)


def test_the_draws_go_on_behind_a_step_as_if_nothing_had_been_drawn_again() -> None:
    model = build(Towers())
    batch = ragged_batch(model.encoder, (6,))
    torch.manual_seed(5)
    output = cached_contrast(model, batch, micro_batch=2)
    state = torch.get_rng_state()
    torch.autograd.backward(output.loss)
    assert torch.equal(torch.get_rng_state(), state)


def test_no_more_than_a_part_is_encoded_at_once() -> None:
    towers = Towers()
    model = build(towers)
    batch = ragged_batch(towers, (6,), images=8)
    output = cached_contrast(model, batch, micro_batch=2)
    assert towers.encoded == [2, 2, 2, 2]
    torch.autograd.backward(output.loss)
    assert towers.encoded == [2] * 8
    towers.encoded.clear()
    with torch.no_grad():
        cached_contrast(model, batch, micro_batch=2)
    assert towers.encoded == [2] * 4


def test_a_batch_norm_is_refused_and_a_locked_one_is_not() -> None:
    with pytest.raises(ConfigError, match=r"train.micro_batch.*batch norm model\.visual"):
        check_cached(build(Small(SmallConfig(image_size=32))))
    check_cached(build(vit()))


def test_a_model_that_learns_of_more_than_features_is_refused() -> None:
    class Looking(MultiCaptionCLIP):
        def forward(self, batch: Batch) -> Output:
            return super().forward(batch)

        def instructions(self, dataset: ImageTextDataset, seed: int) -> None:
            return None

    class Below(Looking):
        pass

    for kind in (Looking, Below):
        model = build(Towers())
        own = kind(model.encoder, model.aggregation, model.loss)
        with pytest.raises(ConfigError, match=r"learns of more than .*train.micro_batch=0"):
            check_cached(own)
