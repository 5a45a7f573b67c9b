"""Facts about images that are kept with an index, and conditions on them."""

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from wfa.errors import DataError, SearchIndexError, unknown
from wfa.files import atomic_write

Facts = Mapping[str, str]
"""Column -> value of one image; a column without a value is left out."""

_CONDITION = re.compile(r"\s*([^=!<>~]+?)\s*(!=|<=|>=|=|<|>|~)(.*)", re.DOTALL)

_ORDERS = ("<", "<=", ">", ">=")


@dataclass(frozen=True)
class Metadata:
    """A table of facts.

    Attributes:
        columns: The columns beside the path, in the table's order.
        rows: Path or name of an image, as the table has it -> its facts.
    """

    columns: tuple[str, ...] = ()
    rows: Mapping[str, Facts] | None = None

    def of(self, paths: Sequence[str]) -> list[Facts]:
        """Return the facts of each image, none where the table does not name it.

        A row names an image by its path; by its mere file name where only one path has it.
        """
        rows = self.rows or {}
        if not rows:
            return [{}] * len(paths)
        names = [path.rpartition("/")[2] for path in paths]
        seen = Counter(path.rpartition("/")[2] for path in set(paths))  # tiles share their scene's
        return [
            rows.get(path) or (rows.get(name, {}) if seen[name] == 1 else {})
            for path, name in zip(paths, names, strict=True)
        ]


def write_metadata(path: Path, metadata: Metadata) -> None:
    """Write a table as Parquet, all values as text."""
    rows = metadata.rows or {}
    columns = {"": list(rows)} | {
        column: [facts.get(column) for facts in rows.values()] for column in metadata.columns
    }
    table = pa.table({name: pa.array(values, pa.string()) for name, values in columns.items()})
    with atomic_write(path) as temporary:
        pq.write_table(table, temporary, write_page_checksum=True)


def load_metadata(path: Path) -> Metadata:
    """Read what `write_metadata` wrote; nothing where there is no file.

    Raises:
        SearchIndexError: The file is damaged.
    """
    if not path.is_file():
        return Metadata()
    try:
        table = pq.read_table(path, page_checksum_verification=True)
        columns = tuple(table.column_names[1:])
        keys, *values = (column.to_pylist() for column in table.columns)
    except (pa.ArrowException, OSError, ValueError) as error:
        raise SearchIndexError(
            f"{path} is truncated or was edited: remove it and index again with metadata=FILE"
        ) from error
    rows = {
        key: {c: v for c, v in zip(columns, row, strict=True) if v is not None}
        for key, *row in zip(keys, *values, strict=True)
    }
    return Metadata(columns, rows)


@dataclass(frozen=True)
class Condition:
    """A condition on a column: `country=Austria`, `cloud<=10`, `labels~forest`.

    Attributes:
        column: The column.
        operator: `=`, `!=`, `<`, `<=`, `>`, `>=`, or `~` for "contains", whatever the case.
        value: What to compare with; as numbers where both are numbers, else as text.
    """

    column: str
    operator: str
    value: str

    @classmethod
    def parse(cls, text: str, columns: Sequence[str]) -> "Condition":
        """Read a condition.

        Raises:
            DataError: It is no condition.
            ConfigError: There is no such column.
        """
        match = _CONDITION.fullmatch(text)
        if match is None:
            raise DataError(
                f"{text!r} is no condition: write column=value, or !=, <, <=, >, >=, ~ (contains)"
            )
        if not columns:
            raise DataError(
                f"the index has no metadata to filter by {text!r}: index the folder again with "
                "metadata=FILE"
            )
        if match[1] not in columns:
            raise unknown("metadata column", match[1], list(columns))
        return cls(match[1], match[2], match[3].strip())

    def check(self, images: Iterable[Facts]) -> None:
        """Refuse to order numbers by a value that is none.

        Raises:
            DataError: All values of the column are numbers, and the condition's is not.
        """
        if self.operator not in _ORDERS or _number(self.value) is not None:
            return
        found = [facts[self.column] for facts in images if self.column in facts]
        if found and all(_number(text) is not None for text in found):
            raise DataError(
                f"{self.column}{self.operator}{self.value}: {self.value!r} is no number, and "
                f"{self.column} holds numbers, such as {found[0]}"
            )

    def holds(self, facts: Facts) -> bool:
        """Say whether an image passes; one without a value passes only `!=`."""
        found = facts.get(self.column)
        if found is None:
            return self.operator == "!="
        if self.operator == "~":
            return self.value.casefold() in found.casefold()
        one, other = _number(found), _number(self.value)
        if one is None or other is None:
            return _compare(found, self.operator, self.value)
        return _compare(one, self.operator, other)


def _compare(one: Any, operator: str, other: Any) -> bool:
    if operator in ("=", "!="):
        return bool((one == other) == (operator == "="))
    if operator in ("<", "<="):
        return bool(one < other or (operator == "<=" and one == other))
    return bool(one > other or (operator == ">=" and one == other))


def _number(text: str) -> float | None:
    try:
        return float(text)
    except ValueError:
        return None
