"""Loggers: each writes offline, a missing package is named, one that cannot start is too."""

import json
import os
import sys
from pathlib import Path

import pytest

from tests.training.conftest import SMALL, wfa
from wfa.errors import ConfigError
from wfa.training.loggers import check_loggers, start_loggers
from wfa.training.train_options import LOGGERS, Config


@pytest.mark.slow
def test_a_run_logs_to_all_of_them_offline(tmp_path: Path, own_folder: Path) -> None:
    pytest.importorskip("wandb")
    pytest.importorskip("mlflow")
    out = tmp_path / "run"
    names = ",".join(LOGGERS)
    words = [*SMALL, f"data.root={own_folder}", "train.epochs=1", f"train.loggers=[{names}]"]
    process = wfa(["train", *words, f"out={out}"], tmp_path / "cache", WANDB_MODE="offline")
    said, _ = process.communicate(timeout=600)
    assert process.returncode == 0, said
    assert "validation/mR" in next(out.glob("logs/csv/*/metrics.csv")).read_text()
    assert list(out.glob("logs/events.out.tfevents*"))
    assert list(out.glob("logs/wandb/offline-run-*/*.wandb"))
    assert list(out.glob("logs/mlruns/*/*/metrics/validation/mR"))
    assert (out / "history.csv").is_file()
    assert json.loads((out / "run.json").read_text())["finished"] is True


@pytest.mark.parametrize("name", ["wandb", "mlflow"])
def test_a_missing_package_is_named(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    check_loggers(["csv", "tensorboard"])
    monkeypatch.setitem(sys.modules, name, None)
    with pytest.raises(ConfigError, match=rf"train\.loggers has {name}.*pip install"):
        check_loggers(["csv", name])


def test_one_that_cannot_start_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("mlflow")
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "nowhere://at.all")
    with pytest.raises(ConfigError, match=r"train\.loggers: mlflow cannot start \(.+\)"):
        start_loggers(["mlflow"], tmp_path, "run")


def test_an_interrupted_run_goes_on_as_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("mlflow")
    monkeypatch.setenv("MLFLOW_ALLOW_FILE_STORE", "true")

    def started(logs: Path) -> str | int | None:
        (logger,) = start_loggers(["mlflow"], logs, "run")
        return logger.version

    first = started(tmp_path / "one")
    assert started(tmp_path / "one") == first
    assert started(tmp_path / "two") != first
    assert list(tmp_path.glob(f"two/mlruns/*/{started(tmp_path / 'two')}"))


def test_one_that_does_not_exist_is_refused() -> None:
    assert "MLFLOW_TRACKING_URI" not in os.environ
    with pytest.raises(ConfigError, match=r"train\.loggers='wnadb'.*Did you mean 'wandb'"):
        Config(loggers=("csv", "wnadb"))
