import csv
import io
import math
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rich.console import Console

from wfa.tables import DASH, Number, Table, count, decimal, duration, share

TABLE = Table(
    ("run_1", "R@1"), (("x|y & [bold]z[/bold]", "1.0"), ("a_b\nc", DASH)), title="50 % of a|b"
)


def printed(table: Table) -> str:
    console = Console(file=io.StringIO(), width=80)
    console.print(table.to_rich())
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()


def test_markdown() -> None:
    assert TABLE.to_markdown() == (
        "**50 % of a\\|b**\n"
        "\n"
        "| run\\_1 | R@1 |\n"
        "| --- | ---: |\n"
        "| x\\|y & \\[bold\\]z\\[/bold\\] | 1.0 |\n"
        "| a\\_b c | \u2013 |\n"
    )


def test_latex() -> None:
    assert TABLE.to_latex() == (
        "% 50 % of a|b\n"
        "\\begin{tabular}{lr}\n"
        "\\toprule\n"
        "run\\_1 & R@1 \\\\\n"
        "\\midrule\n"
        "x|y \\& [bold]z[/bold] & 1.0 \\\\\n"
        "a\\_b c & -- \\\\\n"
        "\\bottomrule\n"
        "\\end{tabular}\n"
    )


def test_rich_shows_square_brackets_as_they_are() -> None:
    assert "x|y & [bold]z[/bold]" in printed(TABLE)


numbers = st.none() | st.floats(allow_nan=False, allow_infinity=False)


@settings(deadline=None)  # pandas is imported by the first example
@given(st.lists(st.tuples(st.text("ab,\"\n'", min_size=1), numbers), min_size=1))
def test_pandas_and_csv_hold_the_unrounded_values(rows: list[tuple[str, float | None]]) -> None:
    table = Table(("name", "R@1"), tuple((name, share(value)) for name, value in rows))
    frame = table.to_pandas()
    assert frame["name"].tolist() == [name for name, _ in rows]
    for found, (_, value) in zip(frame["R@1"].tolist(), rows, strict=True):
        assert found == value or (value is None and (found is None or math.isnan(found)))
    head, *read = csv.reader(io.StringIO(table.to_csv()))
    assert head == ["name", "R@1"]
    assert [(name, float(text) if text else None) for name, text in read] == rows


def test_records_become_a_table_whose_names_come_first() -> None:
    table = Table.from_records(
        [{"metric": "R@1", "value": 0.5}, {"metric": "mR", "value": 1.0, "sd": 0.25}], "t"
    )
    assert table.header == ("metric", "value", "sd")
    assert (table.labels, table.title) == (1, "t")
    assert table.texts() == [["R@1", "0.5", DASH], ["mR", "1", "0.25"]]
    assert table.to_csv() == "metric,value,sd\nR@1,0.5,\nmR,1.0,0.25\n"


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (None, DASH), (0.0, "0.0 s"), (9.94, "9.9 s"), (9.96, "10 s"), (59.4, "59 s"),
        (59.6, "1 min 00 s"), (185, "3 min 05 s"), (3599.4, "59 min 59 s"),
        (3599.6, "1 h 00 min"), (7620, "2 h 07 min"),
    ],
)  # fmt: skip
def test_durations_read_as_people_say_them(seconds: float | None, text: str) -> None:
    assert duration(seconds) == text


def test_numbers_in_words() -> None:
    assert (count(1234567.0), count(None)) == ("1,234,567", DASH)
    assert (share(0.12345), share(None)) == ("12.3 %", DASH)
    assert (decimal(1.25, 2), decimal(math.nan)) == ("1.25", DASH)
    assert (share(0.12345).value, Number("one", 1.0).value) == (0.12345, 1.0)


def test_a_table_is_shown_as_people_read_it() -> None:
    table = Table(("technique", "R@1"), (("mean", Number("45.3", 0.4531)),))
    assert repr(table) == str(table) == table.to_markdown().rstrip("\n")


def test_a_note_stands_below_the_table_and_above_its_latex() -> None:
    noted = replace(TABLE, note="5 % of *all*\nrows")
    assert noted.to_markdown() == f"{TABLE.to_markdown()}\n5 % of \\*all\\* rows\n"
    assert noted.to_latex().splitlines()[1] == "% 5 % of *all* rows"
    assert noted.to_csv() == TABLE.to_csv()
    said = printed(noted)
    assert said.index("[bold]") < said.index("5 % of")


@pytest.mark.parametrize("length", [3, 30, 44])
def test_a_table_that_can_fit_80_columns_does(length: int) -> None:
    row = ("x" * length, *[Number("100.0", 1.0)] * 5)
    assert "\u2026" not in printed(Table(("name", *"abcde"), (row,)))
