"""Compare techniques over seeds, and read what a comparison found."""

import warnings
from collections.abc import Callable, Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

from wfa.comparing.cell_files import Failure
from wfa.comparing.cells import Cell, grid
from wfa.comparing.comparison_folder import COMPARISON_FILE, Folder
from wfa.comparing.run_cells import run_cells
from wfa.comparing.settings import Request
from wfa.errors import ArgumentError
from wfa.face.handed_over import HandedOver, choice_of, option_words, words_of
from wfa.options.typed_options import build_options
from wfa.plugins.plugin_sources import ClassSource
from wfa.plugins.registry import Choice, source
from wfa.progress import track
from wfa.report.comparison_tables import (
    Values,
    guidelines,
    overview_table,
    pair_records,
    read_comparison,
    score_records,
)
from wfa.report.scores import shown
from wfa.tables import Number, Table


class Comparison:
    """What a comparison found, read from its folder.

    Args:
        path: The folder, of `wfa.compare` or of the command.

    Attributes:
        path: The folder; `report.html` in it shows more, and `cells/` holds the runs.

    Raises:
        RunError: The folder holds no finished comparison.
    """

    def __init__(self, path: str | Path) -> None:
        self.path = Path(path)
        self.values: Values = read_comparison(self.path / COMPARISON_FILE)

    def __str__(self) -> str:
        return "\n\n".join(map(str, self.overviews))

    @cached_property
    def overviews(self) -> list[Table]:
        """A table a data set: mR of every technique over seeds, in percent, and its cost."""
        return [overview_table(one) for one in self.values["sets"]]

    @cached_property
    def scores(self) -> Table:
        """Every metric of every technique: mean and deviation over seeds, and the oracle's."""
        records = []
        for row in score_records(self.values):
            key = (row["direction"], row["metric"])
            figures = {name: shown(key, row[name]) for name in ("mean", "sd", "oracle")}
            records.append({**row, **figures})
        return Table.from_records(records)

    @cached_property
    def pairs(self) -> Table:
        """Every pair of techniques, tested: how far apart in mR, in points, and if that counts."""
        points = ("difference", "low", "high")
        return Table.from_records(
            {**row, **{name: Number(f"{100 * row[name]:.2f}", row[name]) for name in points}}
            for row in pair_records(self.values)
        )

    @property
    def guidelines(self) -> dict[str, str]:
        """What to use: question -> answer."""
        return dict(guidelines(self.values))

    @property
    def failures(self) -> dict[str, str]:
        """The cells that are left out: folder -> why each failed."""
        cells = self.values["cells"]
        return {cell["folder"]: cell["message"] for cell in cells if cell["state"] == "failed"}


def run_comparison(
    request: Request,
    out: Path | None,
    extend: bool,
    ended: Callable[[Cell, Failure | None], None] = lambda cell, failure: None,
) -> tuple[Folder, dict[str, Failure]]:
    """Run the cells that are not finished, and write what all of them say together.

    Args:
        request: The comparison.
        out: Its folder; `runs/compare-<name>-<id>` for None.
        extend: Whether it may go on in the folder of a comparison that asked otherwise.
        ended: Called when a cell has ended, or had before; with the failure if it failed.

    Returns:
        The folder, and cell folder -> why it failed.

    Raises:
        ConfigError: A setting of a cell is wrong.
        RunError: The folder cannot be used, no cell finished, or the data changed between cells.
    """
    # Who only reads a comparison neither tests nor draws.
    from wfa.comparing.summary import summarise
    from wfa.report.report_files import write_comparison

    cells = grid(request)
    folder = Folder(out or Path(f"runs/compare-{request.name}-{request.request_id}"))
    folder.claim(request, extend)
    steps = iter(track(range(len(cells)), "cells"))
    next(steps)

    def step(cell: Cell, failure: Failure | None) -> None:
        ended(cell, failure)
        next(steps, None)

    failures = run_cells(request, cells, folder, step)
    write_comparison(summarise(request, cells, folder, failures))
    return folder, failures


