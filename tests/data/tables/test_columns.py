from pathlib import Path

import pytest

from wfa.data.tables.columns import Wanted, file_column, find_columns
from wfa.data.tables.table import Table
from wfa.errors import DataError


def table(*headings: str, values: dict[str, str] | None = None) -> Table:
    row = [(values or {}).get(heading, "x") for heading in headings]
    return Table(Path("t.csv"), headings, [row])


@pytest.mark.parametrize(
    ("headings", "file", "captions", "split"),
    [
        (("file_name", "caption", "split"), 0, (1,), 2),
        (("Subset ", " TEXT", "Image"), 2, (1,), 0),
        (("caption", "image", "caption", "caption"), 1, (0, 2, 3), None),
        (("image", "caption", "caption.1", "caption.2"), 0, (1, 2, 3), None),
        (("image", "caption_10", "caption_9", "caption"), 0, (3, 2, 1), None),
        (("path", "raw", "raw-1", "raw 2", "raw3"), 0, (1, 2, 3, 4), None),
        (("name", "filename", "sentences", "path"), 1, (2,), None),
        (("file", "text", "data_split"), 0, (1,), 2),
        (("file", "text", "original_split", "split"), 0, (1,), 3),
    ],
)
def test_usual_headings(
    headings: tuple[str, ...], file: int, captions: tuple[int, ...], split: int | None
) -> None:
    found = find_columns(table(*headings), Wanted())
    assert (found.file, found.captions, found.split) == (file, captions, split)
    assert file_column(table(*headings)) == file


def test_headings_that_are_named() -> None:
    found = find_columns(
        table("id", "words", "words_1", "fold", "caption"), Wanted("id", "words", "fold")
    )
    assert (found.file, found.captions, found.split, found.notes) == (0, (1, 2), 3, ())


@pytest.mark.parametrize(("value", "split"), [("val", 2), ("Test", 2), ("3", None), ("", None)])
def test_a_column_is_of_splits_where_its_values_are(value: str, split: int | None) -> None:
    found = find_columns(table("file", "text", "fold", values={"fold": value}), Wanted())
    assert found.split == split


@pytest.mark.parametrize(
    ("headings", "wanted", "message"),
    [
        (("file", "split", "caption", "Split"), Wanted(), "2 columns .*'split', 'Split'"),
        (("file", "split", "caption", "split.1"), Wanted(), "2 columns .*'split', 'split.1'"),
        (("file", "caption", "a_split", "b_split"), Wanted(), "2 columns .*'a_split', 'b_split'"),
        (("file", "caption", "file"), Wanted(), "2 columns .*data.file_column"),
        (("id", "caption", "id"), Wanted(file="id"), "2 columns"),
        (("caption",), Wanted(file="caption"), "both the file names and the captions"),
        (("a",), Wanted("x", "y", "z"), "file_column=x.*caption_column=y.*split_column=z.*are: a"),
    ],
)
def test_headings_that_cannot_be_told_apart(
    headings: tuple[str, ...], wanted: Wanted, message: str
) -> None:
    with pytest.raises(DataError, match=rf"t\.csv.*{message}"):
        find_columns(table(*headings), wanted)


def test_other_columns_that_may_hold_captions_are_told() -> None:
    found = find_columns(table("file", "caption", "caption_de", "title", "captions"), Wanted())
    (note,) = found.notes
    assert "read from caption, not from caption_de, title, captions" in note
    assert find_columns(table("file", "caption", "title"), Wanted(caption="title")).notes == ()
