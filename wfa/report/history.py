"""The course of a training: the columns of `history.csv`."""

import csv
import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from wfa.errors import RunError

REQUIRED = ("step", "epoch", "loss")


@dataclass(frozen=True)
class History:
    """What was measured at which step.

    Attributes:
        columns: Numbers by column name, all of one length; None where nothing was measured or the
            number is not finite.
    """

    columns: Mapping[str, tuple[float | None, ...]]

    def points(self, x: str, y: str) -> list[tuple[float, float]]:
        """Return the (x, y) pairs of the rows that have both; empty without such a column."""
        pairs = zip(self.columns.get(x, ()), self.columns.get(y, ()), strict=False)
        return [(a, b) for a, b in pairs if a is not None and b is not None]

    def bad_losses(self) -> int:
        """Return how many steps have a step number and no finite loss, yet no validation either.

        Such a step shows that training went astray.
        """
        measured = [name for name in self.columns if name.startswith("validation/")]
        rows = range(len(self.columns["loss"]))
        return sum(
            self.columns["loss"][row] is None
            and all(self.columns[name][row] is None for name in measured)
            for row in rows
        )


def read_history(path: Path) -> History:
    """Read `history.csv`.

    Raises:
        RunError: A column is missing, a row is cut short, or a cell is no number.
    """
    with path.open(encoding="utf-8", newline="") as file:
        rows = list(csv.reader(file))
    header = rows[0] if rows else []
    missing = [name for name in REQUIRED if name not in header]
    if missing:
        raise RunError(f"{path} has no column {', '.join(missing)}; it has: {', '.join(header)}")
    for number, row in enumerate(rows[1:], 2):
        if len(row) != len(header):
            raise RunError(
                f"{path}, line {number}: {len(row)} cells, but the header has {len(header)}"
            )
    cells = zip(*rows[1:], strict=True) if len(rows) > 1 else [()] * len(header)
    return History({
        name: tuple(_number(text, f"{path}, column {name}") for text in column)
        for name, column in zip(header, cells, strict=True)
    })  # fmt: skip


def _number(text: str, where: str) -> float | None:
    if not text.strip():
        return None
    try:
        value = float(text)
    except ValueError as error:
        raise RunError(f"{where}: {text!r} is not a number") from error
    return value if math.isfinite(value) else None
