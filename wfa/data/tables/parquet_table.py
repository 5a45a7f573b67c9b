"""A Parquet file as a table, of which only the columns that are asked for are read."""

import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from wfa.data.tables.table import Cells, Table
from wfa.errors import DataError

READ_ERRORS = (pa.ArrowException, OSError, ValueError, OverflowError, KeyError)
"""What pyarrow raises for a damaged file, or for a value that Python has no type for."""


class ParquetTable(Table):
    """A Parquet file; its rows are read when they are asked for.

    Args:
        path: The file.

    Attributes:
        schema: Its Arrow schema.
        groups: The number of rows of each row group.

    Raises:
        DataError: It is not Parquet.
    """

    def __init__(self, path: Path) -> None:
        try:
            with pq.ParquetFile(path) as file:
                self.schema = file.schema_arrow
                metadata = file.metadata
                self.groups = [
                    metadata.row_group(group).num_rows for group in range(metadata.num_row_groups)
                ]
        except READ_ERRORS as error:
            raise DataError(f"{path} is not Parquet ({_words(error)}): fetch it again") from error
        super().__init__(path, self.schema.names, ())
        self._class_names = _class_names(self.schema.metadata or {})

    def __len__(self) -> int:
        return sum(self.groups)

    def may_hold_text(self, place: int) -> bool:
        """Say by its type whether column `place` may hold texts, or lists or objects of them."""
        return _is_text(self.schema.field(place).type)

    def rows(self, places: Sequence[int]) -> Iterator[Cells]:
        """Give the cells of some columns, row by row; class labels as their names.

        Raises:
            DataError: The file is damaged, or holds text that is not UTF-8.
        """
        names = list(dict.fromkeys(self.headings[place] for place in places))
        return zip(*self._columns(places, self.read(names)), strict=True)

    def read(self, names: Sequence[str]) -> Any:
        """Return columns as an Arrow table; a name may be that of a field within: `image.path`.

        Raises:
            DataError: The file is damaged.
        """
        try:
            with pq.ParquetFile(self.path) as file:
                return file.read(columns=list(names), use_threads=False)
        except READ_ERRORS as error:
            raise self._damaged(error) from error

    def _columns(self, places: Sequence[int], table: Any) -> list[list[Any]]:
        found = []
        for place in places:
            name = self.headings[place]
            same = [other for other, heading in enumerate(self.headings) if heading == name]
            read = [other for other, heading in enumerate(table.column_names) if heading == name]
            try:
                cells = _values(table.column(read[same.index(place)]))
            except READ_ERRORS as error:
                raise self._damaged(error, name) from error
            labels = self._class_names.get(name)
            found.append([_label(cell, labels) for cell in cells] if labels else cells)
        return found

    def _damaged(self, error: Exception, column: str = "") -> DataError:
        where = f"column {column} of {self.path}" if column else f"{self.path}"
        return DataError(f"{where} cannot be read ({_words(error)}): fetch or write it again")


def is_binary(kind: Any) -> bool:
    """Say whether an Arrow type is bytes."""
    return bool(
        pa.types.is_binary(kind)
        or pa.types.is_large_binary(kind)
        or pa.types.is_binary_view(kind)
        or pa.types.is_fixed_size_binary(kind)
    )


def is_string(kind: Any) -> bool:
    """Say whether an Arrow type is text or bytes, which some writers put in its place."""
    if pa.types.is_dictionary(kind):
        return is_string(kind.value_type)
    return bool(
        pa.types.is_string(kind)
        or pa.types.is_large_string(kind)
        or pa.types.is_string_view(kind)
        or is_binary(kind)
    )


def _is_text(kind: Any) -> bool:
    if pa.types.is_dictionary(kind) or _is_list(kind):
        return _is_text(kind.value_type)
    if pa.types.is_struct(kind):
        # Images come as structs too.
        return not any(is_binary(field.type) for field in kind)
    return is_string(kind) or bool(pa.types.is_null(kind))


def _is_list(kind: Any) -> bool:
    types = pa.types
    return bool(
        types.is_list(kind)
        or types.is_large_list(kind)
        or types.is_fixed_size_list(kind)
        or types.is_list_view(kind)
        or types.is_large_list_view(kind)
    )


def _words(error: Exception) -> str:
    return " ".join(str(error).split())


def _values(column: Any) -> list[Any]:
    """Return a column as Python's values; as text where a time is beyond Python's centuries."""
    try:
        values: list[Any] = column.to_pylist()
    except (ValueError, OverflowError):
        if not pa.types.is_temporal(column.type):
            raise
        values = column.cast(pa.string()).to_pylist()
    return values


def _class_names(metadata: dict[bytes, bytes]) -> dict[str, list[str]]:
    """Return the names of the classes of each column of labels, as Hugging Face writes them."""
    try:
        features = json.loads(metadata[b"huggingface"])["info"]["features"]
        return {
            column: [str(name) for name in feature["names"]]
            for column, feature in features.items()
            if isinstance(feature, dict) and isinstance(feature.get("names"), list)
        }
    except (KeyError, TypeError, ValueError, AttributeError, RecursionError):
        return {}


def _label(cell: Any, names: Sequence[str]) -> Any:
    known = isinstance(cell, int) and 0 <= cell < len(names)
    return names[cell] if known else None if cell == -1 else cell
