"""`wfa compare` as a process: interrupted and restarted, it loses no finished cell."""

import json
import time
from pathlib import Path

import pytest

from tests.comparing.conftest import TINY
from tests.training.conftest import run, wfa

pytestmark = pytest.mark.slow


def test_killed_and_started_again(tmp_path: Path) -> None:
    recipe = tmp_path / "tiny.yaml"
    recipe.write_text("techniques: [single, mean]\nseeds: 2\nbudget: {epochs: 2}\n")
    out, cache = tmp_path / "out", tmp_path / "cache"
    words = ["compare", f"compare={recipe}", *TINY, f"out={out}"]
    process = wfa(words, cache)
    first = out / "cells" / "single-s0" / "cell.json"
    limit = time.monotonic() + 200
    while not first.is_file() and process.poll() is None:
        assert time.monotonic() < limit
        time.sleep(0.01)
    process.kill()
    process.communicate()
    assert not (out / "comparison.json").exists(), "it ended before it was killed"
    before = (first.parent / "run.json").stat().st_mtime_ns

    printed = run([*words, "compare.workers=2"], cache)
    assert "Is plain sampling enough?" in printed
    assert (first.parent / "run.json").stat().st_mtime_ns == before
    found = json.loads((out / "comparison.json").read_text())
    assert [cell["state"] for cell in found["cells"]] == ["finished"] * 4
    rows = [json.loads(line) for line in (out / "results.jsonl").read_text().splitlines()]
    runs = {(row["label"], row["seed"]) for row in rows}
    assert runs == {("single", 0), ("single", 1), ("mean", 0), ("mean", 1)}
    page = (out / "report.html").read_text(encoding="utf-8")
    assert "<svg" in page
    assert "http://" not in page
    assert "https://" not in page


def test_a_cell_that_fails_is_told_and_the_others_stand(tmp_path: Path) -> None:
    recipe = tmp_path / "half.yaml"
    recipe.write_text(
        "techniques:\n  single: single\n  bad: mean train.batch_size=1\n"
        "seeds: 1\nbudget: {epochs: 1}\n"
    )
    words = ["compare", f"compare={recipe}", *TINY, f"out={tmp_path / 'out'}"]
    printed = run(words, tmp_path / "cache", code=2)
    assert "Traceback" not in printed
    said = " ".join(printed.split())
    assert "failed: bad-s0: a contrastive batch needs two images" in said
    assert "failed: 1 of 2 cells, left out above" in said
    found = json.loads((tmp_path / "out" / "comparison.json").read_text())
    states = {cell["label"]: cell["state"] for cell in found["cells"]}
    assert states["single"] == "finished" != states["bad"]
