"""Run one cell: train, evaluate, look into it; what is finished is never done again.

As a program, `python -m wfa.comparing.run_cell CONFIG FOLDER SPLIT PROBED ANSWER`, it writes into
ANSWER why the cell failed, and ends when its standard input does.
"""

import json
import os
import sys
import threading
import traceback
from dataclasses import asdict
from pathlib import Path

from wfa.comparing.cell_files import CELL_FILE, Failure, Task, read_cell
from wfa.comparing.peak_memory import forget_peak, peak_bytes
from wfa.errors import UserError
from wfa.files import write_text
from wfa.options.run_config import RunConfig, resolve
from wfa.provenance import load_average
from wfa.runs.run_folder import RunFolder


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
