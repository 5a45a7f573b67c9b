"""Whether the cells of one data set were trained and measured on the same data."""

import json
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path

from wfa.comparing.cells import Cell
from wfa.errors import DataError, RunError
from wfa.runs.run_folder import RunFolder

Checksums = Mapping[str, str]
"""Split -> checksum of its images and captions."""


def refuse_other_data(
    finished: Sequence[Cell], left: Sequence[Cell], folder_of: Callable[[Cell], Path]
) -> None:
    """Refuse to put cells side by side whose data changed between them, such as an edited CSV.

    Cells whose options of the data differ are meant to differ.

    Args:
        finished: Cells that are done: what their run.json says counts.
        left: Cells to be run: what lies on the disk now counts.
        folder_of: Gives a cell's run folder.

    Raises:
        RunError: The data differ; the message names two cells and the splits.
    """
    first: dict[str, tuple[Cell, Checksums]] = {}
    for cell in finished:
        splits = RunFolder(folder_of(cell)).read_run()["data"]["splits"]
        found = {split: facts["checksum"] for split, facts in splits.items()}
        other, known = first.setdefault(_options(cell), (cell, found))
        if changed := _changed(known, found):
            raise RunError(
                f"the cells {other.folder} and {cell.folder} were trained on different data (the "
                f"images or captions of {changed} changed between them) and cannot be averaged: "
                f"delete {folder_of(other)} or {folder_of(cell)} to train it on the data as they "
                "are, or compare in another folder with out=DIR"
            )
    for cell in left:
        if (before := first.pop(_options(cell), None)) is None:
            continue  # nothing to compare with, or looked at already
        other, known = before
        if changed := _changed(known, _now(cell, known)):
            raise RunError(
                f"the cell {other.folder} was trained on other data than lie there now (the images "
                f"or captions of {changed} changed): put them back, delete {folder_of(other)} and "
                "its like to train them again, or compare in another folder with out=DIR"
            )


def _now(cell: Cell, known: Checksums) -> Checksums:
    """Return the checksums of the data as they lie there; none where they cannot be read."""
    from wfa.runs.parts import Parts

    found = {}
    with suppress(DataError):  # the cell will fail with it
        for split in known:
            found[split] = Parts(cell.config).dataset(split).checksum
    return found


def _changed(known: Checksums, found: Checksums) -> str:
    return ", ".join(split for split in known.keys() & found.keys() if known[split] != found[split])


def _options(cell: Cell) -> str:
    return json.dumps(cell.config.as_dict()["data"], sort_keys=True)
