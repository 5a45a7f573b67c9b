"""Everything but the images' bytes from Parquet files with images, as data hubs store them."""

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

import pyarrow as pa

from wfa.data.read_once import read_once
from wfa.data.tables.columns import (
    CAPTION_COLUMNS,
    FILE_COLUMNS,
    SPLIT_COLUMNS,
    Columns,
    Wanted,
    find_columns,
    heading_place,
)
from wfa.data.tables.entries import Entry, our_split, split_in_name
from wfa.data.tables.entry_rows import rows_of
from wfa.data.tables.parquet_images import Place
from wfa.data.tables.parquet_table import ParquetTable, is_binary
from wfa.errors import DataError

_IMAGE_COLUMNS = ("img", "picture", "photo", "jpg", "jpeg", "png", "tif", "tiff", "webp")


class ParquetRows(NamedTuple):
    """What the files say.

    Attributes:
        entries: One a row.
        image: The column of images.
        places: Image name -> its place.
        notes: What was decided, a sentence each.
    """

    entries: list[Entry]
    image: str
    places: dict[str, Place]
    notes: tuple[str, ...]


def parquet_files(root: Path) -> list[Path]:
    """Return the Parquet files in `root` and in the folders below it, sorted; hidden ones not."""
    found = root.rglob("*.[pP][aA][rR][qQ][uU][eE][tT]")
    hidden = re.compile(r"(^|/)\.")
    return sorted(p for p in found if not hidden.search(p.relative_to(root).as_posix()))


def read_rows(root: Path, image_column: str, wanted: Wanted) -> ParquetRows:
    """Read the Parquet files in a folder and the folders below it.

    An image is called as the file column says; without one as the image column's field `path`
    says, where that names all images differently; else after its file and row. Where a file has
    no column of splits, its own name or that of its folder below `root` says the split.

    Args:
        root: The folder.
        image_column: The column of images: bytes, or a struct with a field `bytes`; empty to find.
        wanted: The other columns.

    Raises:
        DataError: There is no Parquet file, one lacks a column, or a name stands twice.
    """
    files = parquet_files(root)
    if not files:
        raise DataError(f"{root} and the folders in it hold no file NAME.parquet")
    parts = [_read_file(path, root, image_column, wanted) for path in files]
    for part in parts:
        if part.columns != parts[0].columns:
            raise DataError(
                f"{part.path} would be read by the columns {', '.join(part.columns)}, and "
                f"{parts[0].path} by {', '.join(parts[0].columns)}: give them equal columns, name "
                "them with data.file_column and data.caption_column, or move one file elsewhere"
            )
    rows = [row for part in parts for row in part.rows]
    inside = {row.inside for row in rows}
    usable = "" not in inside and len(inside) == len(rows)
    places: dict[str, Place] = {}
    entries: list[Entry] = []
    for row in rows:
        name = row.entry.image or (row.inside if usable else row.numbered)
        if name in places:
            raise DataError(
                f"{row.place.file}: the image name {name} stands more than once; give each image "
                "one row with all its captions, or say data.file_column=NAME"
            )
        places[name] = row.place
        entries.append(replace(row.entry, image=name))
    notes = dict.fromkeys(note for part in parts for note in part.notes)
    return ParquetRows(entries, parts[0].columns[0], places, (*notes, *_missing_shards(files)))


def _missing_shards(files: Sequence[Path]) -> list[str]:
    """Say which files of a numbered row are not there: `NAME-00001-of-00002`."""
    shards = Counter(
        (path.parent / match[1], int(match[2]))
        for path in files
        if (match := re.fullmatch(r"(.*)-\d+-of-(\d{1,9})", path.stem))
    )
    return [
        f"{here} of the {count} files {start}-NUMBER-of-{count:05d}.parquet are there"
        for (start, count), here in shards.items()
        if here < count
    ]


class _Row(NamedTuple):
    """A row; `inside` is the image's own path, or empty."""

    entry: Entry
    inside: str
    numbered: str
    place: Place


class _File(NamedTuple):
    """What one file says; `columns` are those that all files must have."""

    path: Path
    columns: tuple[str, ...]
    rows: Sequence[_Row]
    notes: tuple[str, ...]


@read_once
def _read_file(path: Path, root: Path, image_column: str, wanted: Wanted) -> _File:
    table = ParquetTable(path)
    image = _image_column(table, image_column)
    columns = find_columns(table, wanted, image)
    said = our_split(split_in_name(path.relative_to(root))) if columns.split is None else ""
    rows = [
        _Row(
            entry=replace(entry, split=said) if said else entry,
            inside=inside,
            numbered=f"{path.stem}-{number:06d}",
            place=Place(path, *place),
        )
        for number, (entry, inside, place) in enumerate(
            zip(
                rows_of(table, columns, are_files=False),
                _inside(table, image),
                _places(table),
                strict=True,
            )
        )
    ]
    return _File(path, _names(table, image, columns), rows, columns.notes)


def _image_column(table: ParquetTable, given: str) -> int:
    """Return the place of the column of images: the one that is named so, or the only bytes."""
    candidates = [
        place
        for place, field in enumerate(table.schema)
        if is_binary(field.type) or _has_bytes(field.type)
    ]
    if given:
        found = [place for place in candidates if place == heading_place(table, given)]
    else:
        names = {place: table.headings[place].strip().lower() for place in candidates}
        texts = {*FILE_COLUMNS, *CAPTION_COLUMNS, *SPLIT_COLUMNS}
        found = (
            [place for place, name in names.items() if name == "image"]
            or [place for place, name in names.items() if name in _IMAGE_COLUMNS]
            or [place for place, name in names.items() if name not in texts]
        )
    if len(found) > 1:
        several = ", ".join(table.headings[place] for place in found)
        raise DataError(
            f"{table.path} has several columns that may hold images ({several}): say which one "
            "with data.image_column=NAME"
        )
    if not found:
        wanted = f"column {given!r} of" if given else "column of"
        raise DataError(
            f"{table.path} has no {wanted} image bytes (binary, or a struct with a field bytes); "
            f"its columns are: {', '.join(table.headings)}. Move it out of the folder if it is no "
            "part of the data set; for images in files use data=captions_folder"
        )
    return found[0]


def _has_bytes(kind: pa.DataType) -> bool:
    place = kind.get_field_index("bytes") if pa.types.is_struct(kind) else -1
    return place >= 0 and is_binary(kind.field(place).type)


def _inside(table: ParquetTable, image: int) -> Iterator[str]:
    """Give the field `path` of each image, empty where there is none."""
    kind, name = table.schema.field(image).type, table.headings[image]
    if not pa.types.is_struct(kind) or kind.get_field_index("path") < 0:
        return iter([""] * len(table))
    cells = table.read([f"{name}.path"]).column(0).to_pylist()
    paths = ((cell or {}).get("path") for cell in cells)
    return (path if isinstance(path, str) else "" for path in paths)


def _places(table: ParquetTable) -> Iterator[tuple[int, int]]:
    return ((group, row) for group, rows in enumerate(table.groups) for row in range(rows))


def _names(table: ParquetTable, image: int, columns: Columns) -> tuple[str, ...]:
    """Return the names of the columns that are read, that of the captions without its number."""
    stem = re.sub(r"[ _.-]?\d*$", "", table.headings[columns.captions[0]].strip().lower())
    file = () if columns.file is None else (table.headings[columns.file],)
    return (table.headings[image], *file, stem)
