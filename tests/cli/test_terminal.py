"""What every verb prints around its results."""

import json
from pathlib import Path

import pytest

from wfa.cli.terminal import make_bars, show_results, track


def test_progress_leaves_nothing_where_there_is_no_terminal(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert list(track(range(3), "counting")) == [0, 1, 2]
    with make_bars() as bars:
        bars.add_task("counting", total=3)
    assert capsys.readouterr().out == ""


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
    show_results(path, facts)
    said = capsys.readouterr().out
    assert "left out: 2 of 302 images of validation" in said
    assert "few images: guessing reaches an R@10 of 62.5 % on test (16 images)" in said
