"""The rows of a table as annotated images."""

from collections.abc import Iterator
from typing import Any

from wfa.data.tables.caption_cells import captions_in, shown, text_of
from wfa.data.tables.columns import Columns
from wfa.data.tables.entries import SPLIT_NAMES, Entry, image_name, our_split
from wfa.data.tables.table import Table
from wfa.errors import DataError


def entries_of(table: Table, columns: Columns) -> list[Entry]:
    """Gather the captions of each image over all rows of a table, in order of first sight.

    Raises:
        DataError: A cell has a wrong type, or an image's rows are in different splits.
    """
    captions: dict[str, list[str]] = {}
    blank: dict[str, int] = {}
    splits: dict[str, str] = {}
    for place, row in enumerate(rows_of(table, columns), start=1):
        first = splits.setdefault(row.image, row.split)
        if first != row.split:
            raise DataError(
                f"{table.path}, row {place}: image {row.image} is in split {row.split!r} here and "
                f"in {first!r} before; give all its rows one split"
            )
        captions.setdefault(row.image, []).extend(row.captions)
        if row.blank_row:
            blank.setdefault(row.image, row.blank_row)
    return [
        Entry(name, splits[name], tuple(texts), blank.get(name, 0))
        for name, texts in captions.items()
    ]


def rows_of(table: Table, columns: Columns, are_files: bool = True) -> Iterator[Entry]:
    """Give what each row says; the image is `""` where no column names it.

    Args:
        table: The table.
        columns: The columns to read.
        are_files: Whether images are files by these names; else any name will do, or none.

    Raises:
        DataError: A cell is no name, no split or no caption; the message names the row.
    """
    places = [place for place in (columns.file, columns.split) if place is not None]
    for number, cells in enumerate(table.rows([*places, *columns.captions]), start=1):
        at = f"{table.path}, row {number}"
        rest = list(cells)
        image = "" if columns.file is None else _image(rest.pop(0), columns.file, table, at)
        image = image_name(image, at) if are_files else image.strip()
        split = "" if columns.split is None else _split(rest.pop(0), at)
        texts = [
            text
            for place, cell in zip(columns.captions, rest, strict=True)
            for text in captions_in(cell, f"{at}: column {table.headings[place]!r}")
        ]
        if len(rest) > 1:
            # Numbered columns are as many as the longest image needs: blank ones are no captions.
            texts = [text for text in texts if text.strip()] or [""]
        blank = not texts or not all(text.strip() for text in texts)
        yield Entry(image, split, tuple(texts), number if blank else 0)


def _image(cell: Any, place: int, table: Table, at: str) -> str:
    name = text_of(cell)
    if name is None:
        hint = "; for images within Parquet use data=captions_parquet" * isinstance(cell, bytes)
        raise DataError(
            f"{at}: column {table.headings[place]!r} is no file name: {shown(cell)}{hint}"
        )
    return name


def _split(cell: Any, at: str) -> str:
    written = text_of(cell)
    if written is None:
        raise DataError(
            f"{at}: the split {shown(cell)} is no name; write one of {', '.join(SPLIT_NAMES)}"
        )
    return our_split(written)
