"""Plots: every point is where it belongs, nothing is drawn that a page may not hold."""

import math
import re
from html.parser import HTMLParser

import matplotlib as mpl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from wfa.report.plots import (
    HEIGHT,
    WIDTH,
    Axis,
    Dot,
    Plot,
    Series,
    line_plot,
    percent,
    scatter_plot,
    thinned,
)

numbers = st.floats(-1e6, 1e6).filter(lambda value: value == 0 or abs(value) > 1e-6)


class Picture(HTMLParser):
    """What a plot draws: circles with what a mouse over them says, texts with their places."""

    def __init__(self, plot: Plot | None) -> None:
        super().__init__()
        assert plot is not None
        self.circles: list[tuple[float, float]] = []
        self.said: list[str] = []
        self.texts: list[tuple[str, float, float]] = []
        self.tags: list[tuple[str, dict[str, str]]] = []
        self.feed(plot.svg)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = {name: value or "" for name, value in attrs}
        self.tags.append((tag, found))
        if tag == "circle":
            self.circles.append((float(found["cx"]), float(found["cy"])))

    def handle_data(self, data: str) -> None:
        tag, found = self.tags[-1]
        if tag == "title":
            self.said.append(data)
        elif tag == "text":
            moved = found.get("transform", "").partition("translate(")[2]
            place = moved.partition(")")[0].split()
            x, y = place if place else (found["x"], found["y"])
            self.texts.append((data, float(x), float(y)))

    def ticks(self, across: bool) -> list[str]:
        """Return the texts below the picture, or at its left."""
        below = [text for text, _, y in self.texts if HEIGHT - 32 < y < HEIGHT - 14]
        return below if across else [text for text, x, y in self.texts if x < 50 and y < 254]


@settings(max_examples=25, deadline=None)
@given(st.lists(st.tuples(numbers, numbers), min_size=2, max_size=30), st.booleans())
def test_every_point_lies_inside_the_picture_and_order_is_kept(
    points: list[tuple[float, float]], zero: bool
) -> None:
    points.sort()
    picture = Picture(line_plot("t", [Series("s", points)], Axis("x"), Axis(zero=zero)))
    assert len(picture.circles) == len(points)
    assert all(0 <= x <= WIDTH and 0 <= y <= HEIGHT for x, y in picture.circles)
    for (a, b), (p, q) in zip(points, picture.circles, strict=True):
        for (c, d), (r, s) in zip(points, picture.circles, strict=True):
            assert a > c or p <= r
            assert b > d or q >= s  # pixels count downwards


def test_a_mouse_over_a_point_reads_it() -> None:
    plot = line_plot("<t>", [Series("mR", [(1, 0.25), (2, 0.5)])], Axis("epoch"),
                     Axis(write=percent))  # fmt: skip
    assert Picture(plot).said == ["<t>", "mR: 25 % at epoch 1", "mR: 50 % at epoch 2"]


def test_ticks_are_round_and_enclose_the_values() -> None:
    line = Series("s", [(0, 1.1), (7, 5.8)])
    picture = Picture(line_plot("t", [line], Axis("epoch", whole=True), Axis()))
    assert picture.ticks(across=False) == ["1", "2", "3", "4", "5", "6"]
    assert picture.ticks(across=True) == ["0", "2", "4", "6"]


def test_few_epochs_have_whole_ticks() -> None:
    line = Series("s", [(1, 0), (3, 1)])
    picture = Picture(line_plot("t", [line], Axis("epoch", whole=True), Axis()))
    assert picture.ticks(across=True) == ["1", "2", "3"]


def test_a_logarithmic_axis_spaces_equal_ratios_equally() -> None:
    line = Series("s", [(1, 0), (10, 1), (100, 2)])
    picture = Picture(line_plot("t", [line], Axis("K", log=True), Axis()))
    x = [place for place, _ in picture.circles]
    assert x[1] - x[0] == pytest.approx(x[2] - x[1], abs=0.11)
    assert picture.ticks(across=True) == ["1", "2", "5", "10", "20", "50", "100"]
    speeds = Picture(
        line_plot("t", [Series("s", [(100, 0), (250_000, 1)])], Axis(log=True), Axis())
    )
    assert speeds.ticks(across=True) == ["100", "1,000", "10,000", "100,000"]


