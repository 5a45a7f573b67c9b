import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from wfa.errors import RunError
from wfa.report.finished_run import FILES, load_run
from wfa.report.report_files import render_runs, write_report
from wfa.report.retrieval_tables import split_tables

MakeRun = Callable[..., Path]
Info = Callable[[str], dict[str, Any]]


def test_a_run_is_read_with_types(make_run: MakeRun) -> None:
    run = load_run(make_run())
    assert (run.name, run.data, run.split) == ("ponds", "ponds", "test")
    assert run.choice("aggregation") == "mean"
    assert run.number("seconds", "fit") == 65.0
    assert run.number("throughput", "data_wait_share") is None
    assert run.look("git", "no such key", default="x") == "x"
    assert run.ranks["test", "strict", "single", "text_to_image"].tolist() == [1, 3, 10, 40]
    assert len(run.ranks) == 10
    assert run.gallery is not None
    assert [hit["right"] for hit in run.gallery["queries"][0]["hits"]] == [True, False, True]
    assert len(run.own_lines) == 10


def test_evaluations_on_other_data_are_read_too_and_the_own_ones_stay(
    make_run: MakeRun, rows: list[dict[str, Any]]
) -> None:
    folder = make_run()
    for data, value in (("lakes", 0.25), ("ponds", 0.99)):
        other = folder / "evaluations" / f"{data}-test"
        other.mkdir(parents=True)
        own = [row | {"data": data, "value": value} for row in rows if row["split"] == "test"]
        (other / "metrics.json").write_text(json.dumps(own))
    run = load_run(folder)
    assert {(row.data, row.split) for row in run.rows} == {("lakes", "test"), ("ponds", "test")}
    assert all((row.value == 0.25) == (row.data == "lakes") for row in run.rows)
    assert run.own_lines[0].data == "ponds"


def test_a_run_without_gallery_or_test_split_is_read(
    make_run: MakeRun, rows: list[dict[str, Any]]
) -> None:
    folder = make_run(metrics=[row for row in rows if row["split"] == "validation"])
    (folder / "gallery.json").unlink()
    run = load_run(folder)
    assert run.gallery is None
    assert run.split == "validation"


def test_a_folder_that_is_missing_or_no_run_is_refused(tmp_path: Path) -> None:
    with pytest.raises(RunError, match=r"there is no run folder .*nowhere"):
        load_run(tmp_path / "nowhere")
    with pytest.raises(RunError, match=r"is no run folder: it has no config\.yaml"):
        load_run(tmp_path)


@pytest.mark.parametrize(
    "name", [name for name in FILES if name not in ("config.yaml", "run.json")]
)
def test_a_missing_file_is_named(make_run: MakeRun, name: str) -> None:
    folder = make_run()
    (folder / name).unlink()
    with pytest.raises(RunError, match=f"lacks {name}: train the run again with --overwrite"):
        load_run(folder)


def test_an_unfinished_run_says_how_to_go_on(make_run: MakeRun, info_of: Info) -> None:
    folder = make_run(run=info_of("ponds") | {"finished": False})
    with pytest.raises(RunError, match="unfinished run: go on with `wfa train --config-file"):
        load_run(folder)
    (folder / "run.json").unlink()
    with pytest.raises(RunError, match="unfinished run"):
        load_run(folder)


@pytest.mark.parametrize("name", FILES)
def test_a_truncated_file_is_an_error_of_ours(make_run: MakeRun, name: str) -> None:
    folder = make_run()
    path = folder / name
    path.write_bytes(path.read_bytes()[: path.stat().st_size - 10])
    with pytest.raises(RunError, match=name):
        load_run(folder)


@pytest.mark.parametrize("name", FILES)
def test_a_file_of_noise_is_an_error_of_ours(make_run: MakeRun, name: str) -> None:
    folder = make_run()
    (folder / name).write_bytes(bytes(range(256)))
    with pytest.raises(RunError, match=name):
        load_run(folder)


@pytest.mark.parametrize(
    ("stem", "content", "message"),
    [
        ("run", [], "must hold an object, but holds a list"),
        ("run", {"finished": True}, "name must be a text, but is None"),
        ("run", {"finished": True, "name": "a", "config_id": "b"}, "git must be an object"),
        ("metrics", {}, "must hold a list of rows, but holds a dict"),
        ("metrics", [], "is empty"),
        ("gallery", [], "does not hold a gallery"),
        ("gallery", {"data": "d", "split": "s", "images": 3, "queries": [{}]}, "KeyError"),
    ],
)
def test_a_file_with_other_content_is_an_error(
    make_run: MakeRun, stem: str, content: Any, message: str
) -> None:
    with pytest.raises(RunError, match=message):
        load_run(make_run(**{stem: content}))


