"""Lightning's loggers: where losses and metrics go beside history.csv."""

import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from lightning.pytorch.loggers import (
    CSVLogger,
    Logger,
    MLFlowLogger,
    TensorBoardLogger,
    WandbLogger,
)

from wfa.errors import ConfigError
from wfa.files import write_text
from wfa.plugins.plugin_sources import how_to_install

PROJECT = "wfa"
"""What runs are filed under, unless a variable of the logger's own says otherwise."""
_TRACKING_URI = "MLFLOW_TRACKING_URI"


def _csv(logs: Path, name: str, known: str | None) -> Logger:
    del name, known
    return CSVLogger(logs, name="csv")


def _tensorboard(logs: Path, name: str, known: str | None) -> Logger:
    del name, known
    return TensorBoardLogger(logs, name="", version="")


def _wandb(logs: Path, name: str, known: str | None) -> Logger:
    logs.mkdir(parents=True, exist_ok=True)  # else it writes below the system's temporary folder
    project = os.environ.get("WANDB_PROJECT", PROJECT)
    offline = os.environ.get("WANDB_MODE") == "offline"
    return WandbLogger(name=name, save_dir=logs, project=project, offline=offline, id=known)


def _mlflow(logs: Path, name: str, known: str | None) -> Logger:
    given = os.environ.get(_TRACKING_URI)
    if given is None:
        # Its client alone has no other store that needs no server, and asks whether this is meant.
        os.environ.setdefault("MLFLOW_ALLOW_FILE_STORE", "true")
    logger = MLFlowLogger(
        experiment_name=os.environ.get("MLFLOW_EXPERIMENT_NAME", PROJECT),
        run_name=name,
        run_id=known,
        tracking_uri=given or f"file:{(logs / 'mlruns').absolute()}",
    )
    _ = logger.experiment
    if given is None:
        os.environ.pop(_TRACKING_URI, None)  # it was set just now, for all runs of this process
    return logger


_MADE: Mapping[str, Callable[[Path, str, str | None], Logger]] = {
    "csv": _csv, "tensorboard": _tensorboard, "wandb": _wandb, "mlflow": _mlflow,
}  # fmt: skip
_PACKAGES = {"wandb": "wandb", "mlflow": "mlflow-skinny"}
"""Logger -> the package that it writes through, where that is not always installed.

They are services, which know a run by an id; it is kept, so that a run that was interrupted goes on
there as the same.
"""


def check_loggers(names: Iterable[str]) -> None:
    """Refuse loggers whose package is missing.

    Raises:
        ConfigError: It names the package and how to install it.
    """
    for name in names:
        if name in _PACKAGES and find_spec(name) is None:
            raise ConfigError(
                f"train.loggers has {name}, whose package is not installed: "
                f"{how_to_install(_PACKAGES[name])}, or leave it out"
            )


def start_loggers(names: Sequence[str], logs: Path, run: str) -> list[Logger]:
    """Make loggers and start them, so that one that cannot write says so before training does.

    For the first process alone: some make their folders at once.

    Args:
        names: Of `train_options.LOGGERS`.
        logs: Folder for those that write into the run folder.
        run: The run's name.

    Raises:
        ConfigError: One cannot start, such as a service that wants to be logged into.
    """
    loggers = []
    for name in dict.fromkeys(names):
        try:
            own = logs / f"{name}.id"
            known = own.read_text(encoding="utf-8").strip() if own.is_file() else None
            logger: Any = _MADE[name](logs, run, known)
            _ = logger.experiment  # it begins when it is first asked for
            if name in _PACKAGES and known is None:
                write_text(own, f"{logger.version}\n")
        except Exception as error:  # each has its own; all are the machine's or the person's
            cause = " ".join(str(error).split())
            raise ConfigError(
                f"train.loggers: {name} cannot start ({cause}): set it up as its own guide says"
                + (", or set WANDB_MODE=offline" if name == "wandb" else "")
                + ", or leave it out"
            ) from error
        loggers.append(logger)
    return loggers


def finish_loggers(loggers: Sequence[Logger]) -> None:
    """End what a service takes for a running run, so that another may begin in this process."""
    for logger in loggers:
        if isinstance(logger, WandbLogger):
            logger.experiment.finish()
