"""What a finished cell's run folder says: its rows of results, its cost, its course."""

import csv
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from wfa.comparing.cell_files import read_cell
from wfa.comparing.cells import Cell
from wfa.errors import RunError
from wfa.json_files import read_json

AGAIN = "delete its folder to have it trained again"
"""What to do about a file of a cell that is missing or broken."""


@dataclass(frozen=True)
class Point:
    """One validation of a run.

    Attributes:
        epoch: Epochs passed.
        seconds: Of training up to it, validations included.
        value: Strict validation mR of the queries that select.
    """

    epoch: int
    seconds: float
    value: float


def result_rows(cell: Cell, folder: Path) -> list[dict[str, Any]]:
    """Make the rows of `results.jsonl`: one a protocol x queries x direction x metric x split.

    Raises:
        RunError: A file is missing or broken.
    """
    run = read_json(folder / "run.json", AGAIN)
    cost = cell_cost(folder)
    common = {"label": cell.label, "seed": cell.seed}
    provenance = {"config_id": run["config_id"], **run["git"], "cost": cost}
    return [
        # The comparison's own name of the data: several may be one plug-in with other options.
        {**common, **row, "data": cell.data, **provenance}
        for row in read_json(folder / "metrics.json", AGAIN)
        if not row.get("oracle") and row["data"] == run["data"]["name"]  # of a mixture the mean
    ]


def cell_cost(folder: Path) -> dict[str, Any]:
    """Return what a run took.

    Returns:
        `train_seconds` (steps and validations), `total_seconds` (with preparing and evaluation),
        `texts` (distinct texts that went through the trained part of the text tower), `text_tokens`
        (None where text features are cached), `peak_memory_bytes` with `memory_of` (`process`: the
        resident memory, libraries included; `device`: tensors on the GPU), `images_per_second`,
        `load_average` (of the machine when training ended, over a minute; None on Windows).
    """
    run, found = read_json(folder / "run.json", AGAIN), read_cell(folder)
    course = read_course(folder)
    throughput: Mapping[str, Any] = run.get("throughput", {})
    return {
        "train_seconds": course[-1].seconds if course else run["seconds"]["fit"],
        "total_seconds": run["seconds"]["total"],
        **{key: throughput.get(key) for key in ("texts", "text_tokens", "images_per_second")},
        **{key: found.get(key) for key in ("peak_memory_bytes", "memory_of", "load_average")},
    }


def read_course(folder: Path) -> list[Point]:
    """Return the validations of a run, from `history.csv`.

    Raises:
        RunError: The file is missing or broken.
    """
    path = folder / "history.csv"
    try:
        with path.open(encoding="utf-8", newline="") as file:
            rows = [row for row in csv.DictReader(file) if row["validation/mR"]]
        return [
            Point(int(row["epoch"]) + 1, float(row["seconds"]), float(row["validation/mR"]))
            for row in rows
        ]
    except (OSError, KeyError, ValueError, csv.Error) as error:
        raise RunError(f"{path} cannot be read ({error!r}): {AGAIN}") from error


def captions_an_image(run: Mapping[str, Any], split: str) -> float:
    """Return the mean number of captions of a split's images, from `run.json`."""
    counts: Mapping[str, Any] = run["data"]["splits"][split]
    return float(counts["captions"]) / float(counts["images"])
