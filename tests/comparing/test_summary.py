"""comparison.json from made cells: equal techniques do not differ, a planted gap is found."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.comparing.conftest import good_ranks
from wfa.comparing.cell_files import Failure
from wfa.comparing.cells import Cell
from wfa.comparing.comparison_folder import Folder
from wfa.comparing.result_rows import result_rows
from wfa.comparing.settings import Request
from wfa.comparing.summary import summarise
from wfa.errors import RunError

Make = Callable[..., Request]
Made = Callable[..., tuple[list[Cell], Folder]]


def summed(request: Request, made: tuple[list[Cell], Folder]) -> dict[str, Any]:
    cells, folder = made
    found: dict[str, Any] = json.loads(summarise(request, cells, folder, {}).read_text())
    (one,) = found["sets"]
    return dict(one)


def answers(one: dict[str, Any]) -> dict[str, str]:
    return {line["question"]: line["answer"] for line in one["guidelines"]}


@pytest.mark.slow
def test_a_planted_difference_is_found(request_of: Make, made: Made) -> None:
    request = request_of(techniques=["single", "mean", "uniqueness"], seeds=5)
    one = summed(request, made(request, good_ranks(better="uniqueness", by=0.8)))
    for queries in ("single", "aggregated"):
        found = {
            (pair["one"], pair["other"])
            for pair in one["pairs"]
            if pair["measurable"] and pair["queries"] == queries
        }
        assert found == {("uniqueness", "single"), ("uniqueness", "mean")}
    said = answers(one)
    assert said["Best for single-caption queries (strict)?"].startswith("`uniqueness` (")
    assert "better in mR than every other technique" in said[
        "Best for single-caption queries (strict)?"
    ]  # fmt: skip
    assert said["Is plain sampling enough?"].startswith(
        "For single-caption queries it is not: `uniqueness` is measurably better"
    )
    assert said["Best per second, single-caption queries?"].startswith("`uniqueness`")


@pytest.mark.slow
def test_two_names_of_one_technique_do_not_differ(request_of: Make, made: Made) -> None:
    request = request_of(techniques={"one": "single", "other": "single"}, seeds=5)
    ranks = good_ranks()
    one = summed(request, made(request, lambda label, seed, queries: ranks("x", seed, queries)))
    assert not any(pair["measurable"] for pair in one["pairs"])
    assert {pair["p_holm"] for pair in one["pairs"]} == {1.0}
    said = answers(one)
    assert "no measurable difference" in said["Best for single-caption queries (strict)?"]
    assert "no measurable difference in time" in said["Best per second, single-caption queries?"]
    assert "no measurable difference in epochs" in next(
        answer for question, answer in said.items() if question.startswith("First to")
    )
    assert "it is: no technique is measurably better" in said["Is plain sampling enough?"]


def test_equally_good_techniques_do_not_differ(request_of: Make, made: Made) -> None:
    request = request_of(techniques=["single", "mean", "uniqueness"], seeds=5)
    one = summed(request, made(request, good_ranks()))
    assert not any(pair["measurable"] for pair in one["pairs"])


def test_means_spreads_and_ceilings(request_of: Make, made: Made) -> None:
    request = request_of(seeds=3)
    cells, folder = made(request, good_ranks())
    one = summed(request, (cells, folder))
    row = next(
        row for row in one["scores"]
        if (row["label"], row["queries"], row["metric"], row["direction"])
        == ("mean", "single", "R@5", "text_to_image")
    )  # fmt: skip
    values = [
        entry["value"]
        for cell in cells
        if cell.label == "mean"
        for entry in json.loads((folder.of(cell) / "metrics.json").read_text())
        if (entry["queries"], entry["metric"], entry["direction"], entry.get("oracle"))
        == ("single", "R@5", "text_to_image", None)
        and entry.get("ties", "worst") == "worst"
    ]
    assert row["values"] == values
    assert row["mean"] == pytest.approx(sum(values) / 3)
    spread = (sum((value - row["mean"]) ** 2 for value in values) / 2) ** 0.5
    assert row["sd"] == pytest.approx(spread)
    assert row["ceiling"] == 1.0
    cost = one["cost"][0]
    assert cost["train_seconds"] == pytest.approx(8.1)  # the median seed's
    assert cost["text_bytes_single"] == 3 * cost["text_bytes_aggregated"] == 3 * 16 * 4


def test_a_failed_cell_is_named_and_left_out(request_of: Make, made: Made) -> None:
    request = request_of(seeds=2)
    cells, folder = made(request, good_ranks())
    failed = {cells[0].folder: Failure("no luck")}
    found = json.loads(summarise(request, cells, folder, failed).read_text())
    assert found["cells"][0] | {"state": "failed", "message": "no luck"} == found["cells"][0]
    seeds = {row["label"]: row["seeds"] for row in found["sets"][0]["techniques"]}
    assert seeds == {"single": [1], "mean": [0, 1]}


def test_nothing_finished_is_an_error(request_of: Make, made: Made) -> None:
    request = request_of()
    cells, folder = made(request, good_ranks())
    with pytest.raises(RunError, match="all 4 cells failed, the first with: no luck"):
        summarise(request, cells, folder, {cell.folder: Failure("no luck") for cell in cells})


def test_rows_of_results(request_of: Make, made: Made) -> None:
    cells, folder = made(request_of(), good_ranks())
    rows = result_rows(cells[0], folder.of(cells[0]))
    keys = [(row["protocol"], row["queries"], row["direction"], row["metric"]) for row in rows]
    assert len(set(keys)) == len(keys) == 2 * 7
    for row in rows:
        assert row["label"] == "single"
        assert row["config_id"] == cells[0].config.config_id
        assert row["commit"] == "ab" * 20
        assert row["cost"]["train_seconds"] == 8.0
        assert row["cost"]["text_tokens"] == 9000


@pytest.mark.slow
def test_queries_are_named_where_the_data_is_not_there(request_of: Make, made: Made) -> None:
    request = request_of("data.test_images=2", "data.size=32", "data.train_images=4",
                         "data.validation_images=2")  # fmt: skip
    one = summed(request, made(request, good_ranks()))
    assert [row["kind"] for row in one["queries"]] == ["differ"] * 5 + ["worst"] * 5 + ["best"] * 5
    assert len({row["query"].partition("#")[0] for row in one["queries"]}) == 15


def test_a_broken_run_is_named(request_of: Make, made: Made, tmp_path: Path) -> None:
    cells, folder = made(request_of(), good_ranks())
    (folder.of(cells[0]) / "metrics.json").write_text("[")
    with pytest.raises(RunError, match=r"metrics\.json cannot be read"):
        result_rows(cells[0], folder.of(cells[0]))