def compare(
    techniques: Sequence[HandedOver] | Mapping[str, HandedOver] = ("single", "mean", "uniqueness"),
    data: HandedOver = "scenes",
    encoder: HandedOver = "small",
    loss: HandedOver = "info_nce",
    model: HandedOver = "clip",
    *,
    seeds: int | Sequence[int] = 3,
    split: str = "test",
    against: str | None = None,
    processes: int = 1,
    retrieval: dict[str, Any] | None = None,
    out: str | Path | None = None,
    extend: bool = False,
    **train_options: Any,
) -> Comparison:
    """Train every technique with every seed, test the differences, write the folder.

    It is what `wfa compare` does: cells that are finished are not run again, so that the same call
    goes on where it stopped. The parts are handed over as to `wfa.train`.

    Args:
        techniques: What is compared, or label -> technique where two bear one name.
        data: A data set, or own pairs.
        encoder: The towers.
        loss: The loss.
        model: The kind of model.
        seeds: How many, from 0; or a list of them.
        split: The split that the statistics are about; selection is on validation always.
        against: A technique that is also tested against each other one in a family of its own.
        processes: How many run cells at once; they know names and plug-in files alone.
        retrieval: Options of evaluation.
        out: The folder; `runs/compare-<data>-<id>` for None.
        extend: Go on in the folder of a comparison that asked otherwise.
        train_options: Those of the section `train`, of every cell; `epochs`, `max_images` or
            `max_seconds` is the budget.

    Returns:
        Its tables. Cells that failed are left out and warned of.

    Raises:
        ConfigError: A name, option or object is not what it must be.
        ArgumentError: Two techniques bear one name, or several processes are to run objects.
        RunError: The folder cannot be used, no cell finished, or the data changed between cells.
    """
    of_all = {"data": data, "encoder": encoder, "loss": loss, "model": model}
    of_label = _by_label(techniques)
    chosen = [choice_of(kind, given) for kind, given in of_all.items()]
    compared = {label: choice_of("aggregation", given) for label, given in of_label.items()}
    if processes > 1:
        _refuse_objects([*chosen, *compared.values()], processes)
    parts = zip(chosen, of_all.values(), strict=True)
    values = {
        "name": chosen[0].label,
        "techniques": {x: list(words_of(compared[x], given)) for x, given in of_label.items()},
        "settings": [
            *(word for part in parts for word in words_of(*part)),
            *option_words("train", train_options),
            *option_words("retrieval", retrieval or {}),
        ],
        "seeds": str(seeds) if isinstance(seeds, int) else list(seeds),
        "split": split,
        "against": against,
        "workers": processes,
    }
    request = build_options(Request, values, "compare")
    folder, failures = run_comparison(request, None if out is None else Path(out), extend)
    for name, failure in failures.items():
        warnings.warn(f"{name} failed and is left out: {failure.message}", stacklevel=2)
    return Comparison(folder.path)


def _by_label(techniques: Any) -> dict[str, HandedOver]:
    """Give each technique its label: the one that it was given, or its name."""
    if isinstance(techniques, Mapping):
        return {str(label): given for label, given in techniques.items()}
    if isinstance(techniques, str) or not isinstance(techniques, Sequence):
        raise ArgumentError(f"techniques must be a list or label -> technique, not {techniques!r}")
    found: dict[str, HandedOver] = {}
    for given in techniques:
        label = choice_of("aggregation", given).label
        if label in found:
            raise ArgumentError(
                f"two techniques are called {label!r}: give a mapping of a label to each"
            )
        found[label] = given
    return found


def _refuse_objects(chosen: Sequence[Choice], processes: int) -> None:
    for one in chosen:
        if isinstance(source(one.kind, one.name), ClassSource):
            raise ArgumentError(
                f"{one.kind}={one.name} is an object of this program, which processes={processes} "
                "others do not know: name a plug-in file, or leave out processes"
            )
