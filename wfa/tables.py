"""A small table of results: one object for the terminal, pandas, Markdown, LaTeX and CSV."""

import csv
import io
import math
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pandas as pd
    from rich.table import Table as RichTable

DASH = "\u2013"
"""Stands where there is no value."""
_TERMINAL = 80
"""Columns of a terminal that a table should fit."""
_LATEX_ESCAPES = {
    "\\": r"\textbackslash{}", "~": r"\textasciitilde{}", "^": r"\textasciicircum{}",
    DASH: "--", **{sign: "\\" + sign for sign in "&%$#_{}"},
}  # fmt: skip
_MARKDOWN_SIGNS = re.compile(r"([\\`*_|<>\[\]])")


class Number(str):
    """A number together with how people read it: `45.3 %` of 0.4531.

    It is its text wherever a text is wanted; pandas, CSV and sorting take the value.

    Attributes:
        value: The number, unrounded; None where nothing was measured.
    """

    __slots__ = ("value",)
    value: float | None

    def __new__(cls, text: str, value: float | None) -> "Number":
        """Tie a text to the number that it shows."""
        made = super().__new__(cls, text)
        made.value = value
        return made


Cell = str | int | float | None
"""What a table holds: a text, a `Number`, a plain number (shown as it is), or nothing."""


@dataclass(frozen=True)
class Table:
    """A table before it is written in any language.

    Attributes:
        header: One text a column.
        rows: Cells, as many a row as there are columns.
        title: What it shows; empty for nothing.
        labels: How many of the first columns hold names; the others hold numbers.
        faint: Rows that stand behind the others, such as oracles.
        note: What a reader must know of the rows; empty for nothing.

    >>> table = Table(("technique", "R@1"), (("mean", Number("45.3", 0.4531)),))
    >>> print(table.to_markdown(), end="")
    | technique | R@1 |
    | --- | ---: |
    | mean | 45.3 |
    >>> table.to_pandas()["R@1"].tolist()
    [0.4531]
    """

    header: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]
    title: str = ""
    labels: int = 1
    faint: frozenset[int] = frozenset()
    note: str = ""

    def __str__(self) -> str:
        return self.to_markdown().rstrip("\n")

    __repr__ = __str__

    def _repr_markdown_(self) -> str:
        return self.to_markdown()  # what a notebook shows

    @classmethod
    def from_records(cls, records: Iterable[Mapping[str, Cell]], title: str = "") -> "Table":
        """Make a table of mappings: a column a key, the first columns without numbers name rows."""
        held = list(records)
        header = tuple(dict.fromkeys(key for record in held for key in record))
        rows = tuple(tuple(record.get(key) for key in header) for record in held)
        named = [all(is_name(row[place]) for row in rows) for place in range(len(header))]
        labels = next((place for place, name in enumerate(named) if not name), len(header))
        return cls(header, rows, title, labels)

    def texts(self) -> list[list[str]]:
        """Return the cells of each row as people read them."""
        return [[text_of(cell) for cell in row] for row in self.rows]

    def to_pandas(self) -> "pd.DataFrame":
        """Return a data frame of the unrounded values; what is missing is None or NaN."""
        import pandas as pd

        return pd.DataFrame([list(map(value_of, row)) for row in self.rows],
                            columns=list(self.header))  # fmt: skip

    def to_csv(self) -> str:
        """Write the unrounded values as CSV; what is missing is empty."""
        file = io.StringIO()
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(self.header)
        writer.writerows(map(value_of, row) for row in self.rows)
        return file.getvalue()

    def to_markdown(self) -> str:
        """Write a Markdown table; the title is a bold line above it, the note one below."""
        rules = ["---" if place < self.labels else "---:" for place in range(len(self.header))]
        head, *rest = [list(map(_markdown, row)) for row in (self.header, *self.texts())]
        body = [f"| {' | '.join(row)} |" for row in (head, rules, *rest)]
        title = [f"**{_markdown(self.title)}**", ""] if self.title else []
        note = ["", _markdown(self.note)] if self.note else []
        return "\n".join([*title, *body, *note]) + "\n"

    def to_latex(self) -> str:
        """Write a LaTeX `tabular` with booktabs rules; the title and the note become comments."""
        columns = "l" * self.labels + "r" * (len(self.header) - self.labels)
        comment = [f"% {' '.join(said.split())}" for said in (self.title, self.note) if said]
        return "\n".join([
            *comment, f"\\begin{{tabular}}{{{columns}}}", r"\toprule", _latex(self.header),
            r"\midrule", *map(_latex, self.texts()), r"\bottomrule", r"\end{tabular}", "",
        ])  # fmt: skip

    def to_rich(self) -> "RichTable":
        """Make the terminal's table; in a wide one a head of two words stands on two lines."""
        from rich import box
        from rich.console import Console
        from rich.table import Table as RichTable
        from rich.text import Text

        made = RichTable(
            title=Text(self.title) if self.title else None, title_justify="left",
            caption=Text(self.note) if self.note else None, caption_justify="left",
            title_style="bold", box=box.SIMPLE_HEAD, header_style="", padding=(0, 0, 0, 1),
            pad_edge=False,
        )  # fmt: skip
        widest = [max(map(len, column)) for column in zip(self.header, *self.texts(), strict=True)]
        wide = sum(widest) + len(widest) > _TERMINAL
        for place, name in enumerate(self.header):
            number = place >= self.labels
            # Seven columns such as `T2I R@10` and two of names fit 80 columns this way.
            head = Text(name.replace(" ", "\n", 1) if number and wide else name)
            made.add_column(head, justify="right" if number else "left", no_wrap=True)
        for place, row in enumerate(self.texts()):
            # Text, not str: names may hold square brackets, which rich would read as markup.
            made.add_row(*map(Text, row), style="dim" if place in self.faint else None)
        if Console(width=1000).measure(made).maximum > _TERMINAL:
            made.padding = 0  # the box keeps one blank between columns
        return made


