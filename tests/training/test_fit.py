"""Training as a process: repeatable, resumable after SIGKILL, equal over two processes."""

import csv
import json
import math
import time
from pathlib import Path
from typing import Any

import pytest
from safetensors.numpy import load_file

from tests.training.conftest import run, wfa
from wfa.config import resolve


def metrics(folder: Path) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = json.loads((folder / "metrics.json").read_text())
    return rows


def history(folder: Path) -> list[dict[str, str]]:
    with (folder / "history.csv").open(newline="") as file:
        return list(csv.DictReader(file))


@pytest.fixture(scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("cache")


@pytest.fixture(scope="module")
def finished(
    tmp_path_factory: pytest.TempPathFactory, own_folder: Path, cache: Path
) -> tuple[Path, list[str]]:
    """A finished run of ten epochs and its settings."""
    from tests.training.conftest import SMALL

    words = [*SMALL, f"data.root={own_folder}", "train.epochs=10"]
    folder = tmp_path_factory.mktemp("runs") / "first"
    run(["train", *words, f"out={folder}"], cache)
    return folder, words


def test_the_run_folder_is_complete(finished: tuple[Path, list[str]]) -> None:
    folder, words = finished
    names = {path.name for path in folder.iterdir()}
    assert names >= {
        "config.yaml", "run.json", "checkpoints", "model.safetensors", "metrics.json",
        "ranks.parquet", "history.csv", "gallery.json", "report.html",
    }  # fmt: skip
    facts = json.loads((folder / "run.json").read_text())
    assert facts["finished"] is True
    assert facts["config_id"] == resolve(words).config_id
    assert facts["selection"]["metric"] == "validation/mR"
    assert facts["data"]["splits"]["train"]["images"] == 32
    rows = history(folder)
    assert [row["epoch"] for row in rows] == sorted(row["epoch"] for row in rows)
    assert float(rows[-1]["loss"]) < float(rows[0]["loss"])


def test_the_checkpoint_with_the_best_validation_is_the_one_measured(
    finished: tuple[Path, list[str]],
) -> None:
    folder, _ = finished
    best = max(float(row["validation/mR"]) for row in history(folder) if row["validation/mR"])
    (measured,) = [
        row["value"]
        for row in metrics(folder)
        if (row["split"], row["protocol"], row["queries"], row["metric"])
        == ("validation", "strict", "single", "mR")
        and not row.get("oracle")
    ]
    assert measured == pytest.approx(best, abs=1e-6)


def test_the_saved_config_repeats_the_run(
    finished: tuple[Path, list[str]], tmp_path: Path, cache: Path
) -> None:
    folder, _ = finished
    again = tmp_path / "again"
    run(["train", "--config-file", str(folder / "config.yaml"), f"out={again}"], cache)
    assert metrics(again) == metrics(folder)


def test_a_killed_run_goes_on_to_the_same_result(
    finished: tuple[Path, list[str]], tmp_path: Path, cache: Path
) -> None:
    folder, words = finished
    killed = tmp_path / "killed"
    process = wfa(["train", *words, f"out={killed}"], cache)
    limit = time.monotonic() + 120
    while not (killed / "checkpoints" / "last.ckpt").is_file() and process.poll() is None:
        assert time.monotonic() < limit
        time.sleep(0.005)
    process.kill()
    process.communicate()
    assert not (killed / "run.json").exists(), "the run ended before it was killed"
    run(["train", *words, f"out={killed}"], cache)
    assert metrics(killed) == metrics(folder)
    assert len(history(killed)) == len(history(folder))


def test_two_processes_give_the_result_of_one(
    finished: tuple[Path, list[str]], tmp_path: Path, cache: Path
) -> None:
    folder, words = finished
    both = tmp_path / "both"
    run(["train", *words, "train.devices=2", "train.strategy=ddp", f"out={both}"], cache)
    ours, theirs = load_file(both / "model.safetensors"), load_file(folder / "model.safetensors")
    for name in theirs:
        assert abs(ours[name] - theirs[name]).max() < 1e-4, name
    for row, other in zip(metrics(both), metrics(folder), strict=True):
        assert math.isclose(row["value"], other["value"], abs_tol=1e-5), row


def test_evaluate_gives_the_metrics_of_training(
    finished: tuple[Path, list[str]], cache: Path
) -> None:
    folder, _ = finished
    run(["evaluate", str(folder), "split=validation"], cache)
    found = metrics(folder / "evaluations" / "captions_folder-validation")
    assert found == [row for row in metrics(folder) if row["split"] == "validation"]


@pytest.mark.parametrize(
    ("extra", "message"),
    [
        (["train.seed=1"], "train.seed is 0 there and 1 here"),
        ([], "holds this run, finished"),
    ],
)
def test_a_folder_in_use_is_refused(
    finished: tuple[Path, list[str]], cache: Path, extra: list[str], message: str
) -> None:
    folder, words = finished
    before = (folder / "metrics.json").read_bytes()
    out = run(["train", *words, *extra, f"out={folder}"], cache, code=2)
    assert message in " ".join(out.split())
    assert "Traceback" not in out
    assert (folder / "metrics.json").read_bytes() == before
