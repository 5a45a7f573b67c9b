"""Images and captions in Parquet files, as data hubs store them."""

import re
import threading
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import pyarrow as pa
import pyarrow.parquet as pq

from wfa.data.decode import BadImageError, NoBytesError
from wfa.data.tables.columns import FILE_COLUMNS, find_columns
from wfa.data.tables.entries import SPLIT_NAMES, Entry
from wfa.errors import DataError


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


@dataclass(frozen=True)
class _Row:
    """A row without its image's bytes; `name` and `inside` are empty where there is none."""

    name: str
    inside: str
    numbered: str
    split: str
    captions: tuple[str, ...]
    place: Place


def parquet_files(root: Path) -> list[Path]:
    """Return the Parquet files in `root` and in the folders below it, sorted."""
    return sorted(path for path in root.rglob("*.parquet") if not path.name.startswith("."))


def image_column(path: Path, given: str) -> str:
    """Return the column of images: binary, or a struct with a field `bytes`.

    Args:
        path: One Parquet file.
        given: The column's name; empty to find it.

    Raises:
        DataError: The file is not Parquet, or has no such column.
    """
    schema = _open(path).schema_arrow
    for field in schema:
        in_struct = pa.types.is_struct(field.type) and field.type.get_field_index("bytes") >= 0
        if (in_struct or _is_binary(field.type)) and given in ("", field.name):
            return str(field.name)
    wanted = f"column {given!r} of" if given else "column of"
    raise DataError(
        f"{path} has no {wanted} image bytes (binary, or a struct with a field bytes); its columns "
        f"are: {', '.join(schema.names)}. For images in files use data=captions_folder"
    )


def read_entries(
    files: Sequence[Path], image: str, file_column: str, caption_column: str, split_column: str
) -> tuple[list[Entry], dict[str, Place]]:
    """Read everything but the images' bytes.

    An image is called as the file column says; without one as the image column's field `path`
    says, where that names all images differently; else after its file and row.

    Args:
        files: The Parquet files.
        image: The image column.
        file_column: The column of file names; empty to find it.
        caption_column: The column of captions; empty to find it.
        split_column: The column of splits; empty to find it. Without one the name of each file or
            of its folder says the split; an entry's split is empty where neither does.

    Returns:
        One entry a row, and each image's place.

    Raises:
        DataError: A file is not Parquet, a column is missing, or a name stands twice.
    """
    rows = [
        row
        for path in files
        for row in _file_rows(path, image, file_column, caption_column, split_column)
    ]
    inside = {row.inside for row in rows}
    usable = "" not in inside and len(inside) == len(rows)
    entries: list[Entry] = []
    places: dict[str, Place] = {}
    for row in rows:
        name = row.name or (row.inside if usable else "") or row.numbered
        if name in places:
            raise DataError(
                f"{row.place.file}: the image name {name} stands more than once; give each image "
                "one row with all its captions, or say data.file_column=NAME"
            )
        places[name] = row.place
        entries.append(Entry(name, row.split, row.captions))
    return entries, places


def split_in_name(path: Path) -> str:
    """Return the split that a Parquet file's name or folder says, as written there, or ``""``."""
    for part in (path.stem, path.parent.name):
        for word in re.split(r"[^a-z]+", part.lower()):
            if word in SPLIT_NAMES:
                return word
    return ""


def _file_rows(
    path: Path, image: str, file_column: str, caption_column: str, split_column: str
) -> list[_Row]:
    with _open(path) as parquet:
        schema = parquet.schema_arrow
        texts = [field.name for field in schema if field.name != image and _is_text(field.type)]
        # Image bytes need no file name: `find_columns` is shown one where the table has none.
        named = bool(file_column) or any(name.lower() in FILE_COLUMNS for name in texts)
        shown = texts if named else [*texts, FILE_COLUMNS[0]]
        columns = find_columns(shown, str(path), file_column, caption_column, split_column)
        wanted = [*columns.captions, *filter(None, (columns.split,))]
        wanted += [columns.file] if named else []
        struct = schema.field(image).type
        if pa.types.is_struct(struct) and struct.get_field_index("path") >= 0:
            wanted.append(f"{image}.path")
        cells = parquet.read(columns=wanted, use_threads=False).to_pylist()
        places = _places(parquet.metadata, path)
    return [
        _Row(
            name=(row[columns.file] or "") if named else "",
            inside=(row.get(image) or {}).get("path") or "",
            numbered=f"{path.stem}-{number:06d}",
            split=(row[columns.split] or "") if columns.split else split_in_name(path),
            captions=tuple(t or "" for name in columns.captions for t in _texts(row[name])),
            place=place,
        )
        for number, (row, place) in enumerate(zip(cells, places, strict=True))
    ]


def _places(metadata: Any, path: Path) -> list[Place]:
    return [
        Place(path, group, row)
        for group in range(metadata.num_row_groups)
        for row in range(metadata.row_group(group).num_rows)
    ]


def _open(path: Path) -> Any:
    try:
        return pq.ParquetFile(path)
    except (pa.ArrowException, OSError) as error:
        raise DataError(f"{path} is not Parquet ({error}): fetch it again") from error


def _texts(cell: Any) -> list[Any]:
    return cell if isinstance(cell, list) else [] if cell is None else [cell]


def _is_text(kind: Any) -> bool:
    inner = kind.value_type if pa.types.is_list(kind) or pa.types.is_large_list(kind) else kind
    return bool(pa.types.is_string(inner) or pa.types.is_large_string(inner))


def _is_binary(kind: Any) -> bool:
    return bool(pa.types.is_binary(kind) or pa.types.is_large_binary(kind))
