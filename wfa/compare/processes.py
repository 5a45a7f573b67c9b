"""Worker processes that run cells; one that dies costs its cell and no other."""

import multiprocessing
import os
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess
from pathlib import Path

from wfa.compare.run_cell import Failure, Task, attempt

Done = Callable[[Task, Failure | None], None]

_ONE_THREAD = {"OMP_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"}
_PATIENCE = 10.0
"""Seconds that a worker has to end after it was asked to."""


@dataclass(frozen=True)
class _Worker:
    process: BaseProcess
    connection: Connection


def run_here(tasks: Sequence[Task], begun: Callable[[Task], None], done: Done) -> None:
    """Run the cells one after another in this process."""
    for task in tasks:
        begun(task)
        done(task, attempt(task))


def run_in_processes(
    tasks: Sequence[Task],
    workers: int,
    devices: Sequence[int],
    logs: Path,
    begun: Callable[[Task], None],
    done: Done,
) -> None:
    """Run the cells in worker processes of one thread each.

    Args:
        tasks: The cells.
        workers: How many processes.
        devices: GPUs that they share in turn; empty for none to choose from.
        logs: Folder for what the workers print.
        begun: Called when a worker takes a cell.
        done: Called when a cell has ended.
    """
    waiting = list(reversed(tasks))
    running: dict[int, tuple[_Worker, Task]] = {}

    def give(place: int, worker: _Worker) -> None:
        task = waiting.pop() if waiting else None
        with suppress(OSError):  # a worker that is gone is noticed when its answer is missing
            worker.connection.send(task)
        if task is not None:
            running[place] = (worker, task)
            begun(task)

    started: list[_Worker] = []

    def start(place: int) -> None:
        worker = _start(place, devices, logs)
        started.append(worker)
        give(place, worker)

    try:
        for place in range(min(workers, len(tasks))):
            start(place)
        while running:
            ready = set(wait([one.connection for one, _ in running.values()]))
            for place, (worker, task) in list(running.items()):
                if worker.connection not in ready:
                    continue
                del running[place]
                try:
                    failure = worker.connection.recv()
                except (EOFError, OSError):  # nothing was sent: it is gone
                    done(task, _died(worker.process))
                    if waiting:
                        start(place)
                else:
                    done(task, failure)
                    give(place, worker)
    finally:
        _end(started)


def _start(place: int, devices: Sequence[int], logs: Path) -> _Worker:
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe()
    process = context.Process(
        target=_serve, args=(theirs, os.getpid(), str(logs / f"worker-{place}.log")), daemon=False
    )
    device = {"CUDA_VISIBLE_DEVICES": str(devices[place % len(devices)])} if devices else {}
    with _environment({**_ONE_THREAD, **device}):
        process.start()
    theirs.close()
    return _Worker(process, ours)


def _serve(connection: Connection, parent: int, log: str) -> None:
    """Run cells until there are no more, or until the parent is gone."""
    threading.Thread(target=_leave_with, args=(parent,), daemon=True).start()
    Path(log).parent.mkdir(parents=True, exist_ok=True)
    with Path(log).open("a", encoding="utf-8") as file:
        os.dup2(file.fileno(), sys.stdout.fileno())
        os.dup2(file.fileno(), sys.stderr.fileno())
    from wfa.runs.inspect_run import use_threads

    use_threads(1)
    while (task := connection.recv()) is not None:
        connection.send(attempt(task))


def _leave_with(parent: int) -> None:
    """End this process when its parent is gone: nobody would take its results."""
    while os.getppid() == parent:
        time.sleep(0.5)
    os._exit(1)


def _died(process: BaseProcess) -> Failure:
    process.join(_PATIENCE)
    return Failure(
        f"its process died (exit code {process.exitcode}); where that is -9 the machine may have "
        "run out of memory: try fewer workers"
    )


def _end(workers: Sequence[_Worker]) -> None:
    for worker in workers:
        worker.connection.close()
    for worker in workers:
        worker.process.join(_PATIENCE)
        if worker.process.is_alive():
            worker.process.terminate()
            worker.process.join(_PATIENCE)
        if worker.process.is_alive():
            worker.process.kill()
            worker.process.join()


@contextmanager
def _environment(values: Mapping[str, str]) -> Iterator[None]:
    """Set variables for a process that starts within."""
    before = {key: os.environ.get(key) for key in values}
    os.environ.update(values)
    try:
        yield
    finally:
        for key, value in before.items():
            if value is None:
                del os.environ[key]
            else:
                os.environ[key] = value
