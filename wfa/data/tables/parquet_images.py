"""Images that stand in the rows of Parquet files."""

import threading
from collections import OrderedDict
from pathlib import Path
from typing import Any, NamedTuple

import pyarrow as pa
import pyarrow.parquet as pq

from wfa.data.decode import BadImageError, NoBytesError


class Place(NamedTuple):
    """Where the bytes of an image stand."""

    file: Path
    group: int
    row: int


class ParquetImages:
    """Images in the rows of Parquet files, read a row group at a time.

    A row group cannot be read in part, so the last ones are kept: reading in order reads each
    once. Every process keeps its own.

    Args:
        column: The image column: bytes, or a struct with a field `bytes`.
        places: Image name -> its place.
        keep_bytes: How much memory row groups may take; the last one is always kept.
    """

    def __init__(self, column: str, places: dict[str, Place], keep_bytes: int) -> None:
        self._column = column
        self._places = places
        self._keep_bytes = keep_bytes
        self._forget()

    def read(self, name: str) -> bytes:
        """Return the bytes of image `name`.

        Raises:
            BadImageError: Its cell is empty.
            NoBytesError: The file cannot be read.
        """
        place = self._places[name]
        with self._lock:
            cell = self._group(place.file, place.group)[place.row].as_py()
        content = cell.get("bytes") if isinstance(cell, dict) else cell
        if content is None:
            raise BadImageError(f"has no bytes in {place.file}")
        return bytes(content)

    def file(self, name: str) -> Path:
        """Return the file that holds image `name`."""
        return self._places[name].file

    @property
    def searched(self) -> str:
        """Where images were looked for, to be put in brackets after what is missing."""
        return "looked in " + ", ".join(sorted({str(p.file) for p in self._places.values()}))

    def _group(self, file: Path, group: int) -> Any:
        key = (file, group)
        if key in self._groups:
            self._groups.move_to_end(key)
            return self._groups[key]
        try:
            with pq.ParquetFile(file) as parquet:
                # One column gains nothing from threads, and worker processes share the cores.
                table = parquet.read_row_group(group, columns=[self._column], use_threads=False)
        except (pa.ArrowException, OSError) as error:
            raise NoBytesError(f"cannot be read from {file} ({error})") from error
        self._groups[key] = table.column(0)
        while len(self._groups) > 1 and self._held() > self._keep_bytes:
            self._groups.popitem(last=False)
        return self._groups[key]

    def _held(self) -> int:
        return sum(column.nbytes for column in self._groups.values())

    def _forget(self) -> None:
        self._lock = threading.Lock()
        self._groups: OrderedDict[tuple[Path, int], Any] = OrderedDict()

    def __getstate__(self) -> dict[str, Any]:
        """Leave the lock and the row groups behind when a worker process gets its copy."""
        return {k: v for k, v in self.__dict__.items() if k not in ("_lock", "_groups")}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state)
        self._forget()
