"""Plots of a report: lines over two axes, and named points with the best of them joined."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import LogLocator, MaxNLocator

from wfa.report.inline_svg import CARD, COLOURS, RULE, SERIES, SOFT, Dots, inline_svg, plain_style

WIDTH, HEIGHT = 500, 290
LEFT, RIGHT, TOP, BOTTOM = 50, 14, 12, 42
INCH = 72
"""Pixels of a picture to matplotlib's inch: one point a pixel."""
_MOST_POINTS = 240
_MOST_READ = 80
_DASHES = {"solid": "-", "dashed": (0, (4, 2)), "dotted": (0, (1, 2))}
_LETTER, _LINE = 6.6, 14.0
"""Mean width of a letter and height of a line, in pixels."""

Point = tuple[float, float]


@dataclass(frozen=True)
class Dot:
    """A point with words of its own.

    Attributes:
        point: (x, y), finite.
        text: What a mouse over it says.
        strong: Whether it stands out from the others.
        name: Stands beside it; empty for nothing.
        error: Half the length of its vertical bar; None for no bar.
    """

    point: Point
    text: str
    strong: bool = False
    name: str = ""
    error: float | None = None


@dataclass(frozen=True)
class Series:
    """One line of a plot.

    Attributes:
        name: What the legend says.
        points: (x, y) by rising x, all finite.
        style: `solid`, `dashed` or `dotted`.
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
        write: Turns a value into a text.
    """

    label: str = ""
    log: bool = False
    zero: bool = False
    whole: bool = False
    write: Callable[[float], str] = lambda value: (
        f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.4g}"
    )

    def limits(self, values: Sequence[float], widened: bool) -> tuple[float, float, list[float]]:
        """Return both ends and the ticks; a widened axis goes on to the next tick."""
        low, high = min(values), max(values)
        if self.log:
            factors = (1.0, 2.0, 5.0) if high / low < 2000 else (1.0,)
            if high / low < 1.1:
                low, high = low / 2, high * 2
            ticks = LogLocator(subs=factors).tick_values(low, high)
        else:
            low = min(low, 0.0) if self.zero else low
            if high - low <= 1e-12 * max(abs(low), abs(high)):
                low, high = low - 0.5, high + 0.5
            locator = MaxNLocator(nbins=5, steps=[1, 2, 5, 10], integer=self.whole)
            ticks = locator.tick_values(low, high)
        if widened:
            low, high = min(low, float(ticks[0])), max(high, float(ticks[-1]))
        slack = 1e-9 * (high - low)
        return low, high, [float(t) for t in ticks if low - slack <= t <= high + slack]


@dataclass(frozen=True)
class Plot:
    """A figure for a page.

    Attributes:
        title: Its caption.
        svg: The picture; empty where words say it all.
        legend: (name, style, number of the colour) of each line, where there are several.
        words: What would be a picture of single points.
    """

    title: str
    svg: str = ""
    legend: Sequence[tuple[str, str, int]] = ()
    words: Sequence[str] = ()


def percent(value: float) -> str:
    """Write a fraction as a percentage of three digits."""
    return f"{100 * value:.3g} %"


@plain_style()
def line_plot(title: str, series: Sequence[Series], x: Axis, y: Axis) -> Plot | None:
    """Draw lines over two axes; say in words what would be single points.

    Args:
        title: Read out by screen readers, and the figure's caption.
        series: The lines; those without points are left out.
        x: Horizontal axis.
        y: Vertical axis.

    Returns:
        The plot, or None where no line has a point.
    """
    drawn = [one for one in series if one.points or one.dots]
    dots = [dot for one in drawn for dot in one.dots]
    if not drawn:
        return None
    if len(dots) < 2 and max(len(one.points) for one in drawn) < 2:
        said = [dot.text for dot in dots] or [_said(one.name, one.points[0], x, y) for one in drawn]
        return Plot(title, words=said)
    shown = [p for one in drawn for p in (*one.points, *(dot.point for dot in one.dots))]
    figure, axes = _axes(shown, x, y)
    read: dict[str, Dots] = {}
    for number, one in enumerate(drawn):
        _line(axes, one, number, read, (x, y))
    legend = [(one.name, one.style, number % COLOURS) for number, one in enumerate(drawn)]
    return Plot(title, inline_svg(figure, title, read), legend if len(drawn) > 1 else ())


@plain_style()
def scatter_plot(
    title: str, dots: Sequence[Dot], front: Sequence[Point], x: Axis, y: Axis
) -> Plot | None:
    """Draw named points, with bars, and a dashed line through `front`; a single one in words."""
    if len(dots) < 2:
        return Plot(title, words=[dot.text for dot in dots]) if dots else None
    ends = [(dot.point[0], dot.point[1] + sign * (dot.error or 0.0)) for dot in dots
            for sign in (-1, 1)]  # fmt: skip
    low, high = min(dot.point[0] for dot in dots), max(dot.point[0] for dot in dots)
    margin = 0.06 * (high - low) or 0.1 * abs(high) or 1.0
    ends += [(max(0.0, low - margin) if low >= 0 else low - margin, ends[0][1])]
    ends += [(high + margin, ends[0][1])]
    figure, axes = _axes(ends, x, y)
    axes.plot(*zip(*front, strict=True), color=SOFT, linestyle=_DASHES["dashed"], linewidth=1.2)
    read: dict[str, Dots] = {}
    for number, dot in enumerate(dots):
        colour = SERIES[number % COLOURS]
        if dot.error:
            bar = [dot.point[1] - dot.error, dot.point[1] + dot.error]
            axes.plot([dot.point[0]] * 2, bar, color=colour, linewidth=1.5, alpha=0.45)
        _mark(axes, [dot.point], read, Dots([dot.text], "seen", number % COLOURS, 4.5))
    _write_names(axes, dots)
    return Plot(title, inline_svg(figure, title, read))


