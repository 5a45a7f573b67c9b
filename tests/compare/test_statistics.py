"""The tests of a difference, against enumeration by hand, scipy, and simulations of the null."""

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from wfa.compare.statistics import (
    bootstrap_interval,
    holm,
    randomisation_p,
    seed_p,
)


@given(st.lists(st.integers(-5, 5), min_size=1, max_size=8))
def test_few_units_are_enumerated(differences: list[int]) -> None:
    observed = abs(sum(differences))
    patterns = list(itertools.product((-1, 1), repeat=len(differences)))
    extreme = sum(
        abs(sum(s * d for s, d in zip(signs, differences, strict=True))) >= observed
        for signs in patterns
    )
    found = randomisation_p(np.array(differences, float)[:, None])
    assert found == pytest.approx([extreme / len(patterns)])


def test_rounding_does_not_break_ties() -> None:
    # 0.1 + 0.2 + 0.3 in any order: all eight patterns, of which the two uniform ones are extreme.
    assert randomisation_p(np.array([[0.1], [0.2], [0.3]])) == pytest.approx([2 / 8])


def test_random_flips_agree_with_all_flips() -> None:
    rng = np.random.default_rng(1)
    differences = rng.normal(0.25, 1.0, (12, 6))
    exact = randomisation_p(differences, flips=2**12)
    drawn = randomisation_p(differences, flips=4000)
    assert exact == pytest.approx(drawn, abs=0.03)


def test_random_flips_agree_with_scipy() -> None:
    rng = np.random.default_rng(2)
    differences = rng.normal(0.2, 1.0, 60)
    peer = stats.permutation_test(
        (differences,), np.mean, permutation_type="samples", n_resamples=9999,
        rng=np.random.default_rng(0),
    )  # fmt: skip
    assert randomisation_p(differences[:, None])[0] == pytest.approx(peer.pvalue, abs=0.015)


def test_no_p_value_is_zero() -> None:
    assert randomisation_p(np.ones((100, 1)))[0] == pytest.approx(1 / 10_000)


def test_no_difference_has_p_one() -> None:
    assert randomisation_p(np.zeros((50, 1)))[0] == 1.0


def test_two_techniques_over_seeds_are_a_paired_t_test() -> None:
    scores = np.array([[0.50, 0.52, 0.49, 0.55, 0.51], [0.47, 0.50, 0.48, 0.50, 0.50]])
    assert seed_p(scores, 0, 1) == pytest.approx(stats.ttest_rel(*scores).pvalue)


def test_the_variance_over_seeds_is_pooled_over_techniques() -> None:
    # Rows 0, 2 / 4, 4 / 2, 6 about additive fits: residuals worked out by hand.
    scores = np.array([[0.0, 2.0], [4.0, 4.0], [2.0, 6.0]])
    # Seed effect 2, so each row's residuals are +-(half of (its step - 2)): 0; 1, -1; -1, 1.
    variance = (0 + 0 + 1 + 1 + 1 + 1) / ((3 - 1) * (2 - 1))
    t = (scores[1].mean() - scores[0].mean()) / np.sqrt(2 * variance / 2)
    assert seed_p(scores, 1, 0) == pytest.approx(2 * stats.t.sf(abs(t), 2))


def test_seeds_that_one_technique_lacks_are_left_out() -> None:
    scores = np.array([[1.0, 2.0, np.nan], [0.5, 1.0, 9.0]])
    assert seed_p(scores, 0, 1) == pytest.approx(stats.ttest_rel([1, 2], [0.5, 1]).pvalue)


def test_one_seed_shows_nothing() -> None:
    assert seed_p(np.array([[0.9], [0.1]]), 0, 1) == 1.0


def test_equal_scores_show_nothing_and_a_constant_gap_everything() -> None:
    assert seed_p(np.array([[0.5, 0.6], [0.5, 0.6]]), 0, 1) == 1.0
    assert seed_p(np.array([[0.5, 0.6], [0.4, 0.5]]), 0, 1) == 0.0


def test_holm_as_worked_by_hand() -> None:
    # Sorted .01 .03 .04 .005 -> .005x4 = .02, .01x3 = .03, .03x2 = .06, .04x1 -> raised to .06.
    assert holm([0.01, 0.04, 0.03, 0.005]) == pytest.approx([0.03, 0.06, 0.06, 0.02])
    assert holm([0.6, 0.9]) == [1.0, 1.0]
    assert holm([]) == []


@given(st.lists(st.floats(0, 1), max_size=12))
def test_holm_lies_between_the_raw_p_value_and_bonferronis(p_values: list[float]) -> None:
    for raw, adjusted in zip(p_values, holm(p_values), strict=True):
        assert raw <= adjusted <= min(1.0, raw * len(p_values)) + 1e-12


def test_the_interval_covers_the_truth_about_as_often_as_it_says() -> None:
    rng = np.random.default_rng(3)
    covered = 0
    for trial in range(300):
        hits = rng.normal(0.1, 1.0, (1, 2, 80))
        low, high = bootstrap_interval(hits, np.ones((2, 80)), resamples=400, seed=trial)
        covered += bool(low[0] <= 0.1 <= high[0])
    assert 0.90 <= covered / 300 <= 0.98


def test_the_interval_is_that_of_the_ratio() -> None:
    # Every query of every image gains 0.5, however many queries the images have.
    queries = np.array([[1.0, 2.0, 8.0, 1.0], [1.0, 1.0, 1.0, 1.0]])
    low, high = bootstrap_interval(0.5 * queries[None], queries, resamples=200)
    assert low == pytest.approx([0.5])
    assert high == pytest.approx([0.5])


def simulated(rng: np.random.Generator, run_noise: float, jitter: float) -> np.ndarray:
    """(techniques 2, seeds 5, images 60): no technique is better; images, runs and both vary."""
    images = rng.normal(0, 1, (2, 1, 60))  # which images a technique likes
    runs = rng.normal(0, run_noise, (2, 5, 1))
    both = rng.normal(0, jitter, (2, 5, 60))
    return images + runs + both


@pytest.mark.parametrize(("run_noise", "jitter"), [(0.0, 1.0), (0.3, 0.5), (2.0, 0.5)])
def test_a_claim_without_a_difference_is_as_rare_as_alpha(run_noise: float, jitter: float) -> None:
    rng = np.random.default_rng(4)
    trials, claims, over_images, over_seeds = 400, 0, 0, 0
    for trial in range(trials):
        scores = simulated(rng, run_noise, jitter)
        per_image = scores.mean(axis=1)
        p_images = randomisation_p((per_image[0] - per_image[1])[:, None], 399, trial)[0]
        p_seeds = seed_p(scores.mean(axis=2), 0, 1)
        over_images += p_images <= 0.05
        over_seeds += p_seeds <= 0.05
        claims += max(p_images, p_seeds) <= 0.05
    assert claims / trials <= 0.08
    if run_noise == 0:  # the images are all that varies: their test holds its level exactly
        assert 0.025 <= over_images / trials <= 0.08
    if run_noise == 2:  # the runs vary most: the images alone would claim far too much
        assert over_images / trials > 0.2
        assert 0.025 <= over_seeds / trials <= 0.08
