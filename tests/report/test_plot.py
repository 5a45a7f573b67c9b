import math
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wfa.report.plot import HEIGHT, WIDTH, Axis, Series, line_plot, thinned

numbers = st.floats(-1e6, 1e6).filter(lambda value: value == 0 or abs(value) > 1e-6)


def pixels(markup: str) -> list[tuple[float, float]]:
    pairs = [pair.split(",") for run in re.findall(r'points="([^"]*)"', markup)
             for pair in run.split()]  # fmt: skip
    return [(float(x), float(y)) for x, y in pairs]


def tick_texts(markup: str, anchor: str) -> list[str]:
    return re.findall(rf'text-anchor="{anchor}">([^<]*)</text>', markup)


@given(st.lists(st.tuples(numbers, numbers), min_size=1, max_size=30), st.booleans())
def test_every_point_lies_inside_the_picture_and_order_is_kept(
    points: list[tuple[float, float]], zero: bool
) -> None:
    points.sort()
    drawn = pixels(line_plot("t", [Series("s", points)], Axis("x"), Axis(zero=zero)))
    assert len(drawn) == len(points)
    assert all(0 <= x <= WIDTH and 0 <= y <= HEIGHT for x, y in drawn)
    for (a, b), (p, q) in zip(points, drawn, strict=True):
        for (c, d), (r, s) in zip(points, drawn, strict=True):
            assert a > c or p <= r
            assert b > d or q >= s  # pixels count downwards


def test_ticks_are_round_and_enclose_the_values() -> None:
    markup = line_plot("t", [Series("s", [(0, 1.1), (7, 5.8)])], Axis("epoch", whole=True), Axis())
    assert tick_texts(markup, "end") == ["1", "2", "3", "4", "5", "6"]
    assert tick_texts(markup, "middle") == ["0", "2", "4", "6"]


def test_few_epochs_have_whole_ticks() -> None:
    markup = line_plot("t", [Series("s", [(1, 0), (3, 1)])], Axis("epoch", whole=True), Axis())
    assert tick_texts(markup, "middle") == ["1", "2", "3"]


def test_a_logarithmic_axis_spaces_equal_ratios_equally() -> None:
    markup = line_plot("t", [Series("s", [(1, 0), (10, 1), (100, 2)])], Axis("K", log=True), Axis())
    x = [place for place, _ in pixels(markup)]
    assert x[1] - x[0] == pytest.approx(x[2] - x[1], abs=0.11)
    assert tick_texts(markup, "middle") == ["1", "2", "5", "10", "20", "50", "100"]


def test_one_point_is_a_dot_and_none_is_no_plot() -> None:
    assert "<circle" in line_plot("t", [Series("s", [(1, 1)])], Axis(), Axis())
    assert line_plot("t", [Series("s", [])], Axis(), Axis()) == ""


def test_a_legend_stands_where_there_are_several_lines() -> None:
    one, two = Series("<one>", [(0, 0), (1, 1)]), Series("two", [(0, 1), (1, 0)], "dashed")
    assert "legend" not in line_plot("t", [one], Axis(), Axis())
    both = line_plot("t", [one, two], Axis(), Axis())
    assert both.count("swatch") == 2
    assert "<one>" not in both
    assert "&lt;one&gt;" in both


@given(st.lists(st.tuples(numbers, numbers), max_size=200), st.integers(1, 50))
def test_thinning_keeps_the_mean_the_end_and_the_bounds(
    points: list[tuple[float, float]], most: int
) -> None:
    points.sort()
    thin = thinned(points, most)
    assert len(thin) == min(len(points), most)
    if points:
        assert thin[-1][0] == points[-1][0]
        low, high = min(y for _, y in points), max(y for _, y in points)
        assert all(low - 1e-6 <= y <= high + 1e-6 for _, y in thin)
    if len(points) % most == 0 and points:
        mean = math.fsum(y for _, y in points) / len(points)
        assert math.fsum(y for _, y in thin) / len(thin) == pytest.approx(mean, abs=1e-6)
