"""Rows of any table to annotated images: which column is the file, which the captions."""

import ast
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from wfa.data.tables.entries import Entry, image_name
from wfa.errors import DataError

FILE_COLUMNS = ("filename", "file_name", "file", "image", "path", "image_path", "filepath", "name")
CAPTION_COLUMNS = (
    "caption", "captions", "raw", "text", "texts", "sentence", "sentences", "description", "title",
)  # fmt: skip
SPLIT_COLUMNS = ("split", "subset", "set", "partition")

Row = Mapping[str, Any]


@dataclass(frozen=True)
class Columns:
    """The columns of a table that matter.

    Attributes:
        file: The image's name.
        captions: One column, or several numbered ones in order.
        split: The split's name, or None where the table has none.
    """

    file: str
    captions: tuple[str, ...]
    split: str | None


def find_columns(names: Sequence[str], where: str, file: str, caption: str, split: str) -> Columns:
    """Find the columns of file names, captions and splits.

    A caption column may be numbered: `caption_1`, `caption_2` ... or `raw`, `raw_1` ... are read
    as several captions of one row.

    Args:
        names: The columns that the table has.
        where: The table's file, for the message.
        file: The file column's name; empty to guess.
        caption: The caption column's name, without number; empty to guess.
        split: The split column's name; empty to guess.

    Raises:
        DataError: There is no such column; the message lists those found.
    """
    file_column = _pick(names, FILE_COLUMNS, file)
    captions = _caption_columns(names, (caption,) if caption else CAPTION_COLUMNS)
    split_column = _pick(names, SPLIT_COLUMNS, split)
    missing = [
        f"{what} (data.{key}={given or 'NAME'})"
        for what, key, given, found in (
            ("image file names", "file_column", file, file_column),
            ("captions", "caption_column", caption, captions),
            ("splits", "split_column", split, split_column or not split),
        )
        if not found
    ]
    if missing or file_column is None:
        raise DataError(
            f"{where} has no column of {' nor of '.join(missing)}; its columns are: "
            f"{', '.join(names) or 'none'}"
        )
    return Columns(file_column, captions, split_column)


def entries_of_rows(rows: Sequence[Row], columns: Columns, where: str) -> list[Entry]:
    """Gather the captions of each image over all its rows, in order of first sight.

    Args:
        rows: One or more rows an image; a caption cell holds a text or a list of texts.
        columns: The columns to read.
        where: The table's file, for messages.

    Raises:
        DataError: A cell has a wrong type, or an image's rows are in different splits.
    """
    captions: dict[str, list[str]] = {}
    splits: dict[str, str] = {}
    for place, row in enumerate(rows, start=1):
        at = f"{where}, row {place}"
        cell = row.get(columns.file)
        if not isinstance(cell, str):
            raise DataError(f"{at}: column {columns.file!r} is no file name: {cell!r}")
        name = image_name(cell, at)
        split = str(row.get(columns.split) or "") if columns.split else ""
        if splits.setdefault(name, split) != split:
            raise DataError(
                f"{at}: image {name} is in split {split!r} here and in {splits[name]!r} before; "
                "give all its rows one split"
            )
        captions.setdefault(name, []).extend(_captions(row, columns.captions, at))
    return [Entry(name, splits[name], tuple(texts)) for name, texts in captions.items()]


def _pick(names: Sequence[str], usual: Sequence[str], given: str) -> str | None:
    if given:
        return given if given in names else None
    lower = {name.strip().lower(): name for name in reversed(names)}
    return next((lower[name] for name in usual if name in lower), None)


def _caption_columns(names: Sequence[str], usual: Sequence[str]) -> tuple[str, ...]:
    for stem in usual:
        numbered = re.compile(rf"{re.escape(stem)}_?(\d*)", re.IGNORECASE)
        found = [(match[1], name) for name in names if (match := numbered.fullmatch(name.strip()))]
        if found:
            return tuple(name for _, name in sorted(found, key=lambda pair: int(pair[0] or -1)))
    return ()


def _captions(row: Row, columns: Sequence[str], at: str) -> list[str]:
    if len(columns) == 1:
        return _texts(row.get(columns[0]), at)
    texts = [text for column in columns for text in _texts(row.get(column), at)]
    # Numbered columns are as many as the longest image needs: blank ones are no captions.
    return [text for text in texts if text.strip()] or [""]


def _texts(cell: Any, at: str) -> list[str]:
    if cell is None:
        return [""]
    if isinstance(cell, str):
        return _listed(cell) or [cell]
    if isinstance(cell, Mapping):
        cell = [cell]
    if isinstance(cell, Sequence):
        texts = [item.get("raw", item.get("caption")) if isinstance(item, Mapping) else item
                 for item in cell]  # fmt: skip
        if all(isinstance(text, str) for text in texts):
            return [str(text) for text in texts]
    raise DataError(f"{at}: a caption is neither a text nor a list of texts: {cell!r}")


def _listed(cell: str) -> list[str] | None:
    """Read a list that was written into one cell, as JSON or as Python prints it."""
    if not (cell.startswith("[") and cell.endswith("]")):
        return None
    for parse in (json.loads, ast.literal_eval):
        try:
            found = parse(cell)
        except (ValueError, SyntaxError):
            continue
        if isinstance(found, list) and all(isinstance(item, str) for item in found):
            return found
    return None