def text_of(cell: Cell) -> str:
    """Return a cell as people read it."""
    if cell is None:
        return DASH
    return f"{cell:,.10g}" if isinstance(cell, float) else str(cell)


def value_of(cell: Cell) -> Cell:
    """Return a cell's unrounded value, a text where it is no number."""
    if isinstance(cell, Number):
        return cell.value
    return None if cell == DASH else cell


def is_name(cell: Cell) -> bool:
    """Say whether a cell is a text that shows no number."""
    return isinstance(cell, str) and not isinstance(cell, Number)


def count(number: float | None) -> Number:
    """Write a whole number with groups of thousands: `12,345`."""
    return Number(DASH if number is None else f"{number:,.0f}", number)


def share(fraction: float | None) -> Number:
    """Write a fraction as a percentage with one decimal: `12.3 %`."""
    return Number(DASH if fraction is None else f"{100 * fraction:.1f} %", fraction)


def decimal(number: float | None, places: int = 1) -> Number:
    """Write a number with so many decimals; what is not finite is a dash."""
    known = number is not None and math.isfinite(number)
    return Number(f"{number:.{places}f}" if known else DASH, number)


def duration(seconds: float | None) -> Number:
    """Write seconds as people say them: `0.4 s`, `12 s`, `3 min 05 s`, `2 h 07 min`."""
    if seconds is None:
        return Number(DASH, None)
    whole, minutes = round(seconds), round(seconds / 60)
    if seconds < 9.95:
        text = f"{seconds:.1f} s"
    elif whole < 60:
        text = f"{whole} s"
    elif whole < 3600:
        text = f"{whole // 60} min {whole % 60:02d} s"
    else:
        text = f"{minutes // 60} h {minutes % 60:02d} min"
    return Number(text, seconds)


def _markdown(text: str) -> str:
    return _MARKDOWN_SIGNS.sub(r"\\\1", " ".join(text.split()))


def _latex(cells: Sequence[str]) -> str:
    escaped = (
        "".join(_LATEX_ESCAPES.get(sign, sign) for sign in " ".join(cell.split())) for cell in cells
    )
    return " & ".join(escaped) + r" \\"
