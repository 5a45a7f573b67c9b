"""Budgets other than epochs, and what a look into a finished run finds."""

import csv
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from lightning import Trainer

from tests.training.conftest import SMALL
from wfa.errors import ConfigError, DataError
from wfa.options.run_config import resolve
from wfa.runs.inspect_run import probe
from wfa.training.fit import fit
from wfa.training.optimiser import warmup_cosine, warmup_cosine_in_time
from wfa.training.schedule import Course
from wfa.training.train_options import Config


@pytest.fixture(autouse=True)
def own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WFA_CACHE_DIR", str(tmp_path / "cache"))


def history(folder: Path) -> list[dict[str, str]]:
    with (folder / "history.csv").open(newline="") as file:
        return list(csv.DictReader(file))


def trained(own_folder: Path, folder: Path, *words: str) -> list[dict[str, str]]:
    config = resolve([*SMALL, f"data.root={own_folder}", *words])
    fit(config, folder, show_training=False)
    return history(folder)


def test_a_budget_of_images_ends_within_an_epoch(
    own_folder: Path, tmp_path: Path, shown: list[tuple[str, int, int | None]]
) -> None:
    # 32 images in batches of 8: 50 images pay for 6 steps, an epoch and a half.
    rows = trained(own_folder, tmp_path / "run", "train.max_images=50", "train.epochs=1")
    assert [int(row["step"]) for row in rows] == [4, 6]
    told = [done for label, done, _ in shown if label == "training, batches"]
    assert told == [1, 2, 3, 4, 5, 6]
    assert all(row["validation/mR"] for row in rows)
    seconds = [float(row["seconds"]) for row in rows]
    assert 0 < seconds[0] < seconds[1]
    found = json.loads((tmp_path / "run" / "run.json").read_text())
    assert found["finished"] is True
    # Captions are two or three an image, uniqueness encodes each distinct one once a batch.
    assert 0 < found["throughput"]["texts"] <= 6 * 8 * 3
    assert found["throughput"]["text_tokens"] > found["throughput"]["texts"]


def test_the_schedule_of_a_budget_of_images_ends_with_it(own_folder: Path, tmp_path: Path) -> None:
    words = ("train.max_images=64", "train.log_every=1", "train.warmup=0.25", "train.lr=0.01")
    rows = trained(own_folder, tmp_path / "run", *words)
    factor = warmup_cosine(8, Config(warmup=0.25))
    assert [float(row["learning_rate"]) for row in rows] == pytest.approx(
        [0.01 * factor(step) for step in range(8)]
    )


def test_a_budget_of_seconds_ends_in_time(own_folder: Path, tmp_path: Path) -> None:
    rows = trained(own_folder, tmp_path / "run", "train.max_seconds=1.5", "train.log_every=1")
    assert 1.5 <= float(rows[-1]["seconds"]) < 60
    # By how much depends on how many steps a busy machine makes in the time.
    assert float(rows[-1]["learning_rate"]) < max(float(row["learning_rate"]) for row in rows)
    assert rows[-1]["validation/mR"]


def test_the_schedule_follows_the_clock() -> None:
    options = Config(max_seconds=20.0, warmup=0.25, final_lr=0.1)
    now = [0.0]
    trainer = Trainer(accelerator="cpu", logger=False, enable_checkpointing=False)
    course = Course(trainer, options, lambda: now[0])
    in_time, in_steps = (
        warmup_cosine_in_time(course.read_clock, options),
        warmup_cosine(2000, options),
    )
    for share in np.linspace(0, 1.5, 40):
        now[0] = 20.0 * share
        assert in_time(3) == pytest.approx(in_steps(int(2000 * share)), abs=1e-2)
        # A loader that works ahead is told the same.
        assert course.at(epoch=7, batch=0) == pytest.approx(min(1.0, share))


@dataclass
class Counted:
    """What a course asks a trainer."""

    estimated_stepping_batches: int
    num_training_batches: int
    accumulate_grad_batches: int = 1


@pytest.mark.parametrize(
    ("epochs", "batches", "accumulate"), [(3, 4, 1), (3, 5, 2), (2, 3, 8), (1, 1, 1)]
)
def test_the_course_counts_optimiser_steps(epochs: int, batches: int, accumulate: int) -> None:
    # Gradients are added over `accumulate` batches, fewer at the end of an epoch.
    steps_before, done = [], 0
    for _ in range(epochs):
        for batch in range(batches):
            steps_before.append(done)
            done += (batch + 1) % accumulate == 0 or batch + 1 == batches
    trainer: Any = Counted(done, batches, accumulate)
    course = Course(trainer, Config(), lambda: 0.0)
    assert [course.at(e, b) for e in range(epochs) for b in range(batches)] == pytest.approx(
        [before / done for before in steps_before]
    )
    assert course.at(epochs, 0) == 1.0


def test_two_budgets_are_refused() -> None:
    with pytest.raises(ConfigError, match="both given"):
        Config(max_images=5, max_seconds=5.0)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("words", "source"),
    [
        ((), "text"),
        (("aggregation=mean",), "uniform"),
        (("aggregation=attention",), "learned"),
        (("aggregation=max_pool",), "features"),
        (("aggregation=concat",), "joined"),
    ],
)
def test_a_look_into_a_run(
    own_folder: Path, tmp_path: Path, words: tuple[str, ...], source: str
) -> None:
    trained(own_folder, tmp_path / "run", "train.epochs=1", *words)
    found = probe(tmp_path / "run", "validation", examples=3, queries=4)
    assert found["width"] == 16
    assert found["query_seconds"]["single"] > 0
    assert found["query_seconds"]["aggregated"] > 0
    assert len({example["image"] for example in found["examples"]}) == 3
    for example in found["examples"]:
        assert example["source"] == source
        assert sum(text["weight"] for text in example["texts"]) == pytest.approx(1.0)
        assert example["thumbnail"].startswith("data:image/jpeg;base64,")
    if source == "text":
        # Under `sum` the weights are in proportion to the uniqueness that is shown.
        (first, *_) = found["examples"]
        total = sum(text["uniqueness"] for text in first["texts"])
        for text in first["texts"]:
            assert text["weight"] == pytest.approx(text["uniqueness"] / total)
    with pytest.raises(DataError, match="no split 'bench'"):
        probe(tmp_path / "run", "bench")
