"""Line plots as inline SVG: colours from the page's style sheet, text as text, no dates."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise

from wfa.report.markup import Markup, tag

WIDTH, HEIGHT = 560, 300
LEFT, RIGHT, TOP, BOTTOM = 52, 14, 12, 44
COLOURS = 8
_MOST_POINTS = 240

Point = tuple[float, float]


@dataclass(frozen=True)
class Dot:
    """A point with words of its own.

    Attributes:
        point: (x, y), finite.
        text: What a mouse over it says.
        strong: Whether it stands out from the others.
    """

    point: Point
    text: str
    strong: bool = False


@dataclass(frozen=True)
class Series:
    """One line of a plot.

    Attributes:
        name: What the legend says.
        points: (x, y) by rising x, all finite.
        style: `solid` or `dashed`.
        marked: A point to stand out, such as the selected epoch.
        dots: Points that are shown as such.
    """

    name: str
    points: Sequence[Point]
    style: str = "solid"
    marked: Point | None = None
    dots: Sequence[Dot] = ()


@dataclass(frozen=True)
class Axis:
    """One axis.

    Attributes:
        label: What it shows, with its unit; a vertical axis leaves that to the title.
        log: Logarithmic; all values are then above 0.
        zero: Whether it starts at 0.
        whole: Whether ticks stand at whole numbers only.
        write: Turns a value into a tick's text.
    """

    label: str = ""
    log: bool = False
    zero: bool = False
    whole: bool = False
    write: Callable[[float], str] = lambda value: f"{value:,.10g}"


def percent(value: float) -> str:
    """Write a fraction as a whole percentage."""
    return f"{100 * value:.3g} %"


def line_plot(title: str, series: Sequence[Series], x: Axis, y: Axis) -> Markup:
    """Draw lines over two axes, with a legend where there are several.

    Args:
        title: Read out by screen readers, and the figure's caption.
        series: The lines; those without points are left out.
        x: Horizontal axis.
        y: Vertical axis.

    Returns:
        A `figure` element, or nothing where no line has a point.
    """
    drawn = [one for one in series if one.points]
    if not drawn:
        return Markup("")
    shown = [p for one in drawn for p in (*one.points, *(dot.point for dot in one.dots))]
    across = Scale(x, [p[0] for p in shown], LEFT, WIDTH - RIGHT, False)
    up = Scale(y, [p[1] for p in shown], HEIGHT - BOTTOM, TOP, True)
    picture = tag(
        "svg",
        tag("title", title),
        *grid(across, up, x, y),
        *(_line(one, place, across, up) for place, one in enumerate(drawn)),
        viewBox=f"0 0 {WIDTH} {HEIGHT}",
        role="img",
    )
    legend = [_legend_entry(one, place) for place, one in enumerate(drawn)]
    return tag(
        "figure",
        tag("figcaption", title),
        tag("div", *legend, class_="legend") if len(drawn) > 1 else None,
        picture,
    )


def thinned(points: Sequence[Point], most: int = _MOST_POINTS) -> list[Point]:
    """Average neighbouring points until at most `most` are left; the last one ends the line."""
    if len(points) <= most:
        return list(points)
    edges = [round(part * len(points) / most) for part in range(most + 1)]
    return [
        (points[end - 1][0], math.fsum(y for _, y in points[start:end]) / (end - start))
        for start, end in pairwise(edges)
    ]


class Scale:
    """Maps values to pixels, and chooses the ticks.

    Args:
        axis: What is mapped.
        values: All values shown.
        start: Pixel of the lowest value.
        end: Pixel of the highest value.
        widened: Whether the axis goes on to the next tick at both ends.
    """

    def __init__(
        self, axis: Axis, values: Sequence[float], start: float, end: float, widened: bool
    ) -> None:
        low, high = min(values), max(values)
        if axis.log:
            self.ticks = _log_ticks(low, high)
        else:
            low = min(low, 0.0) if axis.zero else low
            if low == high:
                low, high = low - 0.5, high + 0.5
            self.ticks = _ticks(low, high, widened, 1.0 if axis.whole else 0.0)
            low, high = min([low, *self.ticks]), max([high, *self.ticks])
        self._map = math.log if axis.log else float
        self._low, self._span = self._map(low), self._map(high) - self._map(low) or 1.0
        self._start, self._end = start, end

    def __call__(self, value: float) -> float:
        """Return the pixel of a value."""
        share = (self._map(value) - self._low) / self._span
        return round(self._start + share * (self._end - self._start), 1)


def _ticks(low: float, high: float, widened: bool, least: float, about: int = 5) -> list[float]:
    """Return multiples of 1, 2 or 5 times a power of ten, at least `least` apart."""
    rough = (high - low) / about
    power = 10.0 ** math.floor(math.log10(rough))
    step = next(power * factor for factor in (1, 2, 5, 10) if power * factor >= rough * 0.999)
    step = max(step, least)
    down, up = (math.floor, math.ceil) if widened else (math.ceil, math.floor)
    # A bound that misses a multiple by rounding only counts as that multiple.
    slack = 1e-9 if widened else -1e-9
    first, last = down(low / step + slack), up(high / step - slack)
    return [round(number * step, 12) for number in range(first, last + 1)]


def _log_ticks(low: float, high: float) -> list[float]:
    powers = range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)
    factors = (1, 2, 5) if high / low < 2000 else (1,)
    ticks = [factor * 10.0**power for power in powers for factor in factors]
    return [tick for tick in ticks if low * 0.999 <= tick <= high * 1.001]


def grid(across: Scale, up: Scale, x: Axis, y: Axis) -> list[Markup]:
    """Draw grid lines, ticks and labels of both axes."""
    bottom, right = HEIGHT - BOTTOM, WIDTH - RIGHT
    parts = [
        tag("line", x1=LEFT, x2=right, y1=up(tick), y2=up(tick), class_="grid") for tick in up.ticks
    ]
    parts += [
        tag("text", y.write(tick), x=LEFT - 8, y=up(tick) + 4, text_anchor="end")
        for tick in up.ticks
    ]
    parts += [
        tag("line", x1=across(tick), x2=across(tick), y1=bottom, y2=bottom + 4, class_="axis")
        for tick in across.ticks
    ]
    parts += [
        tag("text", x.write(tick), x=across(tick), y=bottom + 18, text_anchor="middle")
        for tick in across.ticks
    ]
    middle = (LEFT + right) / 2
    return [
        *parts,
        tag("line", x1=LEFT, x2=right, y1=bottom, y2=bottom, class_="axis"),
        tag("text", x.label, x=middle, y=HEIGHT - 6, text_anchor="middle", class_="label"),
    ]


def _line(series: Series, place: int, across: Scale, up: Scale) -> Markup:
    points = " ".join(f"{across(px)},{up(py)}" for px, py in series.points)
    marked = [series.marked] if series.marked else []
    # A line of one point has no length: show the point itself.
    alone = len(series.points) == 1 and not series.dots
    dots = marked or (list(series.points) if alone else [])
    return tag(
        "g",
        tag("polyline", points=points, class_=f"line {series.style}"),
        *(tag("circle", cx=across(px), cy=up(py), r=4.5) for px, py in dots),
        *(_dot(dot, across, up) for dot in series.dots),
        tag("title", series.name),
        class_=f"s{place % COLOURS}",
    )


def _dot(dot: Dot, across: Scale, up: Scale) -> Markup:
    words = tag("title", dot.text)
    return tag("circle", words, cx=across(dot.point[0]), cy=up(dot.point[1]),
               r=5 if dot.strong else 3)  # fmt: skip


def _legend_entry(series: Series, place: int) -> Markup:
    swatch = tag("i", class_=f"swatch {series.style} s{place % COLOURS}")
    return tag("span", swatch, series.name)
