"""The one reader of all tables: CSV, TSV, JSON, JSON lines and Parquet."""

from collections.abc import Callable
from pathlib import Path

from wfa.data.tables.delimited import read_delimited
from wfa.data.tables.json_forms import read_json_lines, read_json_table
from wfa.data.tables.parquet_table import ParquetTable
from wfa.data.tables.table import Table
from wfa.errors import DataError

_READERS: dict[str, Callable[[Path], Table]] = {
    ".csv": read_delimited,
    ".tsv": read_delimited,
    ".json": read_json_table,
    ".jsonl": read_json_lines,
    ".ndjson": read_json_lines,
    ".parquet": ParquetTable,
}
SUFFIXES = tuple(_READERS)
"""The endings of the files that `read_table` takes."""


def read_table(path: Path) -> Table:
    """Return the table that a file holds, as its ending says.

    Raises:
        DataError: It cannot be read, its ending is not known, or it has no rows.
    """
    reader = _READERS.get(path.suffix.lower())
    if reader is None:
        raise DataError(f"{path} does not end in one of {', '.join(SUFFIXES)}")
    try:
        table = reader(path)
    except RecursionError as error:
        raise DataError(f"{path} holds lists or objects that are nested too deeply") from error
    if not len(table):
        raise DataError(f"{path} has no rows")
    return table
