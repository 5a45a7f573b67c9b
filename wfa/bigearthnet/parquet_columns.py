"""The columns of a Parquet file, checked before it is read."""

from collections.abc import Sequence
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from wfa.data.tables.parquet_table import is_string
from wfa.errors import DataError


def check_columns(
    path: Path, needed: Sequence[str], expected: str, texts: Sequence[str] = ()
) -> list[str]:
    """Return the names of a file's columns.

    Args:
        path: A file that is there.
        needed: The columns it must have.
        expected: What such a file has, for the message.
        texts: The columns that must hold texts.

    Raises:
        DataError: It is no Parquet file, lacks a column, or has one twice or of another type.
    """
    try:
        schema = pq.read_schema(path)
    except (pa.ArrowException, OSError) as error:
        raise DataError(f"{path} is no Parquet file: {error}") from error
    found: list[str] = schema.names
    missing = [name for name in needed if name not in found]
    if missing:
        raise DataError(
            f"{path} has no column {', '.join(missing)}; it has: {', '.join(found)}. {expected}"
        )
    for name in needed:
        if found.count(name) > 1:
            raise DataError(f"{path} has {found.count(name)} columns {name}: keep one of them")
    for name in texts:
        if not is_string(schema.field(name).type):
            raise DataError(
                f"{path}: the column {name} holds {schema.field(name).type}, wanted is text"
            )
    return found
