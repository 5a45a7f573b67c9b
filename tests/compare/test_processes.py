"""Worker processes: every cell once, a worker that dies costs one cell."""

import os
import signal
from pathlib import Path

import pytest

from wfa.compare import processes
from wfa.compare.cells import grid
from wfa.compare.processes import run_in_processes
from wfa.compare.run_cell import Failure, Task
from wfa.compare.settings import parse_request


def tasks(folder: Path, count: int) -> list[Task]:
    """Cells that fail at once: their data set does not exist."""
    words = ["compare.techniques=[single]", f"data.root={folder / 'nowhere'}",
             f"compare.seeds={count}", "data=captions_folder"]  # fmt: skip
    return [
        Task(cell.folder, cell.config, folder / cell.folder, "test", False)
        for cell in grid(parse_request(words))
    ]


def test_workers_run_every_cell_once_and_outlive_one_that_dies(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    started: list[int] = []
    start = processes._start

    def spied(place: int, devices: object, logs: Path) -> processes._Worker:
        worker = start(place, (), logs)
        started.append(worker.process.pid or 0)
        if len(started) == 1:
            os.kill(started[0], signal.SIGKILL)
        return worker

    monkeypatch.setattr(processes, "_start", spied)
    asked = tasks(tmp_path, 3)
    done: dict[str, Failure | None] = {}
    begun: list[str] = []

    def ended(task: Task, failure: Failure | None) -> None:
        done[task.name] = failure

    run_in_processes(asked, 1, (), tmp_path / "logs", lambda task: begun.append(task.name), ended)
    names = [task.name for task in asked]
    assert begun == names
    messages = {name: failure.message for name, failure in done.items() if failure}
    assert list(messages) == names
    assert "exit code -9" in messages[names[0]]
    assert all("nowhere" in messages[name] for name in names[1:])
    assert len(started) == 2
    for pid in started:
        with pytest.raises(ProcessLookupError):
            os.kill(pid, 0)
