"""The model as a whole against its parts called by hand."""

import math
from collections.abc import Sequence
from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional

from wfa.data.batch import Batch
from wfa.encoders.encoder import Encoder
from wfa.model import clip
from wfa.model.clip import MultiCaptionCLIP
from wfa.model.shared_captions import shared_share
from wfa.plugins import registry as plugins

WIDTH = 8


class LinearTowers(Encoder):
    """Linear towers that count the texts they are given."""

    width = WIDTH
    context_length = 4

    def __init__(self) -> None:
        super().__init__()
        self.image, self.text = nn.Linear(6, WIDTH), nn.Embedding(10, WIDTH)
        self.encoded: list[int] = []

    def encode_image(self, images: Tensor) -> Tensor:
        return self.image(images)  # type: ignore[no-any-return]

    def encode_text(self, tokens: Tensor) -> Tensor:
        self.encoded.append(len(tokens))
        features: Tensor = self.text(tokens)
        return features.mean(dim=1)

    def tokenize(self, texts: Sequence[str]) -> Tensor:
        return torch.tensor([[len(text) % 10] * self.context_length for text in texts])


def build(
    aggregation: str = "mean",
    loss: str = "info_nce",
    pretrained: float | None = None,
    **loss_options: Any,
) -> MultiCaptionCLIP:
    torch.manual_seed(0)
    encoder = LinearTowers()
    encoder.initial_logit_scale = pretrained
    return MultiCaptionCLIP(
        encoder,
        plugins.plugin_class("aggregation", aggregation)(
            plugins.config_class("aggregation", aggregation)(), WIDTH
        ),
        plugins.plugin_class("loss", loss)(plugins.config_class("loss", loss)(**loss_options)),
    )


def batch() -> Batch:
    """Three images with 3, 1 and 2 captions out of four distinct texts."""
    random = torch.Generator().manual_seed(0)
    return Batch(
        images=torch.randn(3, 6, generator=random),
        tokens=torch.randint(10, (4, 4), generator=random),
        text_index=torch.tensor([0, 1, 0, 2, 3, 1]),
        image_index=torch.tensor([0, 0, 0, 1, 2, 2]),
        prior=torch.tensor([0.5, 0.25, 0.25, 1.0, 0.5, 0.5]),
        caption_ids=torch.tensor([10, 11, 10, 12, 13, 11]),
        all_caption_ids=torch.tensor([10, 11, 10, 12, 13, 11, 10]),
        all_image_index=torch.tensor([0, 0, 0, 1, 2, 2, 1]),
        rows=torch.arange(3),
    )


@pytest.mark.parametrize("aggregation", plugins.names("aggregation"))
@pytest.mark.parametrize("loss", plugins.names("loss"))
def test_every_technique_with_every_loss(aggregation: str, loss: str) -> None:
    model = build(aggregation, loss, shared="share")
    out = model(batch())
    assert out.loss.isfinite()
    assert out.image_features.shape == (3, WIDTH)
    assert out.text_features.shape == (len(out.owner), WIDTH)
    torch.autograd.backward(out.loss)
    grads = {name: parameter.grad for name, parameter in model.named_parameters()}
    assert all(grad is not None and grad.isfinite().all() for grad in grads.values())


def test_forward_by_hand() -> None:
    model, given = build(), batch()
    out = model(given)
    assert model.get_submodule("encoder").encoded == [4]
    image_features = functional.normalize(model.encoder.encode_image(given.images), dim=-1)
    each = functional.normalize(model.encoder.encode_text(given.tokens), dim=-1)
    captions = each[given.text_index]
    texts = functional.normalize(
        torch.stack(
            [
                0.5 * captions[0] + 0.25 * captions[1] + 0.25 * captions[2],
                captions[3],
                0.5 * captions[4] + 0.5 * captions[5],
            ]
        ),
        dim=-1,
    )
    torch.testing.assert_close(out.image_features, image_features)
    torch.testing.assert_close(out.text_features, texts)
    logits = texts @ image_features.T / 0.07
    expected = (
        functional.cross_entropy(logits, torch.arange(3))
        + functional.cross_entropy(logits.T, torch.arange(3))
    ) / 2
    torch.testing.assert_close(out.loss, expected)
    torch.testing.assert_close(out.weights, given.prior)
    assert out.logit_scale == pytest.approx(1 / 0.07)


