"""Uniqueness as weights and as chances."""

from collections import Counter
from typing import Any

import numpy as np
import pytest
import sacrebleu

from wfa.aggregation.techniques import uniqueness, uniqueness_sampling
from wfa.aggregation.text_half import TextHalf
from wfa.errors import ConfigError

CAPTIONS = (
    "many green trees are beside the long straight road .",
    "many green trees are beside the short curved road .",
    "there are some small houses near a lake .",
)


def peer_uniqueness() -> np.ndarray[Any, np.dtype[np.float64]]:
    scores = [
        sacrebleu.sentence_bleu(
            caption,
            [other for other in CAPTIONS if other is not caption],
            smooth_method="exp",
            lowercase=True,
            use_effective_order=True,
        ).score
        for caption in CAPTIONS
    ]
    return 1.0 - np.array(scores) / 100.0


def prior(**options: Any) -> Any:
    return uniqueness.Uniqueness.prior_weights(uniqueness.Config(**options), [CAPTIONS])


def test_sum_equals_sacrebleu() -> None:
    u = peer_uniqueness()
    np.testing.assert_allclose(prior(), u / u.sum(), atol=1e-9)


def test_softmax_equals_sacrebleu() -> None:
    powers = np.exp(peer_uniqueness() / 0.2)
    weights = prior(normalise="softmax", temperature=0.2)
    np.testing.assert_allclose(weights, powers / powers.sum(), atol=1e-9)


def drawn(weights: list[float], times: int, **options: Any) -> Counter[tuple[str, ...]]:
    """Count the sets of captions drawn out of a, b, c, ... in training."""
    config = uniqueness_sampling.Config(**options)
    rng = np.random.default_rng(0)
    captions = "abcd"[: len(weights)]
    counts: Counter[tuple[str, ...]] = Counter()
    for _ in range(times):
        texts, shares = TextHalf(uniqueness_sampling.UniquenessSampling, config).draw(
            captions, np.array(weights), rng
        )
        assert shares.tolist() == [1 / len(texts)] * len(texts)
        counts[tuple(sorted(texts))] += 1
    return counts


def test_sampling_follows_the_weights() -> None:
    counts = drawn([0.7, 0.3, 0.0], 4000)
    assert set(counts) == {("a",), ("b",)}
    assert counts[("a",)] / 4000 == pytest.approx(0.7, abs=0.03)


def test_sampling_follows_the_tempered_weights() -> None:
    counts = drawn([0.8, 0.2], 4000, prior_temperature=0.5)
    assert counts[("a",)] / 4000 == pytest.approx(0.64 / 0.68, abs=0.03)


def test_a_subset_is_drawn_without_replacement() -> None:
    counts = drawn([0.25] * 4, 300, count=2)
    assert len(counts) == 6
    assert all(len(set(texts)) == 2 for texts in counts)


def test_a_caption_without_weight_is_never_drawn() -> None:
    assert set(drawn([0.5, 0.5, 0.0], 100, count=3)) == {("a", "b")}


def test_the_number_can_be_drawn_too() -> None:
    sizes: Counter[int] = Counter()
    for texts, times in drawn([0.25] * 4, 3000, count=3, vary=True).items():
        sizes[len(texts)] += times
    assert set(sizes) == {1, 2, 3}
    assert all(abs(times / 3000 - 1 / 3) < 0.04 for times in sizes.values())


def test_outside_training_all_captions_have_their_weights() -> None:
    half = TextHalf(uniqueness_sampling.UniquenessSampling, uniqueness_sampling.Config())
    texts, weights = half.draw(["a", "b"], np.array([0.7, 0.3]))
    assert list(texts) == ["a", "b"]
    np.testing.assert_allclose(weights, [0.7, 0.3])


@pytest.mark.parametrize(
    ("config", "options"),
    [
        (uniqueness.Config, {"normalise": "max"}),
        (uniqueness.Config, {"temperature": 0.0}),
        (uniqueness.Config, {"temperature": float("nan")}),
        (uniqueness.Config, {"reference": "first"}),
        (uniqueness.Config, {"measure": "embedding"}),
        (uniqueness.Config, {"duplicates": "drop"}),
        (uniqueness_sampling.Config, {"count": 0}),
    ],
)
def test_options_are_checked(config: type[Any], options: dict[str, Any]) -> None:
    with pytest.raises(ConfigError):
        config(**options)
