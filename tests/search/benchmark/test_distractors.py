import numpy as np
import pytest

from tests.search.benchmark.made import unit
from wfa.search.benchmark.distractors import grow


def test_real_vectors_come_first_and_draws_are_called_synthetic() -> None:
    own, train, other = unit(30), unit(50, seed=1), unit(40, seed=2)
    grown = grow(own, [("train", train), ("other", other)], 200, seed=3)
    assert grown.makeup == (
        ("own images", 30), ("train", 50), ("other", 40), ("synthetic (mixture)", 80),
    )  # fmt: skip
    assert np.array_equal(grown.vectors[:120], np.concatenate([own, train, other]))
    assert np.linalg.norm(grown.vectors, axis=1) == pytest.approx(np.ones(200), abs=1e-5)


def test_real_vectors_alone_when_there_are_enough() -> None:
    own, train = unit(30), unit(50, seed=1)
    assert grow(own, [("train", train)], 40).makeup == (("own images", 30), ("train", 10))
    assert grow(own, [("train", train)], 0).makeup == (("own images", 30),)


def test_a_larger_gallery_begins_with_the_smaller_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("wfa.search.benchmark.distractors._AT_ONCE", 64)
    own = unit(40)
    small, large = grow(own, [], 104, seed=5), grow(own, [], 300, seed=5)
    assert np.array_equal(large.vectors[:104], small.vectors)
    assert not np.array_equal(grow(own, [], 104, seed=6).vectors[40:], small.vectors[40:])


def test_a_given_array_is_filled() -> None:
    room = np.full((70, 16), np.nan, np.float32)
    grown = grow(unit(40), [], 70, out=room)
    assert grown.vectors is room
    assert np.isfinite(room).all()


def test_one_vector_is_enough() -> None:
    grown = grow(unit(1), [], 5)
    assert grown.vectors == pytest.approx(np.repeat(unit(1), 5, axis=0), abs=1e-5)


def test_draws_spread_where_the_real_vectors_do() -> None:
    """Two clusters that spread in one direction: so must the draws."""
    rng = np.random.default_rng(0)
    centres = np.eye(8, dtype=np.float32)[:2]
    chosen = (np.arange(400) >= 100).astype(int)
    real = centres[chosen] + rng.standard_normal((400, 1)) * 0.2 * np.eye(8)[5]
    real = np.asarray(real / np.linalg.norm(real, axis=1, keepdims=True), np.float32)
    drawn = grow(real, [], 20_400).vectors[400:]
    assert drawn.mean(axis=0) == pytest.approx(real.mean(axis=0), abs=0.06)
    outside = drawn[:, [2, 3, 4, 6, 7]]
    assert np.abs(outside).max() < 1e-6  # no direction that no real vector has
    spread = drawn.std(axis=0)[5] / real.std(axis=0)[5]
    assert 0.8 < spread < 1.5
    near = drawn @ centres.T
    assert np.mean(near.max(axis=1) > 0.8) > 0.6
