"""The contract of every technique; a new file in the plug-in folder is tested by itself."""

import pickle
from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor, nn
from torch.nn import functional

from wfa.aggregation.base import Aggregated, Aggregation
from wfa.aggregation.text_half import TextHalf
from wfa.errors import ConfigError
from wfa.plugins import registry as plugins
from wfa.testing import check_aggregation

NAMES = plugins.names("aggregation")
WIDTH = 16
COUNTS = [3, 1, 5, 2]

counts_strategy = st.lists(st.integers(1, 5), min_size=1, max_size=5)
seeds = st.integers(0, 2**32 - 1)
captions_strategy = st.lists(
    st.sampled_from(["a plane", "two planes", "A plane .", "many green trees", "grass", "."]),
    min_size=1,
    max_size=6,
)
technique = pytest.mark.parametrize("name", NAMES)
in_training = pytest.mark.parametrize("training", [True, False])


def build(name: str, training: bool = False, **options: Any) -> Aggregation:
    """Make a technique whose learned parameters are not at their start."""
    torch.manual_seed(0)
    config = plugins.config_class("aggregation", name)(**options)
    module: Aggregation = plugins.plugin_class("aggregation", name)(config, WIDTH)
    with torch.no_grad():
        for parameter in module.parameters():
            nn.init.normal_(parameter)
    return module.double().train(training)


def ragged(counts: Sequence[int], seed: int = 0) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """Make caption features, image index, prior and image features in float64."""
    random = torch.Generator().manual_seed(seed)
    index = torch.repeat_interleave(torch.tensor(counts))
    features = torch.randn(len(index), WIDTH, generator=random, dtype=torch.float64)
    raw = torch.rand(len(index), generator=random, dtype=torch.float64) + 0.01
    prior = raw / torch.zeros(len(counts), dtype=torch.float64).index_add(0, index, raw)[index]
    images = torch.randn(len(counts), WIDTH, generator=random, dtype=torch.float64)
    return features, index, prior, functional.normalize(images, dim=-1)


def run(module: Aggregation, *inputs: Tensor) -> Aggregated:
    """Call the module with the same random numbers every time."""
    torch.manual_seed(1)
    return module.aggregate(*inputs)


@technique
@in_training
@settings(max_examples=15, deadline=None)
@given(counts=counts_strategy, seed=seeds)
def test_weights_sum_to_one_and_texts_are_unit(
    name: str, training: bool, counts: list[int], seed: int
) -> None:
    out = run(build(name, training), *ragged(counts, seed))
    texts = len(out.text_features)
    assert out.text_features.shape == (texts, WIDTH)
    assert out.owner.shape == (texts,)
    assert out.weights.shape == out.text_of.shape == (sum(counts),)
    assert (out.weights >= 0).all()
    total = torch.zeros(texts, dtype=torch.float64).index_add(0, out.text_of, out.weights)
    torch.testing.assert_close(total, torch.ones_like(total))
    length = out.text_features.norm(dim=-1)
    torch.testing.assert_close(length, torch.ones_like(length))
    index = torch.repeat_interleave(torch.tensor(counts))
    assert torch.equal(out.owner[out.text_of], index)
    if not training:
        assert torch.equal(out.owner, torch.arange(len(counts)))


@technique
@in_training
@settings(max_examples=15, deadline=None)
@given(counts=counts_strategy, seed=seeds)
def test_follows_a_permutation_of_the_captions(
    name: str, training: bool, counts: list[int], seed: int
) -> None:
    module = build(name, training)
    features, index, prior, images = ragged(counts, seed)
    # Any order within the images: shuffle all, then sort by image without touching ties.
    shuffled = torch.randperm(len(index), generator=torch.Generator().manual_seed(seed % 1000))
    order = shuffled[torch.argsort(index[shuffled], stable=True)]
    straight = run(module, features, index, prior, images)
    moved = run(module, features[order], index, prior[order], images)
    torch.testing.assert_close(moved.weights, straight.weights[order])
    torch.testing.assert_close(
        moved.text_features[moved.text_of], straight.text_features[straight.text_of][order]
    )


