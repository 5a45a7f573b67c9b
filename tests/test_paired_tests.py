"""The tests of a difference, against enumeration by hand, scipy, and simulations of the null."""

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from wfa.paired_tests import holm, randomisation_p


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


def test_holm_as_worked_by_hand() -> None:
    # Sorted .01 .03 .04 .005 -> .005x4 = .02, .01x3 = .03, .03x2 = .06, .04x1 -> raised to .06.
    assert holm([0.01, 0.04, 0.03, 0.005]) == pytest.approx([0.03, 0.06, 0.06, 0.02])
    assert holm([0.6, 0.9]) == [1.0, 1.0]
    assert holm([]) == []


@given(st.lists(st.floats(0, 1), max_size=12))
def test_holm_lies_between_the_raw_p_value_and_bonferronis(p_values: list[float]) -> None:
    for raw, adjusted in zip(p_values, holm(p_values), strict=True):
        assert raw <= adjusted <= min(1.0, raw * len(p_values)) + 1e-12
