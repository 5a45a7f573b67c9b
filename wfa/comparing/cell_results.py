"""Everything that the finished cells of one data set say, read once."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq

from wfa.comparing.cell_files import read_cell
from wfa.comparing.cells import Cell
from wfa.comparing.comparison_folder import Folder
from wfa.comparing.image_scores import ImageScores, Kind, read_scores
from wfa.comparing.result_rows import AGAIN, Point, cell_cost, read_course
from wfa.errors import RunError
from wfa.json_files import read_json
from wfa.retrieval.ties import WORST

Runs = dict[str, dict[int, ImageScores]]


@dataclass(frozen=True, eq=False)
class Gathered:
    """The finished cells of one data set.

    Attributes:
        data: Its label.
        cells: The cells, in the order of the grid.
        scores: (protocol, queries) -> label -> seed -> scores.
        courses: Label -> seed -> validations.
        costs: Label -> seed -> cost.
        rows: Rows of `metrics.json` of the compared split, measured ones and ceilings, by cell.
        runs: `run.json` by cell.
        probes: Label -> what a look into its first run found.
        ranks: Label -> seed -> rank of each text-to-image query, single captions, strict.
    """

    data: str
    cells: Sequence[Cell]
    scores: Mapping[Kind, Runs]
    courses: Mapping[str, Mapping[int, Sequence[Point]]]
    costs: Mapping[str, Mapping[int, Mapping[str, Any]]]
    rows: Mapping[Cell, Sequence[Mapping[str, Any]]]
    runs: Mapping[Cell, Mapping[str, Any]]
    probes: Mapping[str, Mapping[str, Any]]
    ranks: Mapping[str, Mapping[int, Mapping[str, int]]]

    @property
    def labels(self) -> list[str]:
        """The techniques that finished at least once, in the order of the grid."""
        return list(dict.fromkeys(cell.label for cell in self.cells))

    @property
    def images(self) -> int:
        """How many images were asked for."""
        runs = next(iter(self.scores.values()))
        return len(next(iter(next(iter(runs.values())).values())).images)


def gather(cells: Sequence[Cell], folder: Folder, split: str) -> list[Gathered]:
    """Read the run folders of finished cells, data set by data set.

    Raises:
        RunError: A file is broken, or a run has no results on `split`.
    """
    names = dict.fromkeys(cell.data for cell in cells)
    return [_gather(name, [c for c in cells if c.data == name], folder, split) for name in names]


def _gather(data: str, cells: Sequence[Cell], folder: Folder, split: str) -> Gathered:
    scores: dict[Kind, Runs] = {}
    courses: dict[str, dict[int, Sequence[Point]]] = {}
    costs: dict[str, dict[int, Mapping[str, Any]]] = {}
    ranks: dict[str, dict[int, Mapping[str, int]]] = {}
    rows: dict[Cell, Sequence[Mapping[str, Any]]] = {}
    runs: dict[Cell, Mapping[str, Any]] = {}
    probes: dict[str, Mapping[str, Any]] = {}
    for cell in cells:
        path = folder.of(cell)
        for kind, found in read_scores(path / "ranks.parquet", split).items():
            scores.setdefault(kind, {}).setdefault(cell.label, {})[cell.seed] = found
        courses.setdefault(cell.label, {})[cell.seed] = read_course(path)
        costs.setdefault(cell.label, {})[cell.seed] = cell_cost(path)
        ranks.setdefault(cell.label, {})[cell.seed] = _caption_ranks(path / "ranks.parquet", split)
        runs[cell] = read_json(path / "run.json", AGAIN)
        rows[cell] = [
            row
            for row in read_json(path / "metrics.json", AGAIN)
            if row["split"] == split
            and row.get("ties", WORST) == WORST
            and row["data"] == runs[cell]["data"]["name"]  # of a mixture the mean
        ]
        if "width" in (probe := read_cell(path)):
            probes.setdefault(cell.label, probe)
        if not rows[cell]:
            raise RunError(f"{path} has no results on the split {split!r}: set compare.split")
    return Gathered(data, cells, scores, courses, costs, rows, runs, probes, ranks)


def _caption_ranks(path: Path, split: str) -> dict[str, int]:
    wanted = {"split": split, "protocol": "strict", "queries": "single",
              "direction": "text_to_image"}  # fmt: skip
    table = pq.read_table(
        path,
        columns=["query_id", "rank"],
        filters=[(key, "=", value) for key, value in wanted.items()],
    )
    return dict(zip(table["query_id"].to_pylist(), table["rank"].to_pylist(), strict=True))
