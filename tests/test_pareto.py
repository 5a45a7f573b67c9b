from hypothesis import given
from hypothesis import strategies as st

from wfa.pareto import pareto_front

values = st.integers(0, 6).map(float)


def beats(one: tuple[float, float], other: tuple[float, float]) -> bool:
    better = one[0] > other[0] or one[1] > other[1]
    return better and one[0] >= other[0] and one[1] >= other[1]


@given(st.lists(st.tuples(values, values), max_size=25))
def test_the_front_holds_exactly_what_nothing_beats(points: list[tuple[float, float]]) -> None:
    front = pareto_front(points)
    for own, kept in zip(points, front, strict=True):
        assert kept is not any(beats(other, own) for other in points)
    assert any(front) or not points