def test_single_points_are_words_and_none_is_no_plot() -> None:
    alone = [Series("mR", [(1, 0.25)]), Series("R@5", [(1, 0.5)])]
    plot = line_plot("t", alone, Axis("epoch"), Axis(write=percent))
    assert plot is not None
    assert plot.words == ["mR: 25 % at epoch 1", "R@5: 50 % at epoch 1"]
    assert not plot.svg
    assert line_plot("t", [Series("s", [])], Axis(), Axis()) is None
    only = scatter_plot("t", [Dot((1.0, 0.5), "mean: mR 50.0 % in 1.0 s")], [], Axis(), Axis())
    assert only == Plot("t", words=["mean: mR 50.0 % in 1.0 s"])
    assert scatter_plot("t", [], [], Axis(), Axis()) is None


def test_a_point_beside_a_line_is_drawn() -> None:
    picture = Picture(line_plot("t", [Series("a", [(1, 0), (2, 1)]), Series("b", [(1, 1)])],
                                Axis(), Axis()))  # fmt: skip
    assert any(said.startswith("b: 1") for said in picture.said)


def test_a_legend_stands_where_there_are_several_lines() -> None:
    one, two = Series("<one>", [(0, 0), (1, 1)]), Series("two", [(0, 1), (1, 0)], "dashed")
    alone, both = line_plot("t", [one], Axis(), Axis()), line_plot("t", [one, two], Axis(), Axis())
    assert alone is not None
    assert both is not None
    assert alone.legend == ()
    assert both.legend == [("<one>", "solid", 0), ("two", "dashed", 1)]
    assert "<one>" not in both.svg


@pytest.mark.parametrize("name", ["a $x^2$ b", "<b>&", "\0\x0b", "\ud800", "a\nb", "{}%s"])
def test_any_name_can_be_drawn(name: str) -> None:
    dots = [Dot((1.0, 1.0), name.replace("\0", ""), name=name), Dot((2.0, 3.0), "b", name="b")]
    plot = scatter_plot("t", dots, [dot.point for dot in dots], Axis(name), Axis())
    assert plot is not None
    plot.svg.encode("utf-8", "replace")
    shown = name.replace("<", "&lt;").replace("&b", "&amp;b")
    assert ("$x^2$" in name) <= ("a $x^2$ b" in plot.svg)
    assert "<b>" not in plot.svg, shown


def test_colours_are_those_of_the_page_and_nothing_is_fetched() -> None:
    lines = [Series(str(k), [(0, k), (1, k + 1)]) for k in range(10)]
    lines.append(Series("dots", [], dots=[Dot((0.5, 1), "d"), Dot((0.6, 2), "e", strong=True)]))
    plot = line_plot("t", lines, Axis("x"), Axis())
    picture = Picture(plot)
    assert plot is not None
    assert not re.search(r"#[0-9a-fA-F]{3,6}|rgb|url\(|http|href|font|id=", plot.svg)
    assert set(re.findall(r"var\((--[a-z0-9]+)\)", plot.svg)) == {
        "--soft", "--rule", *(f"--s{k}" for k in range(8))
    }  # fmt: skip
    assert {"path", "text", "circle"} <= {tag for tag, _ in picture.tags}


@settings(max_examples=25, deadline=None)
@given(st.lists(st.tuples(st.floats(-1e3, 1e3), st.floats(-1e3, 1e3)), min_size=2, max_size=9))
def test_every_named_point_is_in_the_picture(points: list[tuple[float, float]]) -> None:
    rounded = [(round(x, 3), round(y, 3)) for x, y in points]
    dots = [Dot(at, "said", name=f"n{place}", error=1.0) for place, at in enumerate(rounded)]
    picture = Picture(scatter_plot("title", dots, rounded[:2], Axis("x"), Axis()))
    assert len(picture.circles) == len(points)
    assert all(0 <= x <= WIDTH and 0 <= y <= HEIGHT for x, y in picture.circles)


def test_names_beside_one_spot_stand_below_each_other() -> None:
    dots = [Dot((1.0, 1.0), "said", name=f"technique {place}") for place in range(4)]
    picture = Picture(scatter_plot("title", dots, [], Axis("x"), Axis()))
    lines = [y for text, _, y in picture.texts if text.startswith("technique")]
    assert len(lines) == 4
    gaps = [abs(a - b) for k, a in enumerate(lines) for b in lines[k + 1 :]]
    assert min(gaps) >= 13.9


@settings(deadline=None)
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


def test_a_program_that_sets_a_style_gets_the_same_picture() -> None:
    drawn = ("a", [Series("one", ((0.0, 1.0), (1.0, 2.0)))], Axis("x"), Axis("y"))
    plain = line_plot(*drawn)
    with mpl.rc_context(
        {"figure.constrained_layout.use": True, "font.size": 30, "axes.grid": True}
    ):
        assert line_plot(*drawn) == plain
