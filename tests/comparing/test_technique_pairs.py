"""Pairs of techniques: planted differences are found, absent ones are not, order never matters."""

import numpy as np
import pytest

from wfa.comparing.image_scores import ImageScores
from wfa.comparing.technique_pairs import all_pairs
from wfa.errors import RunError

NAMES = tuple(f"{k:03}" for k in range(80))


def scores(seed: int, shift: float, noise: float = 0.1) -> ImageScores:
    """Five captions an image; hits around a level of the image's own."""
    level = np.random.default_rng(99).uniform(0.2, 0.7, (2, 80))
    own = np.random.default_rng(seed).normal(shift, noise, (2, 80))
    queries = np.array([[5.0], [1.0]]).repeat(80, axis=1)
    return ImageScores(NAMES, (level + own).clip(0, 1) * queries, queries)


def runs(shifts: dict[str, float]) -> dict[str, dict[int, ImageScores]]:
    return {
        label: {s: scores(100 * number + s, shift) for s in range(5)}
        for number, (label, shift) in enumerate(shifts.items())
    }


def test_a_planted_difference_is_found_and_no_other() -> None:
    pairs = all_pairs(runs({"a": 0.0, "b": 0.0, "c": 0.06}), alpha=0.05)
    assert {(p.one, p.other) for p in pairs if p.measurable} == {("c", "a"), ("c", "b")}
    best = pairs[0]
    assert best.one == "c"
    assert best.low < best.difference < best.high
    assert best.difference == pytest.approx(0.06, abs=0.015)
    assert best.low > 0
    assert best.p_holm >= max(best.p_images, best.p_seeds)


def test_the_same_runs_under_two_names_do_not_differ() -> None:
    same = {s: scores(s, 0.0) for s in range(5)}
    (pair,) = all_pairs({"a": same, "b": same}, alpha=0.05)
    assert not pair.measurable
    assert (pair.difference, pair.low, pair.high, pair.p_holm) == (0.0, 0.0, 0.0, 1.0)


def test_one_seed_makes_no_claim() -> None:
    (pair,) = all_pairs({"a": {0: scores(1, 0.0)}, "b": {0: scores(2, 0.3)}}, alpha=0.05)
    assert pair.p_images < 0.001
    assert not pair.measurable


def test_a_lucky_run_is_no_difference() -> None:
    # One of three runs of `b` is far better: the images alone would call that a difference.
    a = {s: scores(s, 0.0) for s in range(3)}
    b = {s: scores(10 + s, 0.25 if s == 0 else 0.0) for s in range(3)}
    (pair,) = all_pairs({"a": a, "b": b}, alpha=0.05)
    assert pair.p_images < 0.01
    assert not pair.measurable


def test_a_family_of_one_technique_is_smaller() -> None:
    every = runs({"a": 0.0, "b": 0.01, "c": 0.02, "d": 0.03})
    own = all_pairs(every, 0.05, against="d")
    assert {frozenset((p.one, p.other)) for p in own} == {frozenset(("d", x)) for x in "abc"}
    of_all = {frozenset((p.one, p.other)): p.p_holm for p in all_pairs(every, 0.05)}
    assert all(p.p_holm <= of_all[frozenset((p.one, p.other))] for p in own)


def test_only_shared_seeds_are_compared() -> None:
    every = {"a": {0: scores(0, 0.0), 1: scores(1, 0.0)}, "b": {1: scores(5, 0.1), 2: scores(6, 9)}}
    (pair,) = all_pairs(every, 0.05)
    assert pair.difference == pytest.approx(0.1, abs=0.05)
    assert all_pairs({"a": {0: scores(0, 0.0)}, "b": {1: scores(1, 0.0)}}, 0.05) == []


def test_one_direction_alone() -> None:
    one, other = scores(1, 0.0), scores(1, 0.0)
    hits = np.stack([other.hits[0], 0.5 * other.hits[1]])
    worse = ImageScores(NAMES, hits, other.queries)
    (pair,) = all_pairs({"a": {0: one}, "b": {0: worse}}, 0.05, parts=(1,))
    assert pair.difference == pytest.approx(0.5 * one.hits[1].mean())
    (pair,) = all_pairs({"a": {0: one}, "b": {0: worse}}, 0.05, parts=(0,))
    assert pair.difference == 0.0


def test_other_images_are_refused() -> None:
    other = ImageScores(tuple(f"x{n}" for n in NAMES), scores(1, 0).hits, scores(1, 0).queries)
    with pytest.raises(RunError, match="different queries"):
        all_pairs({"a": {0: scores(0, 0.0)}, "b": {0: other}}, 0.05)
