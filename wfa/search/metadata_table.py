"""Facts about images from a table of the person's own, joined by path."""

import json
from collections import Counter
from math import isnan
from pathlib import Path, PurePath, PurePosixPath
from typing import Any

from wfa.data.tables.caption_cells import shown, text_of
from wfa.data.tables.columns import file_column, heading_place
from wfa.data.tables.formats import SUFFIXES, read_table
from wfa.errors import DataError
from wfa.search.image_metadata import Facts, Metadata


def read_metadata(path: Path, root: Path, column: str = "") -> Metadata:
    """Read a table with a row for each image.

    Args:
        path: CSV, TSV, JSON, JSONL or Parquet.
        root: The folder of images; paths in the table may stand below it or be relative to it.
        column: The column that names the image; empty to guess.

    Raises:
        DataError: There is no such file or column, it cannot be read, or names an image twice.
    """
    if path.suffix.lower() not in SUFFIXES:
        raise DataError(f"metadata={path}: wanted a file that ends in {', '.join(SUFFIXES)}")
    if not path.is_file():
        raise DataError(f"metadata={path}: there is no such file")
    table = read_table(path)
    key = heading_place(table, column) if column else file_column(table)
    if key is None:
        raise DataError(
            f"{path} has no column of image paths: set path_column=NAME; its columns are: "
            f"{', '.join(table.headings)}"
        )
    columns = tuple(name for place, name in enumerate(table.headings) if place != key)
    if len(set(columns)) < len(columns):
        twice = next(name for name, count in Counter(columns).items() if count > 1)
        raise DataError(f"{path} has several columns {twice!r}: give each a name of its own")
    others = [place for place in range(len(table.headings)) if place != key]
    rows: dict[str, Facts] = {}
    for number, (cell, *cells) in enumerate(table.rows([key, *others]), start=1):
        name = _relative(text_of(cell), root, f"{path}, row {number}")
        if name in rows:
            raise DataError(f"{path}, row {number}: {name} stands there twice; give it one row")
        values = zip(columns, map(_text, cells), strict=True)
        rows[name] = {column: value for column, value in values if value is not None}
    return Metadata(columns, rows)


def _text(value: Any) -> str | None:
    if value is None or isinstance(value, str):
        return value or None
    if isinstance(value, float) and isnan(value):
        return None
    if isinstance(value, list | dict):
        try:
            return json.dumps(value, ensure_ascii=False, default=str)
        except RecursionError:
            return shown(value)
    return str(value)


def _relative(value: Any, root: Path, where: str) -> str:
    if not isinstance(value, str) or not value.strip():
        raise DataError(f"{where}: no image path: {value!r}")
    path = PurePath(value.strip().replace("\\", "/"))
    for base in (root, root.resolve()):
        if path.is_absolute() and path.is_relative_to(base):
            path = path.relative_to(base)
    return PurePosixPath(path.as_posix()).as_posix()
