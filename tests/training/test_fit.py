"""Training as a process: repeatable, resumable after SIGKILL, equal over two processes."""

import csv
import json
import math
import shutil
import signal
import time
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
from safetensors.numpy import load_file

from tests.training.conftest import SMALL, make_folder, run, train_until_killed, wfa
from wfa.errors import RunError
from wfa.options.run_config import resolve
from wfa.runs.run_folder import RunFolder


def metrics(folder: Path) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = json.loads((folder / "metrics.json").read_text())
    return [row for row in rows if row["ties"] == "worst"]


def history(folder: Path) -> list[dict[str, str]]:
    with (folder / "history.csv").open(newline="") as file:
        return list(csv.DictReader(file))


@pytest.fixture(scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("cache")


@pytest.fixture(scope="module")
def odd_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Thirty-nine pictures, of which 31 are for training: fewer than a batch, and odd."""
    return make_folder(tmp_path_factory.mktemp("odd"), 39)


@pytest.fixture(scope="module")
def finished(
    tmp_path_factory: pytest.TempPathFactory, own_folder: Path, cache: Path
) -> tuple[Path, list[str]]:
    """A finished run of ten epochs and its settings."""
    words = [*SMALL, f"data.root={own_folder}", "train.epochs=10"]
    # A rate that moves over training, so that whatever repeats the run must know how far it is.
    words += ["aggregation.caption_dropout=0.9", "aggregation.caption_dropout_end=0.0"]
    folder = tmp_path_factory.mktemp("runs") / "first"
    run(["train", *words, f"out={folder}"], cache)
    return folder, words


@pytest.mark.slow
def test_the_run_folder_is_complete(finished: tuple[Path, list[str]]) -> None:
    folder, words = finished
    names = {path.name for path in folder.iterdir()}
    assert names >= {
        "config.yaml", "run.json", "model.safetensors", "metrics.json",
        "ranks.parquet", "history.csv", "gallery.json", "report.html",
    }  # fmt: skip
    assert "checkpoints" not in names  # nothing goes on from a finished run
    facts = json.loads((folder / "run.json").read_text())
    assert facts["finished"] is True
    assert facts["config_id"] == resolve(words).config_id
    assert facts["selection"]["metric"] == "validation/mR"
    assert facts["data"]["splits"]["train"]["images"] == 32
    rows = history(folder)
    assert [row["epoch"] for row in rows] == sorted(row["epoch"] for row in rows)
    assert float(rows[-1]["loss"]) < float(rows[0]["loss"])


@pytest.mark.slow
def test_some_validation_images_can_select_and_all_are_measured(
    tmp_path: Path, own_folder: Path, cache: Path
) -> None:
    words = [*SMALL, f"data.root={own_folder}", "train.epochs=1", "train.validation_images=3"]
    run(["train", *words, f"out={tmp_path / 'run'}"], cache)
    facts = json.loads((tmp_path / "run" / "run.json").read_text())
    assert facts["selection"]["images"] == 3
    ranks = pq.read_table(tmp_path / "run" / "ranks.parquet").to_pylist()
    kind = {"split": "validation", "direction": "image_to_text", "queries": "single"}
    asked = {row["query_id"] for row in ranks if row.items() >= kind.items()}
    assert len(asked) == facts["data"]["splits"]["validation"]["images"] > 3


@pytest.mark.slow
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


@pytest.mark.slow
def test_the_saved_config_repeats_the_run(
    finished: tuple[Path, list[str]], tmp_path: Path, cache: Path
) -> None:
    folder, _ = finished
    again = tmp_path / "again"
    run(["train", "--config-file", str(folder / "config.yaml"), f"out={again}"], cache)
    assert metrics(again) == metrics(folder)


@pytest.mark.slow
def test_a_killed_run_goes_on_to_the_same_result(
    finished: tuple[Path, list[str]], tmp_path: Path, cache: Path
) -> None:
    folder, words = finished
    killed = tmp_path / "killed"
    train_until_killed(words, killed, cache, 120)
    run(["train", *words, f"out={killed}"], cache)
    assert metrics(killed) == metrics(folder)
    assert len(history(killed)) == len(history(folder))


def check_equal(folder: Path, other: Path) -> None:
    ours, theirs = load_file(folder / "model.safetensors"), load_file(other / "model.safetensors")
    for name in theirs:
        assert abs(ours[name] - theirs[name]).max() < 1e-4, name
    for row, wanted in zip(metrics(folder), metrics(other), strict=True):
        assert math.isclose(row["value"], wanted["value"], abs_tol=1e-5), row


@pytest.mark.slow
@pytest.mark.parametrize("strategy", ["ddp", "fsdp"])
def test_two_processes_give_the_result_of_one(
    finished: tuple[Path, list[str]], tmp_path: Path, cache: Path, strategy: str
) -> None:
    folder, words = finished
    both = [*words, "train.devices=2", f"train.strategy={strategy}", f"out={tmp_path / 'both'}"]
    run(["train", *both], cache)
    check_equal(tmp_path / "both", folder)


@pytest.mark.slow
def test_two_processes_share_batch_statistics_and_an_odd_batch(
    odd_folder: Path, tmp_path: Path, cache: Path
) -> None:
    """Averaged weights have statistics of their own, of rows of both processes."""
    words = [*SMALL, "encoder.image_tower=resnet", "encoder.image_size=32", "train.batch_size=64"]
    # With a small eps AdamW makes whole steps of the rounding of gradients that are nearly zero.
    words += [f"data.root={odd_folder}", "train.epochs=4", "train.eps=0.001", "train.ema=0.5"]
    run(["train", *words, f"out={tmp_path / 'one'}"], cache)
    both = ["train.devices=2", "train.strategy=ddp", f"out={tmp_path / 'both'}"]
    run(["train", *words, *both], cache)
    check_equal(tmp_path / "both", tmp_path / "one")


@pytest.mark.slow
def test_stopping_early_holds_after_a_crash_while_results_are_written(
    finished: tuple[Path, list[str]], tmp_path: Path, cache: Path
) -> None:
    """The folder moves in between, and the checkpoint's scores move along."""
    _, words = finished
    early = [*words, "train.epochs=40", "train.patience=2", "train.keep_checkpoints=true"]
    run(["train", *early, f"out={tmp_path / 'whole'}"], cache)
    whole = json.loads((tmp_path / "whole" / "run.json").read_text())
    assert whole["selection"]["epochs_run"] < 40, "nothing was stopped"
    moved = tmp_path / "moved"
    shutil.copytree(tmp_path / "whole", moved)
    for name in ("run.json", "metrics.json", "model.safetensors", "ranks.parquet"):
        (moved / name).unlink()
    shutil.rmtree(tmp_path / "whole" / "checkpoints")
    run(["train", *early, f"out={moved}"], cache)
    again = json.loads((moved / "run.json").read_text())
    assert again["selection"] == whole["selection"]
    assert metrics(moved) == metrics(tmp_path / "whole")
    assert again["throughput"]["resumed"] == 1
    assert again["seconds"]["fit"] > 0.9 * whole["seconds"]["fit"]


@pytest.mark.slow
def test_overwrite_trains_again_with_other_settings(
    finished: tuple[Path, list[str]], tmp_path: Path, cache: Path
) -> None:
    """Also half precision, and gradients of two batches added before a step."""
    folder, words = finished
    copy = tmp_path / "run"
    shutil.copytree(folder, copy)
    (copy / "notes.txt").write_text("mine")
    (copy / "benchmark.json").write_text("of the old model")
    (copy / "tasks" / "scenes-bench").mkdir(parents=True)
    other = ["train.precision=bf16-mixed", "train.accumulate=2", "train.epochs=4"]
    run(["train", *words, *other, f"out={copy}", "--overwrite"], cache)
    facts = json.loads((copy / "run.json").read_text())
    assert facts["config_id"] == resolve([*words, *other]).config_id
    rows = history(copy)
    assert rows[-1]["epoch"] == "3"
    assert int(rows[-1]["step"]) == 4 * 2  # four batches an epoch, two a step
    assert (copy / "notes.txt").read_text() == "mine"
    assert not (copy / "benchmark.json").exists()
    assert not (copy / "tasks").exists()


@pytest.mark.slow
def test_an_interrupt_says_how_to_go_on(own_folder: Path, tmp_path: Path, cache: Path) -> None:
    words = [*SMALL, f"data.root={own_folder}", "train.epochs=2000", f"out={tmp_path / 'run'}"]
    process = wfa(["train", *words], cache)
    limit = time.monotonic() + 120
    while not (tmp_path / "run" / "checkpoints" / "last.ckpt").is_file():
        assert time.monotonic() < limit
        assert process.poll() is None
        time.sleep(0.05)
    process.send_signal(signal.SIGINT)
    out, _ = process.communicate(timeout=120)
    assert process.returncode == 130
    assert "the same command goes on" in " ".join(out.split())
    assert "Traceback" not in out


@pytest.mark.skipif(not Path("/proc/self").exists(), reason="needs a place for no folder")
def test_a_place_where_no_folder_can_be_made_is_told() -> None:
    folder = RunFolder(Path("/proc/wfa"))
    with pytest.raises(RunError, match="out=/proc/wfa cannot be made"), folder.locked():
        pass


def test_a_folder_that_is_trained_into_is_locked(tmp_path: Path) -> None:
    folder = RunFolder(tmp_path / "run")
    with folder.locked(), pytest.raises(RunError, match="another process"), folder.locked():
        pass
    with folder.locked():
        pass


@pytest.mark.slow
def test_evaluate_gives_the_metrics_of_training(
    finished: tuple[Path, list[str]], cache: Path
) -> None:
    folder, _ = finished
    run(["evaluate", str(folder), "split=validation"], cache)
    found = metrics(folder / "evaluations" / "captions_folder-validation")
    assert found == [row for row in metrics(folder) if row["split"] == "validation"]


@pytest.mark.parametrize("name", ["file", "file/below", "x" * 300])
def test_a_place_where_no_folder_can_be_is_refused_first(tmp_path: Path, name: str) -> None:
    (tmp_path / "file").write_text("mine")
    folder = RunFolder(tmp_path / name)
    with pytest.raises(RunError, match="out="):
        folder.check(resolve(["run=scenes"]), overwrite=False)
    assert (tmp_path / "file").read_text() == "mine"


@pytest.mark.slow
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


@pytest.mark.slow
def test_a_batch_in_parts_on_two_processes_gives_the_result_of_the_whole(
    finished: tuple[Path, list[str]], tmp_path: Path, cache: Path
) -> None:
    folder, words = finished
    parts = ["train.micro_batch=2", "train.devices=2", "train.strategy=ddp"]
    run(["train", *words, *parts, f"out={tmp_path / 'parts'}"], cache)
    check_equal(tmp_path / "parts", folder)
    wrong = ["train.micro_batch=3", f"out={tmp_path / 'wrong'}"]
    out = run(["train", *words, *wrong], cache, code=2)
    assert "train.micro_batch=3 does not divide train.batch_size=8" in " ".join(out.split())
    resnet = ["train.micro_batch=2", "encoder.image_tower=resnet", f"out={tmp_path / 'wrong'}"]
    out = run(["train", *words, *resnet], cache, code=2)
    assert "batch norm" in " ".join(out.split())
    assert not (tmp_path / "wrong").exists()