def test_the_loss_is_given_the_shares_it_wants() -> None:
    given = batch()
    model = build("pairs", shared="share")
    out = model(given)
    shared = shared_share(
        given.caption_ids,
        torch.ones(6),
        torch.arange(6),
        given.all_caption_ids,
        given.all_image_index,
        given.image_index,
        3,
    )
    # Text 0 is image 0's and borne by image 1; text 1 by image 2; text 5 by image 0.
    assert shared.nonzero().tolist() == [[0, 1], [1, 2], [2, 1], [5, 0]]
    expected = model.loss(
        out.image_features, out.text_features, out.owner, shared, out.logit_scale, None
    )
    torch.testing.assert_close(out.loss, expected)


def test_shares_are_not_computed_when_not_wanted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(clip, "shared_share")
    assert build(shared="keep")(batch()).loss.isfinite()


@pytest.mark.parametrize(
    ("loss", "pretrained", "options", "expected"),
    [
        ("info_nce", None, {}, math.log(1 / 0.07)),
        ("sigmoid", None, {}, math.log(10)),
        ("info_nce", 3.0, {}, 3.0),
        ("info_nce", 3.0, {"initial_logit_scale": 2.0}, 2.0),
        ("info_nce", 9.0, {}, math.log(100)),
        ("sigmoid", 4.76, {}, 4.76),
    ],
)
def test_where_the_temperature_starts(
    loss: str, pretrained: float | None, options: dict[str, Any], expected: float
) -> None:
    model = build(loss=loss, pretrained=pretrained, **options)
    assert float(model.logit_scale.detach()) == pytest.approx(expected)


def test_only_the_sigmoid_loss_has_a_bias() -> None:
    assert build().logit_bias is None
    bias = build(loss="sigmoid", initial_logit_bias=-3.0).logit_bias
    assert bias is not None
    assert float(bias.detach()) == -3.0


@pytest.mark.parametrize(("outside", "used"), [(9.0, 50.0), (-2.0, 1.0)])
def test_the_temperature_is_clamped_on_use_and_after_the_step(outside: float, used: float) -> None:
    model = build(logit_scale_max=50.0)
    with torch.no_grad():
        model.logit_scale.fill_(outside)
    assert model(batch()).logit_scale == pytest.approx(used)
    model.clamp_logit_scale()
    assert float(model.logit_scale.detach().exp()) == pytest.approx(used)
    torch.autograd.backward(model(batch()).loss)
    assert model.logit_scale.grad is not None
    assert model.logit_scale.grad != 0


def test_outside_training_captions_are_aggregated_as_a_query_is() -> None:
    model, given = build("image_attention").eval(), batch()
    with torch.no_grad():
        for parameter in model.aggregation.parameters():
            nn.init.normal_(parameter)
        out = model(given)
        query = model.aggregation.aggregate(
            model.encode_text(given.tokens)[given.text_index], given.image_index, given.prior
        )
    torch.testing.assert_close(out.text_features, query.text_features)


def test_autocast_leaves_features_and_loss_in_float32() -> None:
    with torch.autocast("cpu", torch.bfloat16):
        out = build("attention")(batch())
    assert out.image_features.dtype == out.text_features.dtype == torch.float32
    assert out.loss.dtype == torch.float32
    torch.autograd.backward(out.loss)


def test_a_training_step_lowers_the_loss() -> None:
    model, given = build("attention"), batch()
    optimizer = torch.optim.SGD(model.parameters(), lr=1e-3)
    first = model(given).loss
    torch.autograd.backward(first)
    optimizer.step()
    assert model(given).loss < first
