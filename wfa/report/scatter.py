"""Named points over two axes, and a line through the best of them."""

from collections.abc import Sequence
from dataclasses import dataclass

from wfa.report.markup import Markup, tag
from wfa.report.plot import BOTTOM, COLOURS, HEIGHT, LEFT, RIGHT, TOP, WIDTH, Axis, Scale, grid

_MARGIN = 0.06
"""Space beside the outermost points, as a share of their distance."""
_LINE = 14.0
"""Height of a name in pixels."""
_LETTER = 6.6
"""Mean width of a letter in pixels."""


@dataclass(frozen=True)
class Dot:
    """One point.

    Attributes:
        name: Stands beside it.
        x: Finite.
        y: Finite.
        error: Half the length of its vertical bar; None for no bar.
    """

    name: str
    x: float
    y: float
    error: float | None = None


def scatter_plot(title: str, dots: Sequence[Dot], front: Sequence[str], x: Axis, y: Axis) -> Markup:
    """Draw named points.

    Args:
        title: The figure's caption.
        dots: The points.
        front: Names of the points that a dashed line joins, from left to right.
        x: Horizontal axis.
        y: Vertical axis.

    Returns:
        A `figure` element, or nothing where there is no point.
    """
    if not dots:
        return Markup("")
    across = Scale(x, _padded([dot.x for dot in dots]), LEFT, WIDTH - RIGHT, False)
    bars = [dot.y + sign * (dot.error or 0.0) for dot in dots for sign in (-1, 1)]
    up = Scale(y, bars, HEIGHT - BOTTOM, TOP, True)
    by_name = {dot.name: dot for dot in dots}
    line = " ".join(f"{across(by_name[name].x)},{up(by_name[name].y)}" for name in front)
    places = _label_places([(across(dot.x), up(dot.y), dot.name) for dot in dots])
    picture = tag(
        "svg",
        tag("title", title),
        *grid(across, up, x, y),
        tag("polyline", points=line, class_="line dashed front") if len(front) > 1 else None,
        *(
            _dot(dot, number, across(dot.x), up(dot.y), _bar(dot, up), place)
            for number, (dot, place) in enumerate(zip(dots, places, strict=True))
        ),
        viewBox=f"0 0 {WIDTH} {HEIGHT}",
        role="img",
    )
    return tag("figure", tag("figcaption", title), picture)


def _dot(
    dot: Dot,
    number: int,
    left: float,
    top: float,
    bar: tuple[float, float] | None,
    place: tuple[float, float, str],
) -> Markup:
    text_x, text_y, anchor = place
    return tag(
        "g",
        tag("line", x1=left, x2=left, y1=bar[0], y2=bar[1], class_="line error") if bar else None,
        tag("circle", cx=left, cy=top, r=4.5),
        tag("text", dot.name, x=text_x, y=text_y, text_anchor=anchor, class_="name"),
        tag("title", dot.name),
        class_=f"s{number % COLOURS}",
    )


def _bar(dot: Dot, up: Scale) -> tuple[float, float] | None:
    return None if dot.error is None else (up(dot.y - dot.error), up(dot.y + dot.error))


def _padded(values: Sequence[float]) -> list[float]:
    low, high = min(values), max(values)
    margin = _MARGIN * (high - low) or 0.1 * abs(high) or 1.0
    return [max(0.0, low - margin) if low >= 0 else low - margin, high + margin]


def _label_places(points: Sequence[tuple[float, float, str]]) -> list[tuple[float, float, str]]:
    """Put each name beside its point, lower where another name is in the way."""
    found: dict[int, tuple[float, float, str]] = {}
    boxes: list[tuple[float, float, float]] = []  # left, right, baseline
    for number in sorted(range(len(points)), key=lambda place: points[place][1]):
        x, y, name = points[number]
        width = _LETTER * len(name)
        right = x + 9 + width <= WIDTH - 2
        left_end = x + 9 if right else x - 9 - width
        baseline = y + 4
        while any(
            left_end < other_right and left_end + width > other_left
            and abs(baseline - other) < _LINE
            for other_left, other_right, other in boxes
        ):  # fmt: skip
            baseline += 2
        boxes.append((left_end, left_end + width, baseline))
        found[number] = (x + 9, baseline, "start") if right else (x - 9, baseline, "end")
    return [found[number] for number in range(len(points))]