@technique
@in_training
def test_single_caption_is_given_back_as_it_is(name: str, training: bool) -> None:
    features, index, prior, images = ragged([1] * 6)
    out = run(build(name, training), features, index, prior, images)
    torch.testing.assert_close(out.text_features, functional.normalize(features, dim=-1))
    torch.testing.assert_close(out.weights, torch.ones(6, dtype=torch.float64))


@technique
@in_training
@pytest.mark.parametrize("scale", [1e-6, 1.0, 1e6])
def test_equal_captions_stay_finite(name: str, training: bool, scale: float) -> None:
    features, index, prior, images = ragged(COUNTS)
    equal = (scale * features[:1].repeat(len(features), 1)).requires_grad_()
    out = run(build(name, training), equal, index, prior, images)
    for value in (out.text_features, out.weights):
        assert value.isfinite().all()
    torch.testing.assert_close(
        out.text_features.detach(),
        functional.normalize(features[:1], dim=-1).expand_as(out.text_features),
    )
    torch.autograd.backward(out.text_features.square().sum())
    assert equal.grad is not None
    assert equal.grad.isfinite().all()


@technique
def test_gradients_reach_parameters_and_features(name: str) -> None:
    module = build(name, training=True)
    features, index, prior, images = ragged([3, 2, 5, 4, 2, 3, 4, 5])
    features.requires_grad_()
    out = run(module, features, index, prior, images)
    target = torch.randn(WIDTH, dtype=torch.float64, generator=torch.Generator().manual_seed(3))
    torch.autograd.backward((out.text_features @ target).square().sum())
    for label, tensor in [("features", features), *module.named_parameters()]:
        assert tensor.grad is not None, label
        assert tensor.grad.isfinite().all(), label
        assert tensor.grad.abs().sum() > 0, label
    assert features.grad is not None
    assert (features.grad.abs().sum(dim=1) > 0)[out.weights > 0].all()


@technique
@pytest.mark.parametrize("with_images", [True, False])
def test_batch_equals_a_loop_over_images(name: str, with_images: bool) -> None:
    module = build(name)
    features, index, prior, images = ragged(COUNTS)
    together = module.aggregate(features, index, prior, images if with_images else None)
    for image in range(len(COUNTS)):
        own = index == image
        alone = module.aggregate(
            features[own],
            torch.zeros(COUNTS[image], dtype=torch.int64),
            prior[own],
            images[image : image + 1] if with_images else None,
        )
        torch.testing.assert_close(alone.text_features[0], together.text_features[image])
        torch.testing.assert_close(alone.weights, together.weights[own])


@technique
def test_outside_training_the_image_changes_nothing(name: str) -> None:
    module = build(name)
    features, index, prior, images = ragged(COUNTS)
    with_image = module.aggregate(features, index, prior, images)
    without = module.aggregate(features, index, prior)
    assert torch.equal(with_image.text_features, without.text_features)


@technique
@in_training
def test_half_precision_features_are_aggregated_in_float32(name: str, training: bool) -> None:
    features, index, prior, images = ragged(COUNTS)
    module = build(name, training).float()
    half = features.bfloat16()
    with torch.autocast("cpu", torch.bfloat16):
        out = run(module, half, index, prior.float(), images.bfloat16())
    wide = run(module, half.float(), index, prior.float(), images.bfloat16().float())
    assert out.text_features.dtype == out.weights.dtype == torch.float32
    assert torch.equal(out.text_features, wide.text_features)
    assert torch.equal(out.weights, wide.weights)


