"""The tests of a difference, against enumeration by hand, scipy, and simulations of the null."""

import numpy as np
import pytest
from scipy import stats

from wfa.comparing.statistics import bootstrap_interval, seed_p
from wfa.paired_tests import randomisation_p


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
