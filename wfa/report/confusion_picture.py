"""Which class is taken for which, as a picture: a square of shaded cells with their shares."""

from collections.abc import Sequence

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from wfa.report.inline_svg import INK, RULE, SERIES, SOFT, inline_svg, plain_style
from wfa.report.plots import INCH, Plot, printable

_BROAD, _NARROW = 40.0, 19.0
"""Side of a cell of few classes and of many, in pixels; the narrow one holds three digits."""
_ROOM = 640.0
"""Pixels that cells between these two fill together."""
_LETTER, _SIZE = 6.2, 11
"""Mean width of a letter and its size, in pixels."""
_LONGEST = 24
"""Letters of a name beside its row; the rest is read by the mouse."""
_DARKEST = 0.55
"""Opacity of a cell that holds its whole row: its number is read in light and in dark."""
_LEAST = 0.005
"""Share of a row below which a cell has no number, as it would be 0."""


@plain_style()
def confusion_picture(
    title: str, names: Sequence[str], counts: Sequence[Sequence[float]], verb: str
) -> Plot | None:
    """Draw how much of each class went to which, in percent of its row.

    Args:
        title: Read out by screen readers, and the figure's caption.
        names: C names.
        counts: (C, C), at least 0: what is of a class (row) by the class that was found (column).
        verb: Stands before the name of a row for a mouse, such as `of`.

    Returns:
        The picture, as wide as its cells need; None where there is no count.

    Raises:
        ValueError: The counts are not a row and a column a name.
    """
    if not any(map(sum, counts)):
        return None
    side = min(_BROAD, max(_NARROW, _ROOM / len(names)))
    figure, axes = _square(names, side)
    said: dict[str, str] = {}
    for row, (name, own) in enumerate(zip(names, counts, strict=True)):
        total = sum(own)
        for column, (other, count) in enumerate(zip(names, own, strict=True)):
            if count > 0:
                key = f"cell{len(said)}"
                said[key] = f"{verb} {name}, found {other}: {100 * count / total:.1f} %"
                _shade(axes, row, column, count / total, key)
    return Plot(title, inline_svg(figure, title, said))


def _square(names: Sequence[str], side: float) -> tuple[Figure, Axes]:
    """Make a figure and its axes of C by C cells with a name at each row and above each column."""
    shown = [_short(printable(name)) for name in names]
    margin = _LETTER * max(map(len, shown)) + 12
    width = margin + side * len(names) + 4
    figure = Figure(figsize=(width / INCH, width / INCH))
    axes = figure.add_axes((margin / width, 4 / width, 1 - (margin + 4) / width,
                            1 - (margin + 4) / width))  # fmt: skip
    figure.patch.set_visible(False)
    axes.patch.set_visible(False)
    axes.set(xlim=(0, len(names)), ylim=(len(names), 0))
    middles = [place + 0.5 for place in range(len(names))]
    axes.set_xticks(middles, shown, rotation=90, parse_math=False)
    axes.set_yticks(middles, shown, parse_math=False)
    axes.set_xticks(range(len(names) + 1), minor=True)
    axes.set_yticks(range(len(names) + 1), minor=True)
    axes.grid(True, which="minor", color=RULE, linewidth=1)
    axes.set_axisbelow(True)
    axes.tick_params(which="both", length=0, labelcolor=SOFT, labelsize=_SIZE, pad=6)
    axes.xaxis.tick_top()
    axes.spines[:].set_visible(False)
    return figure, axes


def _shade(axes: Axes, row: int, column: int, share: float, key: str) -> None:
    cell = Rectangle(
        (column, row), 1, 1, facecolor=SERIES[0], alpha=_DARKEST * share, linewidth=0, gid=key
    )
    axes.add_patch(cell)
    if share >= _LEAST:
        axes.text(column + 0.5, row + 0.5, f"{100 * share:.0f}", color=INK, fontsize=_SIZE,
                  ha="center", va="center_baseline")  # fmt: skip


def _short(name: str) -> str:
    return name if len(name) <= _LONGEST else f"{name[: _LONGEST - 1]}…"
