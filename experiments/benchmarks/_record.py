"""What every benchmark shares: one row a case, a table on the screen, JSON beside the script."""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from rich.console import Console
from rich.markup import escape

from wfa.files import write_text
from wfa.provenance import machine


@dataclass(frozen=True, slots=True)
class Row:
    """One case of a benchmark.

    Attributes:
        case: What was done, on what.
        ours: Our figure; None where there is none, such as the seconds to what was not reached.
        peer: The peer's figure in the same run, or the limit that was set; None without either.
        ratio: How many times better ours is; above 1 is better whatever the unit.
        goal: The ratio wanted; None without one.
        agreement: Largest difference between the two results; None where there is nothing to
            compare.
        unit: Unit of `ours` and `peer`.
        bound_by: What limits ours.
    """

    case: str
    ours: float | None
    peer: float | None
    ratio: float | None
    goal: float | None
    agreement: float | None
    unit: str
    bound_by: str


def record(name: str, rows: Sequence[Row], folder: Path | None = None) -> Path:
    """Print rows and write them to `<name>.json`.

    Args:
        name: Of the benchmark.
        rows: Its cases.
        folder: Where to write; this folder unless given.

    Returns:
        The file written.
    """
    where = "{processor}, {cores} cores".format(**machine())
    console = Console(soft_wrap=True, highlight=False)
    console.print(f"[bold]{name}[/] on {where}")
    for row in rows:
        console.print(_described(row))
    path = (folder or Path(__file__).parent) / f"{name}.json"
    content = [{**asdict(row), "machine": where} for row in rows]
    write_text(path, json.dumps(content, indent=2, allow_nan=False) + "\n")
    return path


def _described(row: Row) -> str:
    """Give a row as a paragraph: what was done, the figures, what limits ours."""
    goal = "" if row.goal is None else f" (goal {_shown(row.goal)})"
    figures = [f"ours {_shown(row.ours)} {row.unit}", f"peer {_shown(row.peer)}"]
    figures += [f"ratio {_shown(row.ratio)}{goal}", f"agreement {_shown(row.agreement)}"]
    lines = [row.case, "   ".join(figures), f"bound by: {row.bound_by}"]
    return "\n  ".join(map(escape, lines))


def _shown(figure: float | None) -> str:
    return "-" if figure is None else f"{figure:,.4g}"
