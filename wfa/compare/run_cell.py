"""Run one cell: train, evaluate, look into it; what is finished is never done again.

As a program, `python -m wfa.compare.run_cell CONFIG FOLDER SPLIT PROBED ANSWER`, it writes into
ANSWER why the cell failed, and ends when its standard input does.
"""

import json
import os
import sys
import threading
import traceback
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from wfa.compare.peak_memory import forget_peak, peak_bytes
from wfa.errors import UserError
from wfa.files import write_text
from wfa.json_files import read_json
from wfa.options.run_config import RunConfig, resolve
from wfa.provenance import load_average
from wfa.runs.run_folder import RunFolder

CELL_FILE = "cell.json"
"""Written last into a cell's run folder: peak memory, load, and what `probe` found."""


@dataclass(frozen=True)
class Task:
    """What a process needs to know of a cell.

    Attributes:
        name: Names the cell to people.
        config: The run's config.
        folder: The run folder.
        split: The split that is probed.
        probed: Whether the run is looked into.
    """

    name: str
    config: RunConfig
    folder: Path
    split: str
    probed: bool


@dataclass(frozen=True)
class Failure:
    """Why a cell did not finish.

    Attributes:
        message: For people.
        trace: The traceback, empty where the message says all.
    """

    message: str
    trace: str = ""


Ended = tuple[Task, Failure | None]
"""A cell that has ended, and why it failed if it did."""


def is_finished(task: Task) -> bool:
    """Tell whether the folder holds the cell's run, finished and looked into.

    Raises:
        RunError: A file in it is broken.
    """
    folder = RunFolder(task.folder)
    run = folder.read_run()
    same = run.get("config_id") == task.config.config_id
    return (
        same
        and bool(run.get("finished"))
        and (not task.probed or "width" in read_cell(task.folder))
    )


def attempt(task: Task) -> Failure | None:
    """Run a cell; return why it failed, or None."""
    try:
        _run(task)
    except UserError as error:
        return Failure(str(error))
    except Exception as error:  # whatever it is, the other cells go on
        return Failure(f"{type(error).__name__}: {error}", traceback.format_exc())
    return None


def attempt_saved(config: Path, folder: Path, split: str, probed: bool) -> Failure | None:
    """Run a cell whose config lies in a file; return why it failed, or None."""
    return attempt(Task(folder.name, resolve(file=config), folder, split, probed))


def read_cell(folder: Path) -> dict[str, Any]:
    """Return a cell's `cell.json`, empty where there is none.

    Raises:
        RunError: The file is not JSON.
    """
    path = folder / CELL_FILE
    if not path.is_file():
        return {}
    values: dict[str, Any] = read_json(path, "delete it to have it made again")
    return values


def _run(task: Task) -> None:
    # Here, not above: a worker's threads and devices are set before torch is loaded.
    from wfa.runs.inspect_run import device_memory, forget_device_memory, probe
    from wfa.training.fit import fit

    folder = RunFolder(task.folder)
    found = read_cell(task.folder) if _holds(folder, task.config) else {}
    if not (_holds(folder, task.config) and folder.finished):
        forget_peak()
        forget_device_memory()
        fit(
            task.config, task.folder, overwrite=not _holds(folder, task.config), show_training=False
        )
        on_device = device_memory()
        found = {
            "peak_memory_bytes": peak_bytes() if on_device is None else on_device,
            "memory_of": "process" if on_device is None else "device",
            "load_average": load_average(),
        }
    if task.probed and "width" not in found:
        found |= probe(task.folder, task.split)
    write_text(task.folder / CELL_FILE, json.dumps(found, indent=1) + "\n")


def _leave_with_parent() -> None:
    """End this process when its parent is gone: it holds the other end of the input."""
    sys.stdin.read()
    os._exit(1)


def _main(config: str, folder: str, split: str, probed: str, answer: str) -> int:
    threading.Thread(target=_leave_with_parent, daemon=True).start()
    failure = attempt_saved(Path(config), Path(folder), split, bool(probed))
    if failure is not None:
        write_text(Path(answer), json.dumps(asdict(failure)))
    return int(failure is not None)


def _holds(folder: RunFolder, config: RunConfig) -> bool:
    return folder.config_file.is_file() and folder.read_config().config_id == config.config_id


if __name__ == "__main__":
    sys.exit(_main(*sys.argv[1:]))