@pytest.mark.parametrize(
    "address",
    ["https://example.org/a.jpg", "data:text/html;base64,AAAA", 'data:image/png;base64,A" x="', 5],
)
def test_a_thumbnail_that_is_no_picture_is_refused(
    make_run: MakeRun, gallery_of: Callable[[], dict[str, Any]], address: Any
) -> None:
    gallery = gallery_of()
    gallery["queries"][0]["hits"][1]["thumbnail"] = address
    with pytest.raises(RunError, match="must be a JPEG or PNG data URI"):
        load_run(make_run(gallery=gallery))


def test_reports_need_no_torch() -> None:
    check = (
        "import sys, wfa.report.report_files, wfa.report.comparison_page; "
        "found = {'torch', 'lightning', 'open_clip', 'faiss'} & set(sys.modules); "
        "sys.exit(', '.join(found) or None)"
    )
    done = subprocess.run([sys.executable, "-c", check], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def evaluated(folder: Path, name: str, rows: list[dict[str, Any]], **retrieval: Any) -> None:
    other = folder / "evaluations" / name
    other.mkdir(parents=True)
    (other / "metrics.json").write_text(json.dumps(rows))
    (other / "evaluation.json").write_text(json.dumps({"config": {"retrieval": retrieval}}))


def test_an_evaluation_with_other_options_stands_in_a_table_of_its_own(
    make_run: MakeRun, rows: list[dict[str, Any]], tmp_path: Path
) -> None:
    folder = make_run()
    other = [row | {"value": 0.99} for row in rows if row["split"] == "test"]
    evaluated(folder, "ponds-test-0a1b2c", other)
    run = load_run(folder)
    assert all(line.values["both", "mR"] != 0.99 for line in run.own_lines)
    first, second = split_tables(run.lines)
    assert "ponds · test · in percent" in first.title
    assert "ponds · test · 0a1b2c · in percent" in second.title
    assert second.rows[0][-1] == "99.0"
    page = render_runs([run])
    assert "ponds · test · 0a1b2c" in page
    out = write_report([folder], tmp_path / "rows.csv").read_text().splitlines()
    assert out[0].endswith(",evaluation")
    assert sum(line.endswith(",0a1b2c") for line in out) == len(other)


def test_an_evaluation_with_the_same_options_adds_what_the_run_lacks(
    make_run: MakeRun, rows: list[dict[str, Any]]
) -> None:
    test = [row for row in rows if row["split"] == "test"]
    folder = make_run(metrics=[row for row in test if row["protocol"] == "strict"])
    evaluated(folder, "ponds-test", [row | {"value": 0.99} for row in test])
    run = load_run(folder)
    assert {line.protocol for line in run.own_lines} == {
        "strict", "duplicate_aware", "unique_query",
    }  # fmt: skip
    assert all((row.value == 0.99) == (row.protocol != "strict") for row in run.rows)


def test_lines_follow_the_rule_of_ties_of_the_run_and_of_each_evaluation(
    make_run: MakeRun, rows: list[dict[str, Any]]
) -> None:
    test = [row for row in rows if row["split"] == "test"]
    both = [*test, *(row | {"value": 0.75, "ties": "expected"} for row in test)]
    folder = make_run(metrics=both)
    config = json.loads((folder / "config.yaml").read_text())
    config["retrieval"] = {"ties": "expected"}
    (folder / "config.yaml").write_text(json.dumps(config))
    evaluated(folder, "ponds-test-0a1b2c", both, ties="worst")
    run = load_run(folder)
    assert run.ties == "expected"
    assert {line.ties for line in run.own_lines} == {"expected"}
    assert run.own_lines[0].values["both", "mR"] == 0.75
    own, other = (table.title for table in split_tables(run.lines))
    assert own.endswith("ties expected")
    assert other.endswith("ties worst")


@pytest.mark.parametrize("name", ["metrics.json", "evaluation.json"])
def test_a_broken_evaluation_is_named_with_its_remedy(
    make_run: MakeRun, rows: list[dict[str, Any]], name: str
) -> None:
    folder = make_run()
    evaluated(folder, "ponds-test-0a1b2c", rows)
    (folder / "evaluations" / "ponds-test-0a1b2c" / name).write_text("{")
    with pytest.raises(RunError, match=f"ponds-test-0a1b2c.{name}.*evaluate the run again"):
        load_run(folder)
