"""Processes that run cells, one a cell; one that dies costs its cell and no other."""

import json
import os
import subprocess
import sys
from collections.abc import Generator, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from pathlib import Path
from queue import SimpleQueue

from wfa.comparing.cell_files import Ended, Failure, Task
from wfa.comparing.run_cell import attempt
from wfa.files import write_text


def run_here(tasks: Sequence[Task]) -> Iterator[Ended]:
    """Run the cells one after another in this process."""
    for task in tasks:
        yield task, attempt(task)


def run_in_processes(
    tasks: Sequence[Task], workers: int, devices: Sequence[int], logs: Path
) -> Generator[Ended, None, None]:
    """Run each cell in a process of one thread, and give it when it ends.

    Where the caller goes on no further, as after Ctrl-C, or dies, the processes end at once.

    Args:
        tasks: The cells.
        workers: How many processes at once.
        devices: GPUs that they share in turn; empty for none to choose from.
        logs: Folder for what the cells print.
    """
    running: set[subprocess.Popen[bytes]] = set()
    places: SimpleQueue[int] = SimpleQueue()
    for place in range(workers):
        places.put(place)

    def run(task: Task) -> Failure | None:
        place = places.get()
        with _started(task, devices[place % len(devices)] if devices else None, logs) as process:
            running.add(process)
            code = process.wait()
            running.discard(process)
        places.put(place)
        return _failure(task, code, logs)

    with ThreadPoolExecutor(workers) as pool:
        futures = {pool.submit(run, task): task for task in tasks}
        try:
            for future in as_completed(futures):
                yield futures[future], future.result()
        finally:
            pool.shutdown(wait=False, cancel_futures=True)
            for process in list(running):
                process.kill()


def _started(task: Task, device: int | None, logs: Path) -> subprocess.Popen[bytes]:
    """Start `run_cell`, which ends when its standard input does: with this process."""
    config, answer = logs / f"{task.name}.yaml", logs / f"{task.name}.json"
    write_text(config, task.config.as_yaml())
    answer.unlink(missing_ok=True)
    variables = {"OMP_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"}
    if device is not None:
        variables["CUDA_VISIBLE_DEVICES"] = str(device)
    words = [config, task.folder, task.split, "probed" if task.probed else "", answer]
    with (logs / f"{task.name}.log").open("wb") as log:
        return subprocess.Popen(
            [sys.executable, "-m", "wfa.comparing.run_cell", *map(str, words)],
            stdin=subprocess.PIPE, stdout=log, stderr=log, env={**os.environ, **variables},
        )  # fmt: skip


def _failure(task: Task, code: int, logs: Path) -> Failure | None:
    """Return why a cell failed; what its process told stays in no file of its own."""
    answer = logs / f"{task.name}.json"
    (logs / f"{task.name}.yaml").unlink(missing_ok=True)
    if code == 0:
        return None
    if not answer.is_file():
        return Failure(
            f"its process died (exit code {code}; {logs / f'{task.name}.log'} has its last words); "
            "where that is -9 the machine may have run out of memory: try fewer workers"
        )
    told = Failure(**json.loads(answer.read_text(encoding="utf-8")))
    answer.unlink()
    return told
