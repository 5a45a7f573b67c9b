"""What every verb prints around its results."""

import io
import json
import time
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console
from rich.progress import Progress
from typer.testing import CliRunner

from wfa.cli import terminal
from wfa.cli.main import app
from wfa.cli.terminal import flowing, show_results, track


def test_short_work_leaves_nothing_where_there_is_no_terminal(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert list(track(range(3), "counting")) == [0, 1, 2]
    assert capsys.readouterr() == ("", "")


def test_long_work_prints_a_line_now_and_then_into_a_log(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    now = 0.0
    monkeypatch.setattr(time, "monotonic", lambda: now)
    for _ in track(iter(range(1000)), "counting", total=1010, done=10):
        now += 10.0
    said = capsys.readouterr().err.splitlines()
    assert said[0] == "counting: 13 of 1,010 after 30 s"
    assert said[1] == "counting: 16 of 1,010 after 60 s"
    assert 60 <= len(said) <= 120  # of the first three hours


def test_bars_are_shown_one_below_the_other_and_gone_at_the_end(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    written = io.StringIO()
    screen = Console(file=written, force_terminal=True, width=80)
    monkeypatch.setattr(terminal, "console", screen)
    bars = Progress(console=screen, transient=True)
    monkeypatch.setattr(terminal, "_bars", bars)
    for _ in track(range(2), "outer [work]"):
        for _ in track(range(2), "inner"):
            assert [task.total for task in bars.tasks] == [2, 2]
            bars.refresh()
        assert len(bars.tasks) == 1
    assert not bars.tasks
    assert not bars.live.is_started
    assert "outer [work]" in written.getvalue()


def test_results_say_what_was_left_out_and_what_guessing_reaches(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    splits = {"train": (8, 0), "validation": (300, 2), "test": (16, 0)}
    facts = {
        "data": {
            "splits": {
                name: {"images": images, "skipped": skipped}
                for name, (images, skipped) in splits.items()
            }
        }
    }
    path = tmp_path / "metrics.json"
    path.write_text(json.dumps([]))
    show_results(path, facts, "worst")
    said = capsys.readouterr().out
    assert "left out: 2 of 302 images of validation" in said
    assert "few images: guessing reaches an R@10 of 62.5 % on test (16 images)" in said


def test_results_are_shown_under_the_rule_that_is_asked_for(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    base = {"data": "ponds", "split": "test", "protocol": "strict", "queries": "single",
            "direction": "both", "metric": "mR"}  # fmt: skip
    path = tmp_path / "metrics.json"
    values = {"worst": 0.25, "expected": 0.5}
    path.write_text(json.dumps([{**base, "ties": x, "value": y} for x, y in values.items()]))
    facts: dict[str, Any] = {"data": {"splits": {}}}
    show_results(path, facts, "worst")
    assert "ties worst" in (said := capsys.readouterr().out)
    assert said.index("25.0") < said.index("strict · ties expected") < said.index("50.0")
    show_results(path, facts, "expected")
    assert "in percent · ties expected" in (said := capsys.readouterr().out)
    assert "25.0" not in said and "50.0" in said


def test_paragraphs_of_help_flow_and_examples_keep_their_lines() -> None:
    assert flowing("One\ntwo.\n\nExamples:\n    wfa a\n    wfa b") == (
        "One two.\n\nExamples:\n    wfa a\n    wfa b"
    )


def test_help_of_a_verb_names_its_own_help() -> None:
    assert "wfa export --help" in CliRunner().invoke(app, ["help", "export"]).output
