"""The run folder: what lies in it, and when a run may use one."""

import json
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout

from wfa.errors import RunError
from wfa.files import is_temporary, write_text
from wfa.json_files import read_json
from wfa.options.recipes import Values, read_yaml
from wfa.options.run_config import RunConfig, resolve
from wfa.options.setting_differences import first_difference
from wfa.runs.handed_pairs import stand_in_for_pairs

LOCK = ".lock"
"""Held by the process that trains; it stays as an empty file."""
OPEN_CLIP_CONFIG = "open_clip_config.json"
"""What open_clip's folders, exported runs among them, call the description of a model."""
CLASSES_FILE = "classes.json"
"""Results by class; only where the data set knows classes."""


@dataclass(frozen=True)
class RunFolder:
    """Paths and state of one run.

    Attributes:
        path: The folder.
    """

    path: Path

    @property
    def config_file(self) -> Path:
        """The resolved config."""
        return self.path / "config.yaml"

    @property
    def run_file(self) -> Path:
        """Provenance, data, cost and selection; `finished` in it marks a complete run."""
        return self.path / "run.json"

    @property
    def checkpoints(self) -> Path:
        """Folder of Lightning checkpoints."""
        return self.path / "checkpoints"

    @property
    def last_checkpoint(self) -> Path:
        """The checkpoint that an interrupted run goes on from."""
        return self.checkpoints / "last.ckpt"

    @property
    def weights(self) -> Path:
        """The selected weights."""
        return self.path / "model.safetensors"

    @property
    def finished(self) -> bool:
        """Whether the run is complete: `run.json` is written last."""
        return bool(self.read_run().get("finished", False))

    def _abandoned(self, held: RunConfig) -> bool:
        """Whether nothing would be lost: no checkpoint, no result, no config of a person's own."""
        kept = self.run_file.is_file() or any(self.checkpoints.glob("*.ckpt"))
        return not kept and self.config_file.read_text(encoding="utf-8") == held.as_yaml()

    def read_run(self) -> dict[str, Any]:
        """Return run.json, empty when there is none.

        Raises:
            RunError: The file is not JSON.
        """
        if not self.run_file.is_file():
            return {}
        values: dict[str, Any] = read_json(self.run_file, "train again with --overwrite")
        return values

    def write_json(self, name: str, values: Any) -> None:
        """Write `name` in the folder, whole or not at all."""
        write_text(self.path / name, json.dumps(values, indent=1, allow_nan=False) + "\n")

    def read_config(self) -> RunConfig:
        """Return the run's config.

        Raises:
            RunError: The folder holds no run.
        """
        stand_in_for_pairs(self.read_saved())
        return resolve(file=self.config_file)

    def read_saved(self) -> Values:
        """Return the values of the run's config, section by section, as they are written.

        Raises:
            RunError: The folder holds no run.
        """
        if not self.config_file.is_file():
            message = f"{self.path} is no run folder: it has no config.yaml"
            if (self.path / OPEN_CLIP_CONFIG).is_file():
                message += f"; encoder=open_clip encoder.model=local-dir:{self.path} takes it"
            raise RunError(message)
        return read_yaml(self.config_file)

    def check(self, config: RunConfig, overwrite: bool) -> None:
        """Refuse a folder that this run may not use; nothing is written.

        Raises:
            RunError: It holds a finished run, another config's run, or other files, or no folder
                can be made there.
        """
        self._check_place()
        if self.config_file.is_file():
            if overwrite:
                return
            held = self.read_config()
            if held.config_id != config.config_id and not self._abandoned(held):
                found = first_difference(held.as_dict(), config.as_dict())
                raise RunError(
                    f"{self.path} holds another run ({found}): choose another folder with "
                    "out=DIR, or add --overwrite to lose that one"
                )
            if self.finished:
                raise RunError(
                    f"{self.path} holds this run, finished: add --overwrite to train it again, or "
                    f"`wfa evaluate {self.path}` to measure it"
                )
            return
        if self.path.is_dir() and any(map(_foreign, self.path.iterdir())):
            raise RunError(
                f"{self.path} is not empty and holds no run: choose another folder with out=DIR"
            )

    def _check_place(self) -> None:
        """Find out whether the folder can be made, without making it."""
        try:
            there = next(path for path in (self.path, *self.path.parents) if path.exists())
            usable = there.is_dir() and os.access(there, os.W_OK)
            longest = os.pathconf(there, "PC_NAME_MAX") if hasattr(os, "pathconf") else 255
            usable &= all(len(os.fsencode(part)) <= longest for part in self.path.parts)
        except (OSError, ValueError) as error:  # too long, or a NUL
            raise RunError(f"out={str(self.path)!r} is no usable path ({error})") from error
        if not usable:
            raise RunError(
                f"out={self.path} cannot be made: {there} is a file, or may not be written to, or "
                "a name is too long; choose another folder with out=DIR"
            )

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Keep other processes from training into this folder at the same time.

        Raises:
            RunError: One does so already, or the folder cannot be made.
        """
        lock = FileLock(self.path / LOCK, blocking=False)
        try:
            self.path.mkdir(parents=True, exist_ok=True)
            lock.acquire()
        except Timeout as error:
            raise RunError(
                f"another process trains into {self.path}: wait for it, or choose another folder "
                "with out=DIR"
            ) from error
        except OSError as error:  # root may write anywhere, and yet makes no folder in /proc
            raise RunError(
                f"out={self.path} cannot be made ({error.strerror}): choose another folder with "
                "out=DIR"
            ) from error
        try:
            yield
        finally:
            lock.release()

    def claim(self, config: RunConfig, overwrite: bool) -> None:
        """Make the folder this run's: new, unfinished of the same config, or overwritten.

        Raises:
            RunError: As `check`.
        """
        self.check(config, overwrite)
        if self.config_file.is_file() and (
            overwrite or self.read_config().config_id != config.config_id
        ):
            self._clear()
        if not self.config_file.is_file():
            write_text(self.config_file, config.as_yaml())

    def _clear(self) -> None:
        """Remove what a run writes, and nothing that a person may have put beside it."""
        for folder in (
            "checkpoints", "logs", "evaluations", "tasks", "open_clip", "transformers",
            "sentence-transformers", "onnx", "parquet",
        ):  # fmt: skip
            shutil.rmtree(self.path / folder, ignore_errors=True)
        for name in (
            "run.json", "metrics.json", "ranks.parquet", "history.csv", "gallery.json",
            "model.safetensors", "report.html", "config.yaml", "benchmark.json", "benchmark.html",
            CLASSES_FILE,
        ):  # fmt: skip
            (self.path / name).unlink(missing_ok=True)


def _foreign(path: Path) -> bool:
    """Whether a file is neither the lock nor what a killed process left half-written."""
    return path.name != LOCK and not is_temporary(path)
