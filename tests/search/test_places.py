import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from wfa.errors import DataError
from wfa.search.places import extent_of, overlap, parse_box, parse_days, suppress, touching

Box = tuple[float, float, float, float]


@st.composite
def boxes(draw: st.DrawFn) -> Box:
    """Boxes on whole degrees, some across the antimeridian."""
    west = draw(st.integers(-180, 179))
    wide = draw(st.integers(1, 20))
    south = draw(st.integers(-90, 80))
    east = west + wide
    return west, south, east - 360 if east > 180 else east, south + draw(st.integers(1, 10))


def cells(box: Box) -> set[tuple[int, int]]:
    """The cells of a degree that a box on whole degrees covers."""
    west, south, east, north = map(int, box)
    columns = range(west, east if east > west else east + 360)
    return {((c + 180) % 360, r) for c in columns for r in range(south, north)}


@given(st.lists(boxes(), min_size=1, max_size=5), boxes())
def test_overlap_equals_counting_cells(many: list[Box], one: Box) -> None:
    found = overlap(np.array(many, np.float64), one)
    for box, share in zip(many, found, strict=True):
        a, b = cells(box), cells(one)
        assert share == pytest.approx(len(a & b) / len(a | b))
        if a & b:
            assert touching(np.array([box], np.float64), one)[0]


@given(st.lists(boxes(), min_size=1, max_size=5))
def test_the_extent_holds_every_box(many: list[Box]) -> None:
    found = extent_of(np.array([*many, (np.nan,) * 4], np.float64))
    assert found is not None
    assert cells(found) >= set().union(*map(cells, many))


def test_the_extent_by_hand() -> None:
    for many, wanted in (
        ([(10, 1, 12, 2), (20, 0, 21, 1)], (10, 0, 21, 2)),
        ([(179, 0, -179, 1), (178, 0, 179, 1)], (178, 0, -179, 1)),
        ([(179, 0, -179, 1), (-178, 0, -177, 1)], (179, 0, -177, 1)),
        ([(170, 0, -170, 1), (-10, 0, 10, 1)], (170, 0, 10, 1)),  # across Greenwich too
        ([(179, 0, -179, 1), (0, 0, 1, 1), (-2, 0, -1, 1)], (0, 0, -1, 1)),
    ):
        assert extent_of(np.array(many, np.float64)) == wanted
    assert extent_of(np.full((2, 4), np.nan)) is None


def test_touching_by_hand() -> None:
    many = np.array([
        (10, 40, 11, 41), (12, 40, 13, 41), (179, 0, -179, 1), (-180, 88, 180, 90), (np.nan,) * 4,
    ])  # fmt: skip
    for box, wanted in (
        ((10.5, 40.5, 10.6, 40.6), [True, False, False, False, False]),
        ((11, 41, 12, 42), [True, True, False, False, False]),  # corners count
        ((178, -1, -178, 2), [False, False, True, False, False]),
        ((-179.5, 0.5, -179.4, 0.6), [False, False, True, False, False]),
        ((179.5, 0.5, 180, 0.6), [False, False, True, False, False]),
        ((30, 85, 31, 89), [False, False, False, True, False]),
        ((-180, -90, 180, 90), [True, True, True, True, False]),
    ):
        assert touching(many, box).tolist() == wanted, box


@pytest.mark.parametrize("text", ["", "1,2,3", "a,b,c,d", "0,10,1,5", "200,0,1,1", "0,0,1,nan"])
def test_no_box(text: str) -> None:
    with pytest.raises(DataError, match="is no box: write west,south,east,north"):
        parse_box(text)


def test_a_box_may_cross_the_antimeridian() -> None:
    assert parse_box("179, -1, -179, 1") == (179, -1, -179, 1)


@pytest.mark.parametrize(
    ("text", "inside", "outside"),
    [
        ("2017-06-13", ["2017-06-13"], ["2017-06-12", "2017-06-14", ""]),
        ("2017-02", ["2017-02-01", "2017-02-28"], ["2017-01-31", "2017-03-01"]),
        ("2016", ["2016-01-01", "2016-12-31"], ["2015-12-31", "2017-01-01"]),
        ("2017-06/2017-08", ["2017-06-01", "2017-08-31"], ["2017-05-31", "2017-09-01"]),
        ("../2017-06-13", ["1990-01-01", "2017-06-13"], ["2017-06-14", ""]),
        ("2017-12/", ["2017-12-01", "2040-01-01"], ["2017-11-30", ""]),
    ],
)
def test_days(text: str, inside: list[str], outside: list[str]) -> None:
    days = parse_days(text)
    assert all(map(days.hold, inside))
    assert not any(map(days.hold, outside))


@pytest.mark.parametrize("text", ["June", "2017-13", "2017-02-30", "2018/2017", "1/2/3"])
def test_no_days(text: str) -> None:
    with pytest.raises(DataError, match="2017"):
        parse_days(text)


def naive(many: list[Box], days: list[str], most: float) -> list[int]:
    kept: list[int] = []
    for place, box in enumerate(many):
        shares = [
            len(cells(box) & cells(many[k])) / len(cells(box) | cells(many[k]))
            for k in kept
            if days[k] == days[place]
        ]
        if max(shares, default=0) <= most:
            kept.append(place)
    return kept


@given(
    st.lists(st.tuples(boxes(), st.sampled_from(["", "2017-06-13"])), max_size=8),
    st.sampled_from([0.0, 0.1, 0.3, 1.0]),
)
def test_suppression_equals_a_loop(hits: list[tuple[Box, str]], most: float) -> None:
    many, days = [box for box, _ in hits], [day for _, day in hits]
    groups = suppress(np.array(many, np.float64).reshape(-1, 4), days, most, 99)
    assert [group[0] for group in groups] == naive(many, days, most)
    assert sorted(place for group in groups for place in group) == list(range(len(hits)))


def test_hits_without_a_place_and_beyond_the_number_wanted() -> None:
    none, box = (np.nan,) * 4, (0.0, 0.0, 1.0, 1.0)
    assert suppress(np.array([none, none, box, box]), [""] * 4, 0.3, 9) == [[0], [1], [2, 3]]
    assert suppress(np.array([box, none, none]), [""] * 3, 0.3, 2) == [[0], [1]]
