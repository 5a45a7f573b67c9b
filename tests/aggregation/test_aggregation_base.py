"""Segment arithmetic and tempering against plain loops; caption dropout by its frequencies."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from wfa.aggregation.base import Aggregation, AggregationConfig, segment_softmax, segment_sum
from wfa.aggregation.base import tempered as temper


@settings(max_examples=30, deadline=None)
@given(
    counts=st.lists(st.integers(1, 4), min_size=1, max_size=5),
    width=st.sampled_from([None, 1, 3]),
    seed=st.integers(0, 1000),
)
def test_segments_equal_a_loop(counts: list[int], width: int | None, seed: int) -> None:
    random = torch.Generator().manual_seed(seed)
    index = torch.repeat_interleave(torch.tensor(counts))
    shape = (len(index),) if width is None else (len(index), width)
    values = torch.randn(shape, generator=random, dtype=torch.float64) * 5
    total, share = segment_sum(values, index, len(counts)), segment_softmax(values, index, 5)
    for segment in range(len(counts)):
        own = index == segment
        torch.testing.assert_close(total[segment], values[own].sum(dim=0))
        torch.testing.assert_close(share[own], values[own].softmax(dim=0))


@pytest.mark.parametrize("scale", [1e4, 1e30])
def test_segment_softmax_is_stable(scale: float) -> None:
    scores = (torch.tensor([1.0, 0.0, -1.0, 3.0, 3.0]) * scale).requires_grad_()
    share = segment_softmax(scores, torch.tensor([0, 0, 0, 1, 1]), 2)
    torch.testing.assert_close(share.detach(), torch.tensor([1.0, 0.0, 0.0, 0.5, 0.5]))
    torch.autograd.backward(share.square().sum())
    assert scores.grad is not None
    assert scores.grad.isfinite().all()


def test_segment_softmax_has_the_gradient_of_softmax() -> None:
    index = torch.tensor([0, 0, 0, 1, 2, 2])
    scores = torch.randn(6, dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradcheck(lambda s: segment_softmax(s, index, 3), (scores,))


def test_tempering_by_hand() -> None:
    prior = np.array([0.1, 0.2, 0.7])
    np.testing.assert_allclose(temper(prior, 1.0), prior)
    np.testing.assert_allclose(temper(prior, 0.5), np.array([1, 4, 49]) / 54)
    np.testing.assert_allclose(temper(prior, 1e9), np.full(3, 1 / 3), atol=1e-8)
    np.testing.assert_allclose(temper(prior, 1e-4), [0, 0, 1])
    np.testing.assert_allclose(temper(np.zeros(4), 0.5), np.full(4, 0.25))


def test_dropout_keeps_each_caption_by_chance_and_renormalises() -> None:
    captions, prior = ["a", "b", "c"], np.array([0.2, 0.3, 0.5])
    options = AggregationConfig(caption_dropout=0.4)
    rng = np.random.default_rng(0)
    kept = np.zeros(3)
    for _ in range(4000):
        texts, weights = Aggregation.draw(options, captions, prior, rng)
        expected = prior[[captions.index(text) for text in texts]]
        np.testing.assert_allclose(weights, expected / expected.sum())
        kept[[captions.index(text) for text in texts]] += 1
    # Each is kept with 0.6; all three are dropped with 0.4^3, and then one of three is kept.
    np.testing.assert_allclose(kept / 4000, 0.6 + 0.4**3 / 3, atol=0.03)


@pytest.mark.parametrize(
    ("start", "end", "shares"),
    [(0.9, 0.0, (0.9, 0.45, 0.0)), (0.0, 0.9, (0.0, 0.45, 0.9)), (0.3, None, (0.3, 0.3, 0.3))],
)
def test_dropout_moves_over_training(
    start: float, end: float | None, shares: tuple[float, float, float]
) -> None:
    options = AggregationConfig(caption_dropout=start, caption_dropout_end=end)
    captions, prior = ["a", "b", "c", "d", "e"], np.full(5, 0.2)
    rng = np.random.default_rng(1)
    for progress, dropped in zip((0.0, 0.5, 1.0), shares, strict=True):
        kept = sum(
            len(Aggregation.draw(options, captions, prior, rng, progress)[0]) for _ in range(4000)
        )
        # Five coins, and one caption where all five say no.
        assert kept / 4000 == pytest.approx(5 * (1 - dropped) + dropped**5, abs=0.08)


def test_nothing_is_dropped_outside_training() -> None:
    options = AggregationConfig(caption_dropout=0.9)
    texts, weights = Aggregation.draw(options, ["a", "b"], np.array([0.1, 0.9]), None)
    assert list(texts) == ["a", "b"]
    np.testing.assert_allclose(weights, [0.1, 0.9])
