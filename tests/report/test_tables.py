import io
from typing import Any

import pytest
from rich.console import Console

from wfa.errors import RunError
from wfa.report.scores import lines, parse_rows
from wfa.report.tables import (
    Grid,
    as_latex,
    as_markdown,
    as_rich,
    results_grid,
    results_table,
)

Rows = list[dict[str, Any]]


def printed(table: Any, width: int = 80) -> list[str]:
    console = Console(file=io.StringIO(), width=width)
    console.print(table)
    file = console.file
    assert isinstance(file, io.StringIO)
    return file.getvalue().splitlines()


def test_the_terminal_shows_the_test_split_in_percent_within_80_columns(rows: Rows) -> None:
    for row in rows:
        if row["metric"] == "R@10":
            row["value"] = 1.0
        if row.get("oracle") and (row["protocol"], row["queries"]) == ("strict", "single"):
            row["value"] = min(row["value"], 0.96875) if row["metric"] == "R@5" else row["value"]
    out = printed(results_table(rows))
    assert "ponds \u00b7 test \u00b7 in percent" in out[0]
    body = [line.split() for line in out if line.startswith(" ") and "." in line]
    assert body[0] == ["strict", "single", "12.5", "50.0", "100.0", "12.5", "50.0", "100.0", "50.0"]
    assert body[2][:4] == ["best", "possible", "single", "90.0"]
    assert len(body) == 9
    assert all(line.count("100.0") >= 2 for line in out if "." in line)
    assert not any("\u2026" in line for line in out)


def test_ceilings_that_differ_say_of_which_queries(rows: Rows) -> None:
    for row in rows:
        if row.get("oracle") and row["queries"] == "aggregated" and row["protocol"] == "strict":
            row["value"] = 0.96875
    grid = results_grid(x for x in lines(parse_rows(rows)) if x.split == "test")
    labels = [row[:2] for row in grid.rows]
    assert labels[:4] == [
        ("strict", "single"), ("strict", "aggregated"), ("best possible", "single"),
        ("best possible", "aggregated"),
    ]  # fmt: skip
    assert labels[6:] == [
        ("best possible", ""), ("unique-query", "single"), ("best possible", "")
    ]  # fmt: skip
    assert grid.faint == {2, 3, 6, 8}


def test_a_missing_number_is_a_dash(rows: Rows) -> None:
    kept = [row for row in rows if row["metric"] != "mR"]
    assert results_grid(lines(parse_rows(kept))).rows[0][-1] == "\u2013"


def test_no_rows_make_an_empty_table() -> None:
    assert results_table([]).row_count == 0


def test_a_broken_row_is_an_error() -> None:
    with pytest.raises(RunError):
        results_table([{"data": "ponds"}])


GRID = Grid(
    "50 % of a|b", ("run_1", "R@1"), (("x|y & [bold]z[/bold]", "1.0"), ("a_b\nc", "\u2013"))
)


def test_markdown() -> None:
    assert as_markdown(GRID) == (
        "**50 % of a\\|b**\n"
        "\n"
        "| run\\_1 | R@1 |\n"
        "| --- | ---: |\n"
        "| x\\|y & \\[bold\\]z\\[/bold\\] | 1.0 |\n"
        "| a\\_b c | \u2013 |\n"
    )


def test_latex() -> None:
    assert as_latex(GRID) == (
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
    assert any("x|y & [bold]z[/bold]" in line for line in printed(as_rich(GRID)))
