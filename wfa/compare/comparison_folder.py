"""The folder of a comparison, and running its cells into it."""

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from wfa.compare.cells import Cell
from wfa.compare.cluster_jobs import run_as_jobs
from wfa.compare.data_checks import refuse_other_data
from wfa.compare.processes import run_here, run_in_processes
from wfa.compare.result_rows import result_rows
from wfa.compare.run_cell import Ended, Failure, Task, is_finished
from wfa.compare.settings import Request
from wfa.errors import RunError, UserError
from wfa.files import write_text
from wfa.options.recipes import from_yaml, read_yaml, to_yaml

COMPARISON_FILE = "comparison.json"
"""What the cells say together; what reports are made of."""


@dataclass(frozen=True)
class Folder:
    """Paths of one comparison.

    Attributes:
        path: The folder.
    """

    path: Path

    @property
    def request_file(self) -> Path:
        """What was asked for."""
        return self.path / "comparison.yaml"

    @property
    def results(self) -> Path:
        """One row a finished run x protocol x queries x direction x metric."""
        return self.path / "results.jsonl"

    @property
    def failures(self) -> Path:
        """One row a cell that failed; there is no such file where none did."""
        return self.path / "failures.jsonl"

    def of(self, cell: Cell) -> Path:
        """Return a cell's run folder."""
        return self.path / "cells" / cell.folder

    def claim(self, request: Request, extend: bool) -> None:
        """Make the folder this comparison's.

        Args:
            request: The comparison.
            extend: Whether a changed request may go on in a folder that holds another one.

        Raises:
            RunError: It holds another comparison, or other files.
        """
        wanted = request.as_dict()
        if self.request_file.is_file():
            held = read_yaml(self.request_file)
            asked = from_yaml(to_yaml(wanted), "the comparison")  # text, as a file is read
            if held == asked:
                return
            if not extend:
                # Of another version of the toolkit the file may have keys that are no more.
                key = next(key for key in {**asked, **held} if held.get(key) != asked.get(key))
                there, here = (_shown(values.get(key)) for values in (held, asked))
                raise RunError(
                    f"{self.path} holds another comparison ({key} is {there} there and {here} "
                    "here): choose another folder with out=DIR, or add --extend to go on in it "
                    "with what is asked here"
                )
        elif self.path.is_dir() and any(self.path.iterdir()):
            raise RunError(
                f"{self.path} is not empty and holds no comparison: choose another with out=DIR"
            )
        write_text(self.request_file, to_yaml(wanted))


def _shown(value: Any) -> str:
    """Return a value of a comparison's file as a person would write it."""
    return f"[{', '.join(map(str, value))}]" if isinstance(value, list) else repr(value)


def run_cells(
    request: Request,
    cells: Sequence[Cell],
    folder: Folder,
    ended: Callable[[Cell, Failure | None], None],
) -> dict[str, Failure]:
    """Run the cells that are not finished; failed ones are tried again.

    `results.jsonl` and `failures.jsonl` are written whole after every cell.

    Args:
        request: The comparison.
        cells: Its grid.
        folder: Where they go.
        ended: Called when a cell has ended, or had before; with the failure if it failed.

    Returns:
        Cell folder -> why it failed.

    Raises:
        RunError: Cells of one data set would be trained on different data.
    """
    tasks = {cell.folder: _task(request, cell, folder) for cell in cells}
    finished = [cell for cell in cells if is_finished(tasks[cell.folder])]
    left = [cell for cell in cells if cell not in finished]
    refuse_other_data(finished, left, folder.of)
    rows = {cell.folder: result_rows(cell, folder.of(cell)) for cell in finished}
    failures: dict[str, Failure] = {}
    _write(folder, cells, rows, failures)
    for cell in finished:
        ended(cell, None)
    by_task = {cell.folder: cell for cell in left}
    for task, failure in _running(request, [tasks[cell.folder] for cell in left], folder):
        cell = by_task[task.name]
        if failure is None:
            try:
                rows[cell.folder] = result_rows(cell, task.folder)
            except UserError as error:  # a file of the cell was lost or changed: others go on
                failure = Failure(str(error))
        if failure is not None:
            failures[cell.folder] = failure
        _write(folder, cells, rows, failures)
        ended(cell, failure)
    return failures


def _running(request: Request, tasks: Sequence[Task], folder: Folder) -> Iterator[Ended]:
    if request.executor == "submitit":
        return run_as_jobs(tasks, request.workers, request.slurm, folder.path / "logs")
    if request.workers == 1:
        return run_here(tasks)
    return run_in_processes(tasks, request.workers, _devices(request), folder.path / "logs")


def _task(request: Request, cell: Cell, folder: Folder) -> Task:
    return Task(cell.folder, cell.config, folder.of(cell), request.split, cell.probed)


def _devices(request: Request) -> Sequence[int]:
    from wfa.runs.inspect_run import gpu_count

    return request.devices or range(gpu_count())


def _write(
    folder: Folder,
    cells: Sequence[Cell],
    rows: dict[str, list[dict[str, Any]]],
    failures: dict[str, Failure],
) -> None:
    every = [row for cell in cells for row in rows.get(cell.folder, [])]
    _write_lines(folder.results, every)
    failed = [
        {"label": cell.label, "seed": cell.seed, "data": cell.data, "folder": cell.folder,
         "message": failures[cell.folder].message, "trace": failures[cell.folder].trace}
        for cell in cells
        if cell.folder in failures
    ]  # fmt: skip
    if failed:
        _write_lines(folder.failures, failed)
    else:
        folder.failures.unlink(missing_ok=True)


def _write_lines(path: Path, rows: Sequence[dict[str, Any]]) -> None:
    write_text(path, "".join(json.dumps(row) + "\n" for row in rows))
