from pathlib import Path

import pytest

from wfa.data.tables.delimited import read_delimited
from wfa.errors import DataError


def read(root: Path, text: str | bytes, name: str = "t.csv") -> list[list[str]]:
    path = root / name
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    table = read_delimited(path)
    rows = [list(row) for row in table.rows(range(len(table.headings)))]
    return [list(table.headings), *rows]


WANTED = [["file", "caption"], ["a.png", "a lake"], ["b.png", "a field"]]


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("t.csv", "file,caption\na.png,a lake\nb.png,a field\n"),
        ("t.csv", "file,caption\r\na.png,a lake\r\nb.png,a field"),
        ("t.csv", "file,caption\ra.png,a lake\rb.png,a field\r"),
        ("t.csv", "file;caption\na.png;a lake\nb.png;a field\n"),
        ("t.csv", "sep=;\r\nfile;caption\r\na.png;a lake\r\nb.png;a field\r\n"),
        ("t.csv", "file|caption\na.png|a lake\nb.png|a field\n"),
        ("t.csv", "file\tcaption\na.png\ta lake\nb.png\ta field\n"),
        ("t.tsv", "file\tcaption\na.png\ta lake\nb.png\ta field\n"),
        ("t.csv", "\n\nfile,caption\n\na.png,a lake\n,\nb.png,a field\n , \n"),
        ("t.csv", "file,caption\na.png,a lake,,\nb.png,a field,\n"),
        ("t.csv", '"file","caption"\n"a.png","a lake"\n"b.png","a field"\n'),
        ("t.csv", "file,caption\na.png,a lake\nb.png,a field\n".encode("utf-16")),
    ],
)
def test_one_table_in_many_dialects(tmp_path: Path, name: str, text: str | bytes) -> None:
    assert read(tmp_path, text, name) == WANTED


def test_a_separator_within_a_heading_is_none(tmp_path: Path) -> None:
    assert read(tmp_path, '"file, name";caption\na.png;one, two, three\n') == [
        ["file, name", "caption"],
        ["a.png", "one, two, three"],
    ]


def test_quotes_in_tsv_are_ordinary_where_they_cannot_enclose(tmp_path: Path) -> None:
    text = 'file\tcaption\n0.png\t"big lake\n1.png\ta field\n2.png\ta 5" pipe"\n3.png\t"Blue" one\n'
    assert read(tmp_path, text, "t.tsv")[1:] == [
        ["0.png", '"big lake'],
        ["1.png", "a field"],
        ["2.png", 'a 5" pipe"'],
        ["3.png", '"Blue" one'],
    ]


def test_quotes_in_tsv_enclose_where_they_can(tmp_path: Path) -> None:
    text = 'file\tcaption\n0.png\t"a ""blue"" lake"\n1.png\t"two\nlines"\n'
    assert read(tmp_path, text, "t.tsv")[1:] == [
        ["0.png", 'a "blue" lake'],
        ["1.png", "two\nlines"],
    ]


def test_a_quote_in_tsv_that_could_be_either_is_refused(tmp_path: Path) -> None:
    text = 'file\tcaption\n0.png\t"big lake\n1.png\tanother"\n'
    with pytest.raises(DataError, match=r"t\.tsv, line 2: the quote .* save the table as CSV"):
        read(tmp_path, text, "t.tsv")


def test_long_captions_are_read(tmp_path: Path) -> None:
    caption = "word " * 30_000
    assert read(tmp_path, f"file,caption\na.png,{caption}\n")[1] == ["a.png", caption]


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        (
            "t.csv",
            "file,caption\na.png,one\nb.png,one, two\n",
            r"line 3: not the 2 values .*quotes",
        ),
        ("t.csv", "file,caption\na.png,one\nb.png\n", "line 3: not the 2 values"),
        ("t.csv", 'file,caption\na.png,"one" two\n', "line 2: ',' expected after '\"'"),
        ("t.csv", 'file,caption\na.png,"x\ny"\nb.png,"one\n', "line 4: unexpected end"),
        ("t.csv", "file,caption\na.png,one\nb.png,t\0wo\n", "line 3: a NUL character"),
        ("t.csv", "file,caption\na.png,a lake\n".encode("utf-16-le"), "a NUL character"),
        ("t.tsv", 'file\tcaption\na.png\t"one" x\nb.png\n', "neither with quotes .* line 3"),
    ],
)
def test_a_broken_line_is_named(tmp_path: Path, name: str, text: str | bytes, message: str) -> None:
    with pytest.raises(DataError, match=rf"{name}.*{message}"):
        read(tmp_path, text, name)
