"""Named points: every one is drawn inside the picture, names do not cover each other."""

import re

from hypothesis import given
from hypothesis import strategies as st

from wfa.report.plot import HEIGHT, WIDTH, Axis
from wfa.report.scatter import Dot, scatter_plot

NUMBER = st.floats(-1e3, 1e3, allow_nan=False).map(lambda value: round(value, 3))


@given(st.lists(st.tuples(NUMBER, NUMBER), min_size=1, max_size=9))
def test_every_point_is_in_the_picture(points: list[tuple[float, float]]) -> None:
    dots = [Dot(f"n{place}", x, y, 1.0) for place, (x, y) in enumerate(points)]
    page = scatter_plot("title", dots, [dot.name for dot in dots[:2]], Axis("x"), Axis())
    places = re.findall(r'<circle cx="([-\d.]+)" cy="([-\d.]+)"', page)
    assert len(places) == len(points)
    assert all(0 <= float(x) <= WIDTH and 0 <= float(y) <= HEIGHT for x, y in places)


def test_names_beside_one_spot_stand_below_each_other() -> None:
    dots = [Dot(f"technique {place}", 1.0, 1.0) for place in range(4)]
    page = scatter_plot("title", dots, [], Axis("x"), Axis())
    lines = [float(y) for y in re.findall(r'y="([\d.]+)"[^>]*class="name"', page)]
    assert len(lines) == 4
    gaps = [abs(a - b) for k, a in enumerate(lines) for b in lines[k + 1 :]]
    assert min(gaps) >= 14


def test_nothing_to_draw() -> None:
    assert scatter_plot("title", [], [], Axis(), Axis()) == ""
