"""Tempering by hand, caption dropout by its frequencies, and which techniques weigh by text."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest

from wfa.aggregation.base import Aggregation
from wfa.aggregation.caption_draws import AggregationConfig, Weights, tempered
from wfa.aggregation.text_half import TextHalf
from wfa.plugins import registry as plugins


def test_tempering_by_hand() -> None:
    prior = np.array([0.1, 0.2, 0.7])
    np.testing.assert_allclose(tempered(prior, 1.0), prior)
    np.testing.assert_allclose(tempered(prior, 0.5), np.array([1, 4, 49]) / 54)
    np.testing.assert_allclose(tempered(prior, 1e9), np.full(3, 1 / 3), atol=1e-8)
    np.testing.assert_allclose(tempered(prior, 1e-4), [0, 0, 1])
    np.testing.assert_allclose(tempered(np.zeros(4), 0.5), np.full(4, 0.25))


def test_dropout_keeps_each_caption_by_chance_and_renormalises() -> None:
    captions, prior = ["a", "b", "c"], np.array([0.2, 0.3, 0.5])
    options = AggregationConfig(caption_dropout=0.4)
    rng = np.random.default_rng(0)
    kept = np.zeros(3)
    for _ in range(4000):
        texts, weights = TextHalf(Aggregation, options).draw(captions, prior, rng)
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
    half = TextHalf(Aggregation, options)
    captions, prior = ["a", "b", "c", "d", "e"], np.full(5, 0.2)
    rng = np.random.default_rng(1)
    for progress, dropped in zip((0.0, 0.5, 1.0), shares, strict=True):
        kept = sum(len(half.draw(captions, prior, rng, progress)[0]) for _ in range(4000))
        # Five coins, and one caption where all five say no.
        assert kept / 4000 == pytest.approx(5 * (1 - dropped) + dropped**5, abs=0.08)


def test_nothing_is_dropped_outside_training() -> None:
    options = AggregationConfig(caption_dropout=0.9)
    texts, weights = TextHalf(Aggregation, options).draw(["a", "b"], np.array([0.1, 0.9]), None)
    assert list(texts) == ["a", "b"]
    np.testing.assert_allclose(weights, [0.1, 0.9])


def test_the_techniques_that_weigh_by_text_are_those_with_weights_of_their_own() -> None:
    names = plugins.names("aggregation")
    weighing = {n for n in names if plugins.plugin_class("aggregation", n).weighs_text}
    assert weighing == {"uniqueness", "uniqueness_sampling"}


def test_a_technique_is_known_to_weigh_by_its_prior_weights() -> None:
    class Longest(Aggregation):
        @classmethod
        def prior_weights(cls, options: Any, captions: Sequence[Sequence[str]]) -> Weights:
            longest = [[float(text == max(own, key=len)) for text in own] for own in captions]
            return np.concatenate([np.array(own) / sum(own) for own in longest])

    class Inherits(Longest):
        pass

    assert not Aggregation.weighs_text
    assert Longest.weighs_text
    assert Inherits.weighs_text
    weights = TextHalf(Inherits, AggregationConfig()).weigh([["a", "abc"], ["b"]])
    assert weights.tolist() == [0.0, 1.0, 1.0]
