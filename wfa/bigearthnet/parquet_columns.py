"""The columns of a Parquet file, checked before it is read."""

from collections.abc import Sequence
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from wfa.errors import DataError


def check_columns(path: Path, needed: Sequence[str], expected: str) -> list[str]:
    """Return the names of a file's columns.

    Args:
        path: A file that is there.
        needed: The columns it must have.
        expected: What such a file has, for the message.

    Raises:
        DataError: It is no Parquet file, or lacks a column.
    """
    try:
        found: list[str] = pq.read_schema(path).names
    except pa.ArrowException as error:
        raise DataError(f"{path} is no Parquet file: {error}") from error
    missing = [name for name in needed if name not in found]
    if missing:
        raise DataError(
            f"{path} has no column {', '.join(missing)}; it has: {', '.join(found)}. {expected}"
        )
    return found
