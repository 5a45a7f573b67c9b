"""Tables of lines and separators: CSV, with semicolons too, and TSV."""

import csv
import io
import re
from collections.abc import Iterator
from pathlib import Path

from wfa.data.tables.table import Table
from wfa.errors import DataError
from wfa.text_files import read_text

_LONGEST = 2**31 - 1  # characters in a field, the most that every platform's C long takes
_REMEDY = "put quotes around captions that contain the separator or a line end, and double quotes"


class _NotDelimitedError(Exception):
    """A line that cannot be read; the message names it."""


def read_delimited(path: Path) -> Table:
    """Return a CSV or TSV whose first line has the headings.

    The separator is the one that divides the headings into most parts. In CSV, quotes enclose a
    value (RFC 4180). In TSV they may, or be ordinary characters throughout: whichever way all
    lines can be read. Blank lines are passed over.

    Raises:
        DataError: It is not text in UTF-8 or UTF-16, or a line has not as many values as there
            are headings; the message names the line.
    """
    text = read_text(path)
    if (nul := text.find("\0")) >= 0:
        line = text.count("\n", 0, nul) + 1
        raise DataError(f"{path}, line {line}: a NUL character stands there; save it as UTF-8")
    if declared := re.match(r"sep=(.)\r?\n", text):  # how Excel marks its separator
        text, separators = text[declared.end() :], declared[1]
    else:
        separators = "\t,;|" if path.suffix.lower() == ".tsv" else ",;\t|"
    separator = max(separators, key=lambda each: len(_headings(text, each)))
    try:
        records = _records(text, separator, quotes=True)
    except _NotDelimitedError as error:
        if separator != "\t":
            raise DataError(f"{path} is not CSV: {error}; {_REMEDY}") from error
        records = _plain(path, text)
    else:
        if separator == "\t":
            _refuse_doubt(path, text, records)
    headings, *rows = [cells for _, cells in records] or [[]]
    return Table(path, headings, rows)


def _headings(text: str, separator: str) -> list[str]:
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator)
    try:
        return next((cells for cells in reader if any(cells)), [])
    except csv.Error:
        return []


def _records(text: str, separator: str, quotes: bool) -> list[tuple[int, list[str]]]:
    """Return (the line at which it begins, cells) of each record that is not blank."""
    found: list[tuple[int, list[str]]] = []
    for line, cells in _lines(text, separator, quotes):
        if not any(cell.strip() for cell in cells):
            continue
        wanted = len(found[0][1]) if found else len(cells)
        if any(cell.strip() for cell in cells[wanted:]) or len(cells) < wanted:
            raise _NotDelimitedError(f"line {line}: not the {wanted} values that the header names")
        found.append((line, cells[:wanted]))
    return found


def _lines(text: str, separator: str, quotes: bool) -> Iterator[tuple[int, list[str]]]:
    limit = csv.field_size_limit(_LONGEST)
    reader = csv.reader(
        io.StringIO(text, newline=""),
        delimiter=separator,
        strict=True,
        quoting=csv.QUOTE_MINIMAL if quotes else csv.QUOTE_NONE,
    )
    line = 1
    try:
        for cells in reader:
            yield line, cells
            line = reader.line_num + 1
    except csv.Error as error:
        raise _NotDelimitedError(f"line {line}: {error}") from error
    finally:
        csv.field_size_limit(limit)


def _plain(path: Path, text: str) -> list[tuple[int, list[str]]]:
    try:
        return _records(text, "\t", quotes=False)
    except _NotDelimitedError as error:
        raise DataError(
            f"{path} can be read neither with quotes around values nor without: {error}; {_REMEDY}"
        ) from error


def _refuse_doubt(path: Path, text: str, records: list[tuple[int, list[str]]]) -> None:
    """Refuse a TSV in which a quote may enclose several lines or be a mere character."""
    lines = (line for line, cells in records if any("\n" in cell or "\r" in cell for cell in cells))
    if (line := next(lines, None)) is None:
        return
    try:
        _records(text, "\t", quotes=False)
    except _NotDelimitedError:
        return
    raise DataError(
        f"{path}, line {line}: the quote there may enclose several lines or be part of the text; "
        "save the table as CSV"
    )
