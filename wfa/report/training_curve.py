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
        columns: Numbers by column name, all of one length; None where nothing was measured.
    """

    columns: Mapping[str, tuple[float | None, ...]]

    def points(self, x: str, y: str) -> list[tuple[float, float]]:
        """Return the (x, y) pairs of the rows that have finite numbers for both.

        There are none without such a column.
        """
        pairs = zip(self.columns.get(x, ()), self.columns.get(y, ()), strict=False)
        known = [(a, b) for a, b in pairs if a is not None and b is not None]
        return [(a, b) for a, b in known if math.isfinite(a) and math.isfinite(b)]

    def not_finite(self, name: str) -> int:
        """Return how many cells of a column hold NaN or an infinity."""
        return sum(
            value is not None and not math.isfinite(value) for value in self.columns.get(name, ())
        )


def read_history(path: Path) -> History:
    """Read `history.csv`.

    Raises:
        RunError: A column is missing, a row is cut short, or a cell is no number.
    """
    try:
        with path.open(encoding="utf-8", newline="") as file:
            rows = list(csv.reader(file))
    except (ValueError, csv.Error) as error:  # a wrong encoding is a ValueError
        raise RunError(
            f"{path} is not CSV ({error}): train the run again with --overwrite"
        ) from error
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
        return float(text)
    except ValueError as error:
        raise RunError(f"{where}: {text!r} is not a number") from error
