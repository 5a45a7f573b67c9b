"""Results by class: the figures of classes.json on the page, and files that do not fit."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.report.conftest import MakeRun
from wfa.errors import RunError
from wfa.report.by_class import class_scores, read_classes
from wfa.report.report_files import write_report

FOUND: dict[str, Any] = {
    "classes": ["<beach>", "river"],
    "rows": [
        {"class": "<beach>", "metric": "R@1", "value": 0.25, "queries": 4},
        {"class": "river", "metric": "R@1", "value": 0.5},
        {"class": "river", "metric": "R@5", "value": 1},
    ],
    "confusion": [[3, 1], [0, 0]],
}


def test_a_row_a_class_and_a_cell_a_pair() -> None:
    shown = class_scores(FOUND)
    assert shown.table.header == ("class", "queries", "R@1", "R@5")
    assert shown.table.texts() == [
        ["<beach>", "4", "25.0", "\u2013"],
        ["river", "\u2013", "50.0", "100.0"],
    ]
    assert shown.picture is not None
    assert "asked for &lt;beach&gt;, found river: 25.0 %" in shown.picture.svg


def test_the_page_shows_them_where_the_file_is_there(make_run: MakeRun, tmp_path: Path) -> None:
    run, out = make_run(), tmp_path / "page.html"
    assert "By class" not in write_report([run], out).read_text(encoding="utf-8")
    (run / "classes.json").write_text(json.dumps(FOUND))
    page = write_report([run], out).read_text(encoding="utf-8")
    assert "By class" in page
    assert "&lt;beach&gt;" in page
    assert "<title>asked for &lt;beach&gt;, found river: 25.0 %</title>" in page


CLASSIFIED: dict[str, Any] = {
    "task": "classification",
    "data": {"name": "eurosat", "split": "test", "images": 4},
    "metrics": {"top-1": 0.75, "macro F1": 0.7},
    "classes": [
        {"class": "<beach>", "images": 3, "recall": 1.0, "F1": 0.9},
        {"class": "river", "images": 1, "recall": 0.0, "F1": None},
    ],
    "confusion": [[3, 0], [1, 0]],
    "published": [],
}


def test_classification_stands_on_the_page_and_in_the_tables(
    make_run: MakeRun, tmp_path: Path
) -> None:
    run, folder = make_run(), tmp_path / "run" / "tasks"
    (folder / "classification-eurosat-test").mkdir(parents=True)
    path = folder / "classification-eurosat-test" / "scores.json"
    path.write_text(json.dumps(CLASSIFIED))
    (folder / "answers").mkdir()
    (folder / "answers" / "scores.json").write_text(json.dumps({"figures": []}))
    page = write_report([run], tmp_path / "page.html").read_text(encoding="utf-8")
    assert "<title>of river, found &lt;beach&gt;: 100.0 %</title>" in page
    tables = write_report([run], tmp_path / "tables.md").read_text(encoding="utf-8")
    assert "classification · eurosat · test · in percent" in tables
    assert "75.0" in tables
    path.write_text(json.dumps(CLASSIFIED | {"classes": [{"images": 3}]}))
    with pytest.raises(RunError, match=r"scores\.json does not hold a classification"):
        write_report([run], tmp_path / "page.html")


@pytest.mark.parametrize(
    "change",
    [
        {"confusion": [[1]]}, {"confusion": [[1, 2, 3], [1, 2, 3]]}, {"confusion": [["a", 1]] * 2},
        {"rows": [{"class": "desert", "metric": "R@1", "value": 0.5}]}, {"rows": [{}]},
        {"rows": [{"class": "river", "metric": "R@1", "value": "high"}]}, {"classes": None},
    ],
)  # fmt: skip
def test_what_does_not_fit_is_refused(tmp_path: Path, change: dict[str, Any]) -> None:
    path = tmp_path / "classes.json"
    path.write_text(json.dumps(FOUND | change))
    with pytest.raises(RunError, match=r"classes\.json"):
        read_classes(path)
