"""Processes of cells: every cell once, one that dies costs one cell."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from wfa.comparing.cell_files import Task
from wfa.comparing.cells import grid
from wfa.comparing.processes import run_in_processes
from wfa.comparing.settings import CompareSettings
from wfa.options.read_settings import read_settings


def tasks(folder: Path, count: int, more: Sequence[str] = ()) -> list[Task]:
    """Cells that fail at once: their data set does not exist."""
    words = ["compare.techniques=[single]", f"data.root={folder / 'nowhere'}",
             f"compare.seeds={count}", "data=captions_folder", *more]  # fmt: skip
    return [
        Task(cell.folder, cell.config, folder / cell.folder, "test", False)
        for cell in grid(read_settings(CompareSettings, words).request())
    ]


@pytest.fixture
def started(monkeypatch: pytest.MonkeyPatch) -> list[subprocess.Popen[bytes]]:
    """Note the processes of cells."""
    seen: list[subprocess.Popen[bytes]] = []

    class Noted(subprocess.Popen[bytes]):
        def __init__(self, command: list[str], **options: Any) -> None:
            super().__init__(command, **options)
            if "wfa.comparing.run_cell" in command:
                seen.append(self)

    monkeypatch.setattr(subprocess, "Popen", Noted)
    return seen


def assert_gone(processes: list[subprocess.Popen[bytes]]) -> None:
    for process in processes:
        with pytest.raises(ProcessLookupError):
            os.kill(process.pid, 0)


@pytest.mark.slow
def test_every_cell_is_run_once_and_outlives_one_that_dies(
    tmp_path: Path, started: list[subprocess.Popen[bytes]]
) -> None:
    asked = tasks(tmp_path, 3)
    messages: dict[str, str] = {}
    ended = run_in_processes(asked, 1, (), tmp_path / "logs")

    def kill_first() -> None:
        while not started:
            time.sleep(0.01)
        os.kill(started[0].pid, signal.SIGKILL)

    with ThreadPoolExecutor(1) as beside:
        beside.submit(kill_first)
        for task, failure in ended:
            assert failure is not None
            messages[task.name] = failure.message
    names = [task.name for task in asked]
    assert list(messages) == names
    assert "exit code -9" in messages[names[0]]
    assert all("nowhere" in messages[name] for name in names[1:])
    assert len(started) == 3
    assert {path.suffix for path in (tmp_path / "logs").iterdir()} == {".log"}
    assert_gone(started)


@pytest.mark.slow
def test_processes_end_with_whoever_waits_for_them(
    tmp_path: Path, started: list[subprocess.Popen[bytes]]
) -> None:
    ended = run_in_processes(tasks(tmp_path, 4), 2, (), tmp_path / "logs")
    next(iter(ended))
    ended.close()  # as an interrupt does
    assert 2 <= len(started) <= 3
    assert_gone(started)


def test_a_cell_ends_when_its_parent_is_gone(tmp_path: Path) -> None:
    (task,) = tasks(tmp_path, 1)
    (tmp_path / "config.yaml").write_text(task.config.as_yaml())
    words = [sys.executable, "-m", "wfa.comparing.run_cell", str(tmp_path / "config.yaml")]
    words += [str(task.folder), "test", "", str(tmp_path / "answer.json")]
    done = subprocess.run(words, stdin=subprocess.DEVNULL, check=False, timeout=120)
    assert done.returncode == 1
