"""The questions of one split with their right answers, read from the annotations alone."""

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from wfa.bigearthnet.annotation_table import AnnotationTable, BadRows, splits_in
from wfa.bigearthnet.archives import ANNOTATIONS
from wfa.bigearthnet.rows import CATEGORIES, Answer, Row, parse_row
from wfa.data.dataset import SourceConfig
from wfa.data.locations import data_root
from wfa.errors import DataError
from wfa.tasks.catalogue import Task, task_of

DATA = "bigearthnet_txt"


@dataclass(frozen=True)
class Question:
    """One row with what is right.

    Attributes:
        row: The row.
        task: Its task.
        answer: What the row says: yes or no, a choice, a located target, a caption.
    """

    row: Row
    task: Task
    answer: Answer


class Questions:
    """All questions of a split; the rows stay in Arrow's memory until they are asked for.

    Args:
        path: The Parquet file in the official columns.
        split: A split, or several joined by `+`: `test+bench` is what the paper calls test.
        on_bad_row: `error` stops at a row that does not parse; `skip` leaves it out and counts it.

    Attributes:
        path: The file.
        split: The split.

    Raises:
        DataError: The file is missing or broken, has no row of the split, or holds a row that does
            not parse; the message names it.
    """

    def __init__(self, path: Path, split: str, on_bad_row: str = "error") -> None:
        self.path, self.split = path, split
        self._table = AnnotationTable(path, split.split("+"), CATEGORIES, on_bad_row)
        if not len(self._table):
            found = ", ".join(sorted(splits_in(path))) or "none"
            raise DataError(f"{path} has no rows of split {split!r}; it has the splits: {found}")

    @property
    def bad_rows(self) -> BadRows:
        """The rows that were left out."""
        return self._table.bad_rows

    def describe(self) -> dict[str, Any]:
        """Return what `scores.json` says of them."""
        return {
            "name": self.path.name,
            "split": self.split,
            "bad_rows": self.bad_rows.count,
            "reasons": self.bad_rows.reasons,
        }

    def __iter__(self) -> Iterator[Question]:
        """Give the questions patch by patch."""
        for patch in range(len(self._table)):
            for row in self._table.rows(patch):
                yield Question(row, task_of(row), parse_row(row))


def annotations_file(rows: Path | None, root: str) -> Path:
    """Return the Parquet file to read.

    Args:
        rows: The file itself, where a person names it.
        root: The data set's folder; empty means below `WFA_DATA_DIR`.

    Raises:
        DataError: No folder is set, or there is no such folder.
    """
    if rows is not None:
        return rows
    remedy = f"run `wfa data prepare {DATA}`, or name the file with rows=FILE.parquet"
    options = SourceConfig(root=root)
    return data_root(options, DATA, os.environ.get("WFA_DATA_DIR"), remedy) / ANNOTATIONS
