"""Quality against cost."""

from hypothesis import given
from hypothesis import strategies as st

from wfa.comparing.cost import (
    cheapest_best,
    epochs_to,
    reached,
    slower_than,
    target_of,
    text_bytes,
    typical_cost,
)
from wfa.comparing.result_rows import Point

POINT = st.tuples(st.integers(0, 5), st.integers(0, 5))


@given(st.dictionaries(st.text(max_size=3), POINT, min_size=1, max_size=8))
def test_the_front_is_what_nothing_beats(points: dict[str, tuple[int, int]]) -> None:
    front = cheapest_best({k: (float(c), float(q)) for k, (c, q) in points.items()})
    for label, (cost, quality) in points.items():
        beaten = any(
            (c <= cost and q > quality) or (c < cost and q >= quality) for c, q in points.values()
        )
        assert (label in front) == (not beaten)
    assert [points[label][0] for label in front] == sorted(points[label][0] for label in front)


def course(*values: float) -> list[Point]:
    return [Point(k + 1, 2.0 * (k + 1), value) for k, value in enumerate(values)]


def test_when_a_target_is_first_reached() -> None:
    found = reached([course(0.1, 0.5, 0.3, 0.6), course(0.2, 0.3, 0.4), course(0.7)], 0.45)
    assert (found.epochs, found.seconds, found.reached, found.runs) == (1.5, 3.0, 2, 3)
    never = reached([course(0.1)], 0.45)
    assert (never.epochs, never.seconds, never.reached) == (None, None, 0)


def test_the_target_is_just_below_the_best_technique() -> None:
    courses = {"a": [course(0.2, 0.6, 0.4), course(0.4)], "b": [course(0.3)]}
    assert target_of(courses) == 0.95 * 0.5


def test_runs_that_never_arrive_are_left_out() -> None:
    courses = {"a": {0: course(0.1, 0.9), 1: course(0.1)}, "b": {0: course(0.9)}}
    assert epochs_to(courses, 0.5) == {"a": {0: 2.0}, "b": {0: 1.0}}


def test_slower_means_slower_with_every_seed() -> None:
    values = {"a": {0: 4.0, 1: 5.0, 2: 4.0}, "b": {0: 12.0, 1: 15.0, 2: 13.0},
              "c": {0: 4.0, 1: 6.0, 2: 3.0}}  # fmt: skip
    p_values = slower_than(values, "a")
    assert set(p_values) == {"b", "c"}
    assert p_values["b"] < 0.05 < p_values["c"]


def test_bytes_of_texts() -> None:
    assert text_bytes(5.0, 256, "single") == 5 * 256 * 4
    assert text_bytes(5.0, 256, "aggregated") == 256 * 4


def test_a_typical_run_is_the_median() -> None:
    found = typical_cost([{"s": 9.0, "m": "cpu", "n": None}, {"s": 1.0, "m": "cpu", "n": None},
                          {"s": 2.0, "m": "cpu", "n": None}])  # fmt: skip
    assert found == {"s": 2.0, "m": "cpu", "n": None}
