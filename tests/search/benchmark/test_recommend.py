from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wfa.errors import ConfigError
from wfa.pareto import pareto_front
from wfa.search.benchmark.benchmark_options import Goal
from wfa.search.benchmark.recommend import notes, recommend, speed_measures


def point(
    recall: float, qps: float, p95: float = 1.0, size: float = 100.0, family: str = "hnsw",
    device: str = "cpu",
) -> dict[str, Any]:  # fmt: skip
    return {
        "recall": recall, "qps": {"median": qps, "low": 0.9 * qps, "high": 1.1 * qps},
        "bytes": size, "latency_ms": {"one_thread": {"p95": p95}}, "family": family,
        "device": device,
    }  # fmt: skip


@given(st.lists(st.tuples(st.integers(0, 5), st.integers(0, 5)), max_size=20))
def test_a_front_is_what_no_other_dominates(measures: list[tuple[int, int]]) -> None:
    marks = pareto_front([speed_measures(point(*pair)) for pair in measures])
    for own, mark in zip(measures, marks, strict=True):
        dominated = any(o[0] >= own[0] and o[1] >= own[1] and o != own for o in measures)
        assert mark != dominated
    assert not measures or any(marks)


POINTS = [
    point(1.0, 10, p95=20, size=2048, family="flat"),
    point(0.97, 500, p95=3, size=600),
    point(0.96, 900, p95=6, size=1000),
    point(0.80, 5000, p95=1, size=70),
]


@pytest.mark.parametrize(
    ("goal", "place", "fits"),
    [
        (Goal(), 2, True),
        (Goal(max_ms=5), 1, True),
        (Goal(max_bytes=700), 1, True),
        (Goal(min_recall=0.5), 3, True),
        (Goal(min_recall=None), 3, True),
        (Goal(min_recall=0.99), 0, True),
        (Goal(min_recall=0.98, max_ms=4), 1, False),
        (Goal(min_recall=0.9, max_bytes=60), 3, False),
    ],
)
def test_recommendation(goal: Goal, place: int, fits: bool) -> None:
    advice = recommend(POINTS, goal)
    assert (advice.place, advice.fits) == (place, fits)
    assert ("no point keeps" in advice.why) == (not fits)


def test_the_words_name_limits_and_figures() -> None:
    why = recommend(POINTS, Goal(0.95, 5.0, 700.0)).why
    assert "the fastest in batches of the 1 of 4 points" in why
    assert "recall of at least 0.95, p95 of at most 5 ms on one thread, at most 700 bytes" in why
    assert "recall 0.970, 500 queries/s, p95 3.00 ms on one thread, 600 bytes a vector" in why
    assert "misses by 1.0%" in recommend(POINTS, Goal(0.98, 4)).why


@pytest.mark.parametrize(
    ("exact", "other", "place", "why"),
    [
        # Too quick to be noticed, however much faster the other is.
        (point(1, 1000, 0.8, family="flat"), point(0.99, 9000, 0.1), 0, "less than 1 ms a query"),
        # Slow enough, but the other's lead lies within the spread of the repeats.
        (point(1, 100, 5, family="flat"), point(0.99, 120, 4), 0, "the spread of the repeats"),
        (point(1, 100, 5, family="flat"), point(0.99, 300, 2), 1, "the fastest in batches"),
        # An exact index on a GPU is another one that is faster or not.
        (point(1, 100, 5, family="flat"), point(1, 300, 2, family="flat", device="gpu"), 1,
         "the fastest in batches"),
        # Outside the limits.
        (point(1, 1000, 0.8, 2048, "flat"), point(0.99, 90, 0.1, 60), 1, "the fastest"),
    ],
)  # fmt: skip
def test_the_exact_index_is_used_unless_another_is_measurably_better(
    exact: dict[str, Any], other: dict[str, Any], place: int, why: str
) -> None:
    advice = recommend([exact, other], Goal(0.95, max_bytes=1000))
    assert (advice.place, advice.fits) == (place, True)
    assert why in advice.why


def test_timings_that_are_noise_are_called_so() -> None:
    tiny, real = point(1, 9e5, 0.02, family="flat"), point(1, 100, 5, family="flat")
    assert "answers one query in 0.02 ms (p95)" in notes([point(1, 1), tiny])[0]
    assert notes([real, point(1, 9e5, 0.02)]) == []
    assert notes([point(1, 9e5, 0.02)]) == []


@pytest.mark.parametrize("name", ["min_recall", "max_ms", "max_bytes"])
def test_limits_must_be_positive(name: str) -> None:
    with pytest.raises(ConfigError, match=f"{name}=-1"):
        Goal(**{name: -1.0})


def test_recall_is_a_share_and_no_percentage() -> None:
    assert Goal(min_recall=1.0).min_recall == 1
    with pytest.raises(ConfigError, match=r"min_recall=95 must be in \(0, 1\]: it is a share"):
        Goal(min_recall=95)
