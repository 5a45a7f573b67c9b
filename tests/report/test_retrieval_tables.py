import io
from typing import Any

import numpy as np
import pytest
from rich.console import Console

from wfa.errors import RunError
from wfa.report.retrieval_tables import (
    chance,
    few_images,
    first_split_table,
    left_out,
    measured_images,
    metric_records,
    results_table,
)
from wfa.report.scores import lines, parse_rows
from wfa.tables import Table

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
    out = printed(first_split_table(rows).to_rich())
    assert "ponds \u00b7 test \u00b7 in percent" in out[0]
    body = [line.split() for line in out if line.startswith(" ") and "." in line]
    assert body[0] == ["strict", "single", "12.5", "50.0", "100.0", "12.5", "50.0", "100.0", "50.0"]
    assert body[2][:4] == ["oracle", "single", "90.0", "96.9"]
    assert len(body) == 9
    assert all(line.count("100.0") >= 2 for line in out if "." in line)
    assert not any("\u2026" in line for line in out)


def test_oracles_that_differ_say_of_which_queries(rows: Rows) -> None:
    for row in rows:
        if row.get("oracle") and row["queries"] == "aggregated" and row["protocol"] == "strict":
            row["value"] = 0.96875
    grid = results_table(x for x in lines(parse_rows(rows)) if x.split == "test")
    labels = [row[:2] for row in grid.rows]
    assert labels[:4] == [
        ("strict", "single"), ("strict", "aggregated"), ("oracle", "single"),
        ("oracle", "aggregated"),
    ]  # fmt: skip
    assert labels[6:] == [
        ("oracle", ""), ("unique-query", "single"), ("oracle", "")
    ]  # fmt: skip
    assert grid.faint == {2, 3, 6, 8}


def test_a_missing_number_is_a_dash(rows: Rows) -> None:
    kept = [row for row in rows if row["metric"] != "mR"]
    assert results_table(lines(parse_rows(kept))).rows[0][-1] == "\u2013"


def test_no_rows_make_an_empty_table() -> None:
    assert first_split_table([]).to_rich().row_count == 0


def test_a_broken_row_is_an_error() -> None:
    with pytest.raises(RunError):
        first_split_table([{"data": "ponds"}])


def test_records_for_csv_hold_every_row_unrounded(rows: Rows) -> None:
    csv = Table.from_records(metric_records(parse_rows(rows), run="a")).to_csv().splitlines()
    assert csv[0] == "run,data,split,protocol,queries,direction,metric,ties,oracle,value"
    assert len(csv) == len(rows) + 1
    assert "a,ponds,test,strict,single,text_to_image,R@1,worst,false,0.125" in csv
    assert "a,ponds,test,strict,single,text_to_image,R@1,worst,true,0.9" in csv


def facts(**images: int) -> dict[str, dict[str, dict[str, dict[str, int]]]]:
    return {"data": {"splits": {name: {"images": count} for name, count in images.items()}}}


@pytest.mark.parametrize("images", [1, 7, 16, 40])
def test_chance_is_the_share_that_guessing_finds(images: int) -> None:
    rng = np.random.default_rng(0)
    places = [int(np.flatnonzero(rng.permutation(images) == 0)[0]) for _ in range(4000)]
    assert chance(10, images) == pytest.approx(np.mean(np.array(places) < 10), abs=0.03)


def test_small_splits_are_named_and_others_are_not() -> None:
    assert few_images(measured_images(facts(train=4, validation=50, test=300))) == ""
    assert few_images(measured_images(facts(train=4, validation=49, test=1))) == (
        "guessing reaches an R@10 of 20.4 % on validation (49 images), 100.0 % on test (1 image)"
    )


def test_what_was_left_out_is_said_by_split() -> None:
    clean = {"images": 4, "skipped": 0, "skipped_rows": 0}
    splits = {"train": {**clean, "skipped": 1, "skipped_rows": 3}, "validation": clean}
    lines = ["1 of 5 images of train", "3 rows of train that do not parse"]
    assert left_out({"data": {"splits": splits}}) == lines
    before_rows_were_counted = {"images": 4, "skipped": 2}
    assert left_out({"data": {"splits": {"test": before_rows_were_counted}}}) == [
        "2 of 6 images of test"
    ]


def both_rules(rows: Rows, **changed: str) -> Rows:
    """Return rows under `worst` and, a little higher, under `expected`."""
    higher = [{**row, "value": row["value"] + 0.01, "ties": "expected"} for row in rows]
    return [{"ties": "worst", **row, **changed} for row in [*rows, *higher]]


def test_the_row_to_read_beside_papers_stands_below_those_of_the_worst_rule(rows: Rows) -> None:
    table = first_split_table(both_rules(rows))
    assert table.title.endswith(" · in percent · ties worst")
    assert table.rows[0][:3] == ("strict", "single", "12.5")
    assert table.rows[-1][:3] == ("strict · ties expected", "single", "13.5")
    assert sum("expected" in str(row[0]) for row in table.rows) == 1
    assert not table.note  # nobody published ponds


def test_under_the_expected_rule_every_row_is_of_it(rows: Rows) -> None:
    table = first_split_table(both_rules(rows), "expected")
    assert table.title.endswith(" · in percent · ties expected")
    assert table.rows[0][:3] == ("strict", "single", "13.5")
    assert [row[:2] for row in table.rows] == [row[:2] for row in first_split_table(rows).rows]


@pytest.mark.parametrize("ties", ["worst", "expected"])
def test_published_results_stand_faint_below_a_run_with_their_mean_recall_alone(
    rows: Rows, ties: str
) -> None:
    table = first_split_table(both_rules(rows, data="nwpu_captions"), ties)
    assert table.rows[-1] == ("RRSITR", "(RRSITR)", *["\u2013"] * 6, "45.5")
    assert len(table.rows) - 1 in table.faint
    for said in ("ties expected", "fine-tuned", "selected on an unknown split", "RRSITR"):
        assert said in table.note


def test_published_results_stand_beside_their_like_only(rows: Rows) -> None:
    made = both_rules(rows, data="nwpu_captions")
    kinds = [
        [row for row in made if row["ties"] == "worst"],
        [row for row in made if row["split"] == "validation"],
        [row for row in made if row["protocol"] != "strict"],
        [row for row in made if row["queries"] == "aggregated"],
        [row for row in made if row.get("oracle")],
    ]
    for kind in kinds:
        table = first_split_table(kind)
        assert not table.note
        assert not any("RRSITR" in str(row[0]) for row in table.rows)


def test_a_table_with_published_results_fits_80_columns(rows: Rows) -> None:
    for row in rows:
        row["value"] = 1.0
    made = [
        {**row, "ties": ties, "data": "ucm_captions"}
        for row in rows
        for ties in ("worst", "expected")
    ]
    out = printed(first_split_table(made).to_rich())
    assert not any("\u2026" in line for line in out)
    assert any("strict · ties expected" in line and line.count("100.0") == 7 for line in out)
    assert any("clip-rsicd-v2 ViT-B/32" in line and "52.0" in line for line in out)
