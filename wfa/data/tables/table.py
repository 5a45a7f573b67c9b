"""A table in rows and columns, whatever file it was read from."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

Cells = tuple[Any, ...]
"""The values of one row, in the order of the columns that were asked for."""


class Table:
    """A table in memory.

    A column is told by its place, since headings may repeat.

    Args:
        path: Its file, for messages.
        headings: The C headings as they are written.
        rows: The rows, each with C cells: texts, or what JSON holds.
    """

    def __init__(self, path: Path, headings: Sequence[str], rows: Sequence[Sequence[Any]]) -> None:
        self.path = path
        self.headings = tuple(headings)
        self._rows = rows

    def __len__(self) -> int:
        return len(self._rows)

    def may_hold_text(self, place: int) -> bool:
        """Say whether column `place` may hold texts or lists of texts."""
        return place < len(self.headings)

    def rows(self, places: Sequence[int]) -> Iterator[Cells]:
        """Give the cells of some columns, row by row; nothing else is read.

        Raises:
            DataError: The file is damaged.
        """
        return (tuple(row[place] for place in places) for row in self._rows)


def table_of_objects(path: Path, objects: Sequence[Mapping[str, Any]]) -> Table:
    """Return objects as a table; a key that an object lacks is an empty cell."""
    headings = list(dict.fromkeys(key for item in objects for key in item))
    return Table(path, headings, [[item.get(key) for key in headings] for item in objects])
