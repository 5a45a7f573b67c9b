"""What each technique does of its own, against formulas written out."""

from collections import Counter
from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

from wfa.aggregation.base import Aggregation
from wfa.aggregation.techniques import (
    attention,
    concat,
    image_attention,
    max_pool,
    mean,
    pairs,
    single,
)
from wfa.aggregation.text_half import TextHalf
from wfa.errors import ConfigError
from wfa.plugins import registry as plugins

WIDTH = 8
INDEX = torch.tensor([0, 0, 0, 1, 2, 2])


def features(seed: int = 0) -> Tensor:
    random = torch.Generator().manual_seed(seed)
    values = torch.randn(6, WIDTH, generator=random, dtype=torch.float64)
    return functional.normalize(values, dim=-1)


def images() -> Tensor:
    return features(7)[:3]


def uniform() -> Tensor:
    return torch.tensor([1 / 3] * 3 + [1.0] + [0.5] * 2, dtype=torch.float64)


def randomised(module: Aggregation) -> Aggregation:
    torch.manual_seed(0)
    with torch.no_grad():
        for parameter in module.parameters():
            nn.init.normal_(parameter)
    return module.double()


def drawn(name: str, prior: list[float], times: int, **options: Any) -> Counter[tuple[str, ...]]:
    """Count what a technique draws for captions a, b, c, ... in training."""
    config = plugins.config_class("aggregation", name)(**options)
    half = TextHalf(plugins.plugin_class("aggregation", name), config)
    captions = [chr(ord("a") + k) for k in range(len(prior))]
    rng = np.random.default_rng(0)
    weights: NDArray[np.float64] = np.array(prior)
    return Counter(tuple(sorted(half.draw(captions, weights, rng)[0])) for _ in range(times))


def test_mean_is_the_mean() -> None:
    out = mean.Mean(mean.Config(), WIDTH)(3.0 * features(), INDEX, uniform())
    for image in range(3):
        expected = functional.normalize(features()[image == INDEX].mean(dim=0), dim=0)
        torch.testing.assert_close(out.text_features[image], expected)


def test_weights_enter_by_the_formula() -> None:
    prior = torch.tensor([0.2, 0.3, 0.5, 1.0, 0.9, 0.1], dtype=torch.float64)
    out = mean.Mean(mean.Config(), WIDTH)(features(), INDEX, prior)
    expected = 0.2 * features()[0] + 0.3 * features()[1] + 0.5 * features()[2]
    torch.testing.assert_close(out.text_features[0], expected / expected.norm())


def test_single_draws_each_caption_equally_often() -> None:
    counts = drawn("single", [0.25] * 4, 4000)
    assert set(counts) == {("a",), ("b",), ("c",), ("d",)}
    assert all(abs(count / 4000 - 0.25) < 0.03 for count in counts.values())


def test_single_gives_all_captions_outside_training() -> None:
    texts, weights = TextHalf(single.Single, single.Config()).draw(["a", "b"], np.full(2, 0.5))
    assert list(texts) == ["a", "b"]
    assert weights.tolist() == [0.5, 0.5]


def test_pairs_gives_every_caption_its_own_text_in_training() -> None:
    module = pairs.Pairs(pairs.Config(), WIDTH).train()
    out = module.aggregate(features(), INDEX, uniform(), images())
    torch.testing.assert_close(out.text_features, features())
    assert torch.equal(out.owner, INDEX)
    assert torch.equal(out.text_of, torch.arange(6))
    assert torch.equal(out.weights, torch.ones(6, dtype=torch.float64))
    queries = module.eval()(features(), INDEX, uniform())
    average = mean.Mean(mean.Config(), WIDTH)(features(), INDEX, uniform())
    torch.testing.assert_close(queries.text_features, average.text_features)


def test_max_pool_by_hand() -> None:
    unit = torch.tensor([[0.6, 0.8, 0.0], [0.8, 0.6, 0.0], [0.0, 0.0, 1.0]])
    module = max_pool.MaxPool(max_pool.Config(), 3)
    out = module.aggregate(unit, torch.tensor([0, 0, 1]), torch.tensor([0.5, 0.5, 1.0]))
    torch.testing.assert_close(
        out.text_features[0], functional.normalize(torch.tensor([0.8, 0.8, 0.0]), dim=0)
    )
    # One dimension each, and the third is shared: (1 + 1/2) / 3.
    torch.testing.assert_close(out.weights, torch.tensor([0.5, 0.5, 1.0]))


def test_max_pool_weights_are_shares_of_dimensions() -> None:
    out = max_pool.MaxPool(max_pool.Config(), WIDTH)(features(), INDEX, uniform())
    winner = features()[:3].argmax(dim=0)
    for caption in range(3):
        assert out.weights[caption] == pytest.approx(float((winner == caption).sum()) / WIDTH)


@pytest.mark.parametrize("kind", attention.KINDS)
def test_attention_starts_as_the_mean(kind: str) -> None:
    module = attention.Attention(attention.Config(kind=kind), WIDTH).double()
    out = module.aggregate(features(), INDEX, uniform(), images())
    torch.testing.assert_close(out.weights, uniform())
    torch.autograd.backward((out.text_features @ images()[0]).sum())
    assert any(p.grad is not None and p.grad.abs().sum() > 0 for p in module.parameters())


def test_attention_heads_do_not_start_alike() -> None:
    module = attention.Attention(attention.Config(heads=2), WIDTH).double()
    torch.autograd.backward(
        (module.aggregate(features(), INDEX, uniform()).text_features @ images()[0]).sum()
    )
    grad = module.get_parameter("score.query").grad
    assert grad is not None
    assert not torch.allclose(grad[0], grad[1])