def thinned(points: Sequence[Point], most: int = _MOST_POINTS) -> list[Point]:
    """Average neighbouring points until at most `most` are left; the last one ends the line."""
    if len(points) <= most:
        return list(points)
    edges = [round(part * len(points) / most) for part in range(most + 1)]
    return [
        (points[end - 1][0], math.fsum(y for _, y in points[start:end]) / (end - start))
        for start, end in pairwise(edges)
    ]


def _said(name: str, point: Point, x: Axis, y: Axis) -> str:
    return f"{name}: {y.write(point[1])} at {x.label} {x.write(point[0])}".strip()


def _axes(shown: Sequence[Point], x: Axis, y: Axis) -> tuple[Figure, Axes]:
    """Make a figure with grid lines, ticks and labels of both axes."""
    figure = Figure(figsize=(WIDTH / INCH, HEIGHT / INCH))
    place = (LEFT / WIDTH, BOTTOM / HEIGHT, 1 - (LEFT + RIGHT) / WIDTH, 1 - (TOP + BOTTOM) / HEIGHT)
    axes = figure.add_axes(place)
    figure.patch.set_visible(False)
    axes.patch.set_visible(False)
    for side in ("left", "top", "right"):
        axes.spines[side].set_visible(False)
    axes.spines["bottom"].set_color(SOFT)
    axes.set_axisbelow(True)
    axes.grid(True, axis="y", color=RULE, linewidth=1)
    low, high, ticks = x.limits([point[0] for point in shown], widened=False)
    axes.set_xscale("log" if x.log else "linear")
    axes.set(xlim=(low, high), xticks=ticks, xticklabels=list(map(x.write, ticks)))
    low, high, ticks = y.limits([point[1] for point in shown], widened=True)
    axes.set(ylim=(low, high), yticks=ticks, yticklabels=list(map(y.write, ticks)))
    axes.minorticks_off()
    axes.tick_params(length=0, labelcolor=SOFT, labelsize=12, pad=7)
    axes.set_xlabel(printable(x.label), color=SOFT, fontsize=12, parse_math=False)
    return figure, axes


def _line(
    axes: Axes, one: Series, number: int, read: dict[str, Dots], scale: tuple[Axis, Axis]
) -> None:
    colour, hue = SERIES[number % COLOURS], number % COLOURS
    if one.points:
        axes.plot(*zip(*one.points, strict=True), color=colour, linewidth=2,
                  linestyle=_DASHES[one.style], solid_capstyle="round", clip_on=False)  # fmt: skip
    if one.points and not one.dots and len(one.points) <= _MOST_READ + 1:
        texts = [_said(one.name, point, *scale) for point in one.points]
        _mark(axes, one.points, read, Dots(texts, "hidden", hue, 5))
    for strong, radius in ((False, 3.0), (True, 5.0)):
        own = [dot for dot in one.dots if dot.strong is strong]
        dots = Dots([dot.text for dot in own], "seen", hue, radius)
        _mark(axes, [dot.point for dot in own], read, dots)
    alone = one.points[0] if len(one.points) == 1 and not one.dots else None
    marked = one.marked or alone
    if marked:
        _mark(axes, [marked], read, Dots([_said(one.name, marked, *scale)], "seen", hue, 4.5))


def _mark(axes: Axes, points: Sequence[Point], read: dict[str, Dots], dots: Dots) -> None:
    """Put markers at points; `inline_svg` turns them into circles that can be read."""
    if points:
        key = f"dots{len(read)}"
        (line,) = axes.plot(*zip(*points, strict=True), "o", color=CARD, clip_on=False)
        line.set_gid(key)
        read[key] = dots


def _write_names(axes: Axes, dots: Sequence[Dot]) -> None:
    """Put each name beside its point, lower where another name is in the way."""
    boxes: list[tuple[float, float, float]] = []  # left, right, height, in pixels
    for number in sorted(range(len(dots)), key=lambda place: -dots[place].point[1]):
        name = printable(dots[number].name)
        x, y = axes.transData.transform(dots[number].point) * INCH / axes.figure.dpi
        width = _LETTER * len(name)
        right = x + 9 + width <= WIDTH - 2
        left_end, height = (x + 9 if right else x - 9 - width), y - 4
        while any(
            left_end < other_right and left_end + width > other_left
            and abs(height - other) < _LINE
            for other_left, other_right, other in boxes
        ):  # fmt: skip
            height -= 2
        boxes.append((left_end, left_end + width, height))
        axes.annotate(
            name, ((x + 9 if right else x - 9) / WIDTH, height / HEIGHT),
            xycoords="figure fraction", ha="left" if right else "right", fontsize=12,
            color=SERIES[number % COLOURS], parse_math=False,
        )  # fmt: skip


def printable(text: str) -> str:
    """Replace what no XML file can hold."""
    return "".join(sign if sign.isprintable() else "\ufffd" for sign in text)
