"""Which columns of a table are the images' names, their captions and their splits."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from wfa.data.tables.caption_cells import text_of
from wfa.data.tables.entries import SPLIT_NAMES
from wfa.data.tables.table import Table
from wfa.errors import DataError
from wfa.picture_files import PICTURES

FILE_COLUMNS = ("filename", "file_name", "file", "image", "path", "image_path", "filepath", "name")
CAPTION_COLUMNS = (
    "caption", "captions", "raw", "text", "texts", "sentence", "sentences", "description", "title",
)  # fmt: skip
SPLIT_COLUMNS = ("split", "subset", "set", "partition")

_SPLIT_WORDS = frozenset({"split", "subset", "partition"})
_PERHAPS_SPLITS = ("phase", "stage", "fold", "usage", "mode", "type", "group", "dataset", "data")
"""Headings of columns that hold splits if all their values are names of splits."""


@dataclass(frozen=True)
class Wanted:
    """The columns that a person named; an empty name is to be guessed.

    Attributes:
        file: The column of image names.
        caption: The column of captions, without number.
        split: The column of splits.
    """

    file: str = ""
    caption: str = ""
    split: str = ""


@dataclass(frozen=True)
class Columns:
    """The columns of a table that matter, by their places.

    Attributes:
        file: The image's name; None where it need not have one and has none.
        captions: One column, or several in the order of their numbers.
        split: The split's name, or None where the table has none.
        notes: What else might have been meant.
    """

    file: int | None
    captions: tuple[int, ...]
    split: int | None
    notes: tuple[str, ...]


def find_columns(table: Table, wanted: Wanted, image: int | None = None) -> Columns:
    """Find the columns of file names, captions and splits.

    A caption column may stand several times or be numbered: `caption, caption`, pandas' `caption,
    caption.1`, or `raw, raw_1` are read as several captions of one row.

    Args:
        table: The table.
        wanted: The names that were given.
        image: The column of images' bytes, where there is one: it is none of the others, and the
            table need not name its images.

    Raises:
        DataError: There is no such column, or two of one name; the message lists those found.
    """
    texts = [p for p in range(len(table.headings)) if p != image and table.may_hold_text(p)]
    file = _pick(table, FILE_COLUMNS, wanted.file, texts)
    captions, others = _caption_columns(table, wanted.caption, texts)
    split = _pick(table, SPLIT_COLUMNS, wanted.split)
    if split is None and not wanted.split:
        named = _named_after_a_split(table)
        split = _with_names_of_splits(table) if named is None else named
    nameless = image is not None and not wanted.file
    missing = [
        f"{what} (data.{key}={given or 'NAME'})"
        for what, key, given, found in (
            ("image file names", "file_column", wanted.file, file is not None or nameless),
            ("captions", "caption_column", wanted.caption, captions),
            ("splits", "split_column", wanted.split, split is not None or not wanted.split),
        )
        if not found
    ]
    if missing:
        no = f"{table.path} has no column of {' nor of '.join(missing)}"
        raise DataError(f"{no}; {_are(table)}{_headless(table)}")
    # A column that was named as one thing may have been guessed as the other.
    if file in captions:
        raise DataError(
            f"{table.path}: the column {table.headings[file or 0]} cannot be both the file names "
            "and the captions: say data.file_column=NAME and data.caption_column=NAME"
        )
    return Columns(file, captions, split, _notes(table, captions, others))


def file_column(table: Table) -> int | None:
    """Return the place of the column of image names by its usual names, None where none has one.

    Raises:
        DataError: Several columns have such a name.
    """
    texts = [place for place in range(len(table.headings)) if table.may_hold_text(place)]
    return _pick(table, FILE_COLUMNS, "", texts)


def heading_place(table: Table, name: str) -> int | None:
    """Return the place of the column that a person named, None where there is none.

    Raises:
        DataError: Several columns have this heading.
    """
    exact = [place for place, heading in enumerate(table.headings) if heading == name]
    return _one(table, exact) if exact else _pick(table, (name.strip().lower(),), "")


def _pick(
    table: Table, usual: Sequence[str], given: str, among: Sequence[int] | None = None
) -> int | None:
    if given:
        return heading_place(table, given)
    places = range(len(table.headings)) if among is None else among
    plain = {place: _plain(table.headings[place]) for place in places}
    for name in usual:
        found = [place for place, heading in plain.items() if heading == name]
        if found:
            return _one(table, found)
    return None


def _named_after_a_split(table: Table) -> int | None:
    words = [set(re.split(r"[^a-z]+", heading.lower())) for heading in table.headings]
    return _one(table, [place for place, own in enumerate(words) if own & _SPLIT_WORDS])


def _with_names_of_splits(table: Table) -> int | None:
    plain = [_plain(heading) for heading in table.headings]
    likely = [place for place, heading in enumerate(plain) if heading in _PERHAPS_SPLITS]
    for place in likely:
        values = {text_of(cell) for (cell,) in table.rows([place])}
        if None not in values and {str(value).strip().lower() for value in values} <= {
            *SPLIT_NAMES
        }:
            return place
    return None


def _one(table: Table, places: Sequence[int]) -> int | None:
    if len(places) > 1:
        names = ", ".join(repr(table.headings[place]) for place in places)
        raise DataError(
            f"{table.path} has {len(places)} columns for the same thing ({names}): keep one of "
            "them, or name it with data.file_column, data.caption_column or data.split_column"
        )
    return places[0] if places else None


def _caption_columns(
    table: Table, given: str, usable: Sequence[int]
) -> tuple[tuple[int, ...], list[int]]:
    """Return the places of the captions, and of the columns that might hold some too."""
    for stem in (given,) if given else CAPTION_COLUMNS:
        numbered = re.compile(rf"{re.escape(stem.strip())}(?:[ _.-]?(\d{{1,9}}))?", re.IGNORECASE)
        matches = {place: numbered.fullmatch(table.headings[place].strip()) for place in usable}
        found = [(int(match[1] or -1), place) for place, match in matches.items() if match]
        if found:
            places = tuple(place for _, place in sorted(found))
            usual = "|".join(CAPTION_COLUMNS)
            likely = re.compile(rf"{re.escape(stem)}[ _.-]|({usual})$", re.IGNORECASE)
            others = [p for p in usable if p not in places and likely.match(table.headings[p])]
            return places, [] if given else others
    return (), []


def _notes(table: Table, captions: Sequence[int], others: Sequence[int]) -> tuple[str, ...]:
    if not others:
        return ()
    read, unread = (
        ", ".join(dict.fromkeys(table.headings[place] for place in places))
        for places in (captions, others)
    )
    return (
        f"{table.path.name}: captions are read from {read}, not from {unread}; "
        "data.caption_column=NAME reads another column",
    )


def _plain(heading: str) -> str:
    """Return a heading in lower case, without the number by which pandas tells repeated ones."""
    return re.sub(r"\.\d+$", "", heading.strip().lower())


def _headless(table: Table) -> str:
    if not any(heading.strip().lower().endswith(PICTURES) for heading in table.headings):
        return ""
    return ". The first line looks like a row, not a heading: put file_name,caption above it"


def _are(table: Table) -> str:
    return f"its columns are: {', '.join(map(str, table.headings)) or 'none'}"
