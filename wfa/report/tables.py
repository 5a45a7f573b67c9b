"""Results as tables for the terminal, Markdown and LaTeX."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from rich import box
from rich.console import JustifyMethod
from rich.table import Table
from rich.text import Text

from wfa.report.scores import (
    DASH,
    DIRECTION_LABELS,
    MEAN_RECALL,
    PROTOCOL_LABELS,
    Key,
    Line,
    lines,
    parse_rows,
    places,
    shown,
)
from wfa.retrieval.metrics import KS
from wfa.retrieval.protocols import IMAGE_TO_TEXT, TEXT_TO_IMAGE

COLUMNS: tuple[Key, ...] = (
    *((TEXT_TO_IMAGE, f"R@{k}") for k in KS),
    *((IMAGE_TO_TEXT, f"R@{k}") for k in KS),
    MEAN_RECALL,
)
"""What a person wants to see after a training: R@K of both directions, and mR."""
CEILING = "best possible"
_LATEX_ESCAPES = {
    "\\": r"\textbackslash{}", "~": r"\textasciitilde{}", "^": r"\textasciicircum{}",
    DASH: "--", **{sign: "\\" + sign for sign in "&%$#_{}"},
}  # fmt: skip
_MARKDOWN_SIGNS = re.compile(r"([\\`*_|<>\[\]])")


@dataclass(frozen=True)
class Grid:
    """A table before it is written in any language.

    Attributes:
        title: What it shows; empty for nothing.
        header: One text a column.
        rows: Cells as text.
        labels: How many of the first columns hold names; the others hold numbers.
        faint: Rows that stand behind the others, such as ceilings.
    """

    title: str
    header: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    labels: int = 1
    faint: frozenset[int] = frozenset()


def results_grid(all_lines: Iterable[Line], title: str = "") -> Grid:
    """Put lines of one data set and split into a grid, in percent.

    The ceiling stands below the results of each protocol, once where it is the same for both kinds
    of query.
    """
    kept = without_equal_ceilings(all_lines)
    return Grid(
        title=title,
        header=("protocol", "queries", *(column_label(key) for key in COLUMNS)),
        rows=tuple(
            (*line_label(line, kept), *(shown(key, line.values.get(key)) for key in COLUMNS))
            for line in kept
        ),
        labels=2,
        faint=frozenset(place for place, line in enumerate(kept) if line.oracle),
    )


def results_table(rows: Iterable[Mapping[str, Any]]) -> Table:
    """Make the terminal's table of the rows of `metrics.json`; it fits 80 columns.

    Shows the first split only: test where it was measured.

    Raises:
        RunError: A row lacks a field or holds something else than it should.
    """
    every = lines(parse_rows(rows))
    if not every:
        return as_rich(results_grid([]))
    data, split = places(every)[0]
    own = [line for line in every if (line.data, line.split) == (data, split)]
    return as_rich(results_grid(own, f"{data} · {split} · in percent"))


def as_rich(grid: Grid) -> Table:
    """Write a grid for the terminal."""
    table = Table(
        title=Text(grid.title) if grid.title else None,
        title_justify="left",
        title_style="bold",
        box=box.SIMPLE_HEAD,
        header_style="",
        padding=(0, 0, 0, 1),
        pad_edge=False,
    )
    for place, name in enumerate(grid.header):
        number = place >= grid.labels
        # `T2I R@10` on two lines: seven columns of numbers and two of names fit 80 columns.
        title = Text(name.replace(" ", "\n", 1) if number else name)
        justify: JustifyMethod = "right" if number else "left"
        table.add_column(title, justify=justify, no_wrap=True)
    for place, row in enumerate(grid.rows):
        # Text, not str: names may hold square brackets, which rich would read as markup.
        table.add_row(*map(Text, row), style="dim" if place in grid.faint else None)
    return table


def as_markdown(grid: Grid) -> str:
    """Write a grid as a Markdown table; the title becomes a bold line above it."""
    rules = ["---" if place < grid.labels else "---:" for place in range(len(grid.header))]
    written = [[_markdown(cell) for cell in row] for row in (grid.header, *grid.rows)]
    body = [f"| {' | '.join(row)} |" for row in [written[0], rules, *written[1:]]]
    title = [f"**{_markdown(grid.title)}**", ""] if grid.title else []
    return "\n".join([*title, *body]) + "\n"


def as_latex(grid: Grid) -> str:
    """Write a grid as a LaTeX `tabular` with booktabs rules; the title becomes a comment."""
    columns = "l" * grid.labels + "r" * (len(grid.header) - grid.labels)
    body = [_latex_row(row) for row in grid.rows]
    comment = [f"% {' '.join(grid.title.split())}"] if grid.title else []
    return "\n".join([
        *comment, f"\\begin{{tabular}}{{{columns}}}", r"\toprule", _latex_row(grid.header),
        r"\midrule", *body, r"\bottomrule", r"\end{tabular}", "",
    ])  # fmt: skip


def column_label(key: Key) -> str:
    """Return a column's short name: `T2I R@1`, `mR`."""
    return f"{DIRECTION_LABELS.get(key[0], key[0])} {key[1]}".strip()


def line_label(line: Line, among: Sequence[Line]) -> tuple[str, str]:
    """Return what the two label columns say of a line that stands among others."""
    if not line.oracle:
        return (PROTOCOL_LABELS.get(line.protocol, line.protocol), line.queries)
    ceilings = [other for other in among if (other.oracle, other.protocol) == (True, line.protocol)]
    return (CEILING, "" if len(ceilings) == 1 else line.queries)


def without_equal_ceilings(all_lines: Iterable[Line]) -> list[Line]:
    """Leave out a ceiling that equals the one above it, of the same protocol."""
    kept: list[Line] = []
    for line in all_lines:
        above = kept[-1] if kept and kept[-1].protocol == line.protocol else None
        repeats = above and above.oracle and line.oracle and above.values == line.values
        if not repeats:
            kept.append(line)
    return kept


def _markdown(text: str) -> str:
    return _MARKDOWN_SIGNS.sub(r"\\\1", " ".join(text.split()))


def _latex_row(cells: Sequence[str]) -> str:
    escaped = (
        "".join(_LATEX_ESCAPES.get(sign, sign) for sign in " ".join(cell.split())) for cell in cells
    )
    return " & ".join(escaped) + r" \\"
