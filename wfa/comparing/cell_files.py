"""What a cell is to the process that runs it, and what its folder says of it."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from wfa.json_files import read_json
from wfa.options.run_config import RunConfig
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
