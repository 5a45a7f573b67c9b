"""Run the cells of a comparison into its folder."""

import json
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

from wfa.comparing.cell_files import Ended, Failure, Task, is_finished
from wfa.comparing.cells import Cell
from wfa.comparing.cluster_jobs import run_as_jobs
from wfa.comparing.comparison_folder import Folder
from wfa.comparing.data_checks import refuse_other_data
from wfa.comparing.processes import run_here, run_in_processes
from wfa.comparing.result_rows import result_rows
from wfa.comparing.settings import Request
from wfa.errors import UserError
from wfa.files import write_text


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