@pytest.mark.parametrize("heads", [1, 2, 4])
def test_learned_query_equals_a_loop(heads: int) -> None:
    module = randomised(attention.Attention(attention.Config(heads=heads), WIDTH))
    out = module.aggregate(features(), INDEX, uniform())
    query = module.get_parameter("score.query").detach()
    share = WIDTH // heads
    for image in range(3):
        own = features()[image == INDEX]
        expected = torch.zeros(len(own), dtype=torch.float64)
        for head in range(heads):
            part = own[:, head * share : (head + 1) * share]
            scores = torch.stack([heads**0.5 * row.dot(query[head]) for row in part])
            expected += scores.softmax(dim=0) / heads
        torch.testing.assert_close(out.weights[image == INDEX].detach(), expected)


def test_additive_attention_equals_a_loop() -> None:
    options = attention.Config(kind="additive", hidden=5)
    module = randomised(attention.Attention(options, WIDTH))
    out = module.aggregate(features(), INDEX, uniform())
    weight, bias, value = (
        module.get_parameter(f"score.{name}").detach()
        for name in ("project.weight", "project.bias", "value.weight")
    )
    for image in range(3):
        scores = [value[0].dot(torch.tanh(weight @ f + bias)) for f in features()[image == INDEX]]
        expected = torch.stack(scores).softmax(dim=0)
        torch.testing.assert_close(out.weights[image == INDEX].detach(), expected)


@pytest.mark.parametrize(
    "options", [{"kind": "dot"}, {"heads": 0}, {"kind": "additive", "hidden": 0}]
)
def test_attention_options_are_checked(options: dict[str, Any]) -> None:
    with pytest.raises(ConfigError, match=r"aggregation\."):
        attention.Config(**options)


def test_attention_heads_must_divide_the_width() -> None:
    with pytest.raises(ConfigError, match="heads=3 does not divide the width 8"):
        attention.Attention(attention.Config(heads=3), WIDTH)


def test_image_attention_equals_a_loop_in_training() -> None:
    options = image_attention.Config(image_dropout=0.0)
    module = randomised(image_attention.ImageAttention(options, WIDTH)).train()
    out = module.aggregate(features(), INDEX, uniform(), images())
    query, project = (module.get_parameter(name).detach() for name in ("query", "project.weight"))
    for image in range(3):
        asked = query + project @ images()[image]
        expected = (features()[image == INDEX] @ asked).softmax(dim=0)
        torch.testing.assert_close(out.weights[image == INDEX].detach(), expected)


def test_image_attention_without_an_image_uses_the_learned_query() -> None:
    module = randomised(
        image_attention.ImageAttention(image_attention.Config(image_dropout=1.0), WIDTH)
    )
    query = module.get_parameter("query").detach()
    expected = (features()[:3] @ query).softmax(dim=0)
    for training, shown in [(False, None), (False, images()), (True, images()), (True, None)]:
        out = module.train(training)(features(), INDEX, uniform(), shown)
        torch.testing.assert_close(out.weights[:3].detach(), expected)


def test_image_dropout_is_for_whole_images() -> None:
    options = image_attention.Config(image_dropout=0.5)
    module = randomised(image_attention.ImageAttention(options, WIDTH)).train()
    query, project = (module.get_parameter(name).detach() for name in ("query", "project.weight"))
    index = torch.arange(200).repeat_interleave(2)
    values, shown = features()[:2].repeat(200, 1), images()[:1].repeat(200, 1)
    out = module.aggregate(values, index, torch.full((400,), 0.5, dtype=torch.float64), shown)
    blind = (features()[:2] @ query).softmax(dim=0)
    seeing = (features()[:2] @ (query + project @ images()[0])).softmax(dim=0)
    rows = out.weights.detach().view(200, 2)
    is_blind = torch.isclose(rows, blind).all(dim=1)
    assert torch.equal(is_blind, ~torch.isclose(rows, seeing).all(dim=1))
    assert 60 < int(is_blind.sum()) < 140


def test_image_dropout_is_checked() -> None:
    with pytest.raises(ConfigError, match=r"aggregation\.image_dropout"):
        image_attention.Config(image_dropout=1.5)


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ({}, "A plane . two cars"),
        ({"duplicates": "keep", "separator": " | "}, "A plane . | two cars | a plane"),
    ],
)
def test_concat_joins(options: dict[str, Any], expected: str) -> None:
    captions = ["A plane .", "two cars", "a plane"]
    for rng in (None, np.random.default_rng(0)):
        texts, weights = TextHalf(concat.Concat, concat.Config(**options)).draw(
            captions, np.full(3, 1 / 3), rng
        )
        assert list(texts) == [expected]
        assert weights.tolist() == [1.0]


def test_concat_shuffles_in_training_only() -> None:
    options, prior = concat.Config(shuffle=True), np.full(3, 1 / 3)
    rng = np.random.default_rng(0)
    joined = {TextHalf(concat.Concat, options).draw("abc", prior, rng)[0][0] for _ in range(100)}
    assert joined == {"a b c", "a c b", "b a c", "b c a", "c a b", "c b a"}
    assert TextHalf(concat.Concat, options).draw("abc", prior, None)[0] == ["a b c"]


def test_concat_drops_captions_first() -> None:
    options, prior = concat.Config(caption_dropout=0.5), np.full(3, 1 / 3)
    rng = np.random.default_rng(0)
    joined = {TextHalf(concat.Concat, options).draw("abc", prior, rng)[0][0] for _ in range(200)}
    assert joined == {"a", "b", "c", "a b", "a c", "b c", "a b c"}


def test_concat_options_are_checked() -> None:
    with pytest.raises(ConfigError, match=r"aggregation\.duplicates"):
        concat.Config(duplicates="fold")