@technique
@settings(max_examples=40, deadline=None)
@given(
    captions=captions_strategy,
    seed=st.none() | seeds,
    dropout=st.sampled_from([0.0, 0.5, 0.99]),
    temperature=st.sampled_from([1e-3, 0.5, 1.0, 7.0]),
    raw=st.lists(st.sampled_from([0.0, 1e-9, 0.3, 1.0]), min_size=6, max_size=6),
)
def test_draw(
    name: str,
    captions: list[str],
    seed: int | None,
    dropout: float,
    temperature: float,
    raw: list[float],
) -> None:
    technique = build(name, caption_dropout=dropout, prior_temperature=temperature)
    draw = TextHalf.of(technique).draw
    prior = np.array(raw[: len(captions)])
    prior = prior / prior.sum() if prior.sum() > 0 else np.full(len(captions), 1 / len(captions))

    def once() -> tuple[Sequence[str], list[float]]:
        texts, weights = draw(
            captions, prior, None if seed is None else np.random.default_rng(seed)
        )
        return list(texts), weights.tolist()

    texts, weights = once()
    assert once() == (texts, weights)
    assert len(texts) == len(weights) > 0
    assert all(isinstance(text, str) and text for text in texts)
    assert min(weights) >= 0.0
    assert sum(weights) == pytest.approx(1.0)
    if len(captions) == 1:
        assert (texts, weights) == (captions, [1.0])


@technique
def test_outside_training_every_caption_is_told(name: str) -> None:
    captions = ["a white plane", "two red cars", "a long runway"]
    half = TextHalf.of(build(name, caption_dropout=0.9))
    texts, _ = half.draw(captions, np.full(3, 1 / 3), None)
    assert all(caption in " ".join(texts) for caption in captions)


@technique
def test_the_text_half_travels_to_worker_processes(name: str) -> None:
    half = TextHalf.of(build(name, caption_dropout=0.3))
    pickled = pickle.dumps(half)
    assert len(pickled) < 1000
    sent = pickle.loads(pickled)  # noqa: S301 - what a DataLoader does
    captions, prior = ["a plane", "two planes", "grass"], np.full(3, 1 / 3)
    here = half.draw(captions, prior, np.random.default_rng(4))
    there = sent.draw(captions, prior, np.random.default_rng(4))
    assert list(here[0]) == list(there[0])
    assert here[1].tolist() == there[1].tolist()


@technique
def test_prior_weights_sum_to_one_for_each_image(name: str) -> None:
    captions = [
        ("a plane is parked", "a plane is parked", "there is grass beside the road"),
        ("one caption",),
        ("same", "same"),
        ("a river", "a wide river with a bridge", "a bridge", "many cars on a bridge"),
    ]
    weights = TextHalf.of(build(name)).weigh(captions)
    assert weights.shape == (10,)
    assert (weights >= 0).all()
    ends = np.cumsum([len(one) for one in captions])[:-1]
    assert [part.sum() for part in np.split(weights, ends)] == pytest.approx([1.0] * 4)
    if not build(name).weighs_text:
        expected = np.repeat([1 / 3, 1.0, 1 / 2, 1 / 4], [3, 1, 2, 4])
        np.testing.assert_allclose(weights, expected, rtol=1e-15)


@technique
@pytest.mark.parametrize(
    ("option", "value"),
    [
        ("caption_dropout", -0.1),
        ("caption_dropout", 1.0),
        ("caption_dropout", float("nan")),
        ("caption_dropout_end", -0.1),
        ("caption_dropout_end", 1.0),
        ("caption_dropout_end", float("nan")),
        ("prior_temperature", 0.0),
        ("prior_temperature", float("inf")),
    ],
)
def test_shared_options_are_checked(name: str, option: str, value: float) -> None:
    with pytest.raises(ConfigError, match=f"aggregation.{option}"):
        plugins.config_class("aggregation", name)(**{option: value})


@technique
@pytest.mark.parametrize("options", [{}, {"caption_dropout": 0.6}, {"prior_temperature": 0.3}])
def test_the_contract_that_plug_in_authors_are_given(name: str, options: dict[str, Any]) -> None:
    check_aggregation(plugins.plugin_class("aggregation", name), **options)
