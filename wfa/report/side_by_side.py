"""What the page of several runs shows before each of them: results, curves, what differs."""

from collections import Counter
from collections.abc import Sequence
from typing import Any

from wfa.options.setting_differences import flat_settings
from wfa.report.finished_run import RunResult
from wfa.report.plots import Axis, Plot, Series, line_plot, percent
from wfa.report.run_plots import EPOCHS, selected_point, validation_points
from wfa.report.scores import MEAN_RECALL, Key, find, shown
from wfa.retrieval.metrics import KS
from wfa.retrieval.protocols import TEXT_TO_IMAGE
from wfa.retrieval.retrieval_options import QUERIES
from wfa.tables import DASH, Cell, Number, Table, duration

_KEYS: tuple[Key, ...] = (*((TEXT_TO_IMAGE, f"R@{k}") for k in KS), MEAN_RECALL)
_MOST_LINES = 8


def side_by_side(runs: Sequence[RunResult]) -> dict[str, Any]:
    """Gather what compares runs, for `runs.html.j2`."""
    tests = {(run.data, run.split, run.look("data", "splits", run.split, "checksum"))
             for run in runs}  # fmt: skip
    scores = _scores(runs)
    return {
        "names": titles(runs),
        "where": ", ".join(sorted({_measured_on(run) for run in runs})),
        "different_data": len(tests) > 1,
        "scores": scores,
        "best": _best(scores),
        "groups": [("", scores.labels),
                   *((f"{queries} queries", len(_KEYS)) for queries in QUERIES),
                   ("kept", 1), ("time", 1)],
        "links": [f"#run{place}" for place in range(1, len(runs) + 1)],
        "curves": _curves(runs),
        "shown": _MOST_LINES,
        "more": max(0, len(runs) - _MOST_LINES),
        "differences": _differences(runs),
    }  # fmt: skip


def titles(runs: Sequence[RunResult]) -> list[str]:
    """Return the runs' names, with their folders where two runs have the same name."""
    names = Counter(run.name for run in runs)
    return [run.name if names[run.name] == 1 else f"{run.name} ({run.folder.name})"
            for run in runs]  # fmt: skip


def legends(runs: Sequence[RunResult]) -> list[str]:
    """Name runs by what tells them apart: technique, seed; by their titles where those agree."""
    techniques = [run.choice("aggregation") for run in runs]
    seeds = [f"{name}, seed {run.look('seed')}" for name, run in zip(techniques, runs, strict=True)]
    for names in (techniques, seeds):
        if len(set(names)) == len(names):
            return names
    return [f"{name} · {title}" for name, title in zip(techniques, titles(runs), strict=True)]


def _scores(runs: Sequence[RunResult]) -> Table:
    """Return the table of results, a row a run."""
    measured = [_measured_on(run) for run in runs]
    labels = {"run": titles(runs), "aggregation": [run.choice("aggregation") for run in runs]}
    if len(set(measured)) > 1:
        labels["data"] = measured
    rules = [run.ties for run in runs]
    if len(set(rules)) > 1:
        labels["ties"] = rules
    columns = [(queries, key) for queries in QUERIES for key in _KEYS]
    rows: list[tuple[Cell, ...]] = []
    for place, run in enumerate(runs):
        lines = {queries: find(run.own_lines, queries=queries) for queries in QUERIES}
        point = selected_point(run)
        rows.append((
            *(names[place] for names in labels.values()),
            *(shown(key, line.values.get(key) if (line := lines[queries]) else None)
              for queries, key in columns),
            Number(f"{point[0]:.0f}", point[0]) if point else DASH,
            duration(run.number("seconds", "fit")),
        ))  # fmt: skip
    header = (*labels, *(key[1] for _, key in columns), "epoch", "fit")
    return Table(header, tuple(rows), labels=len(labels))


def _best(scores: Table) -> dict[tuple[int, int], str]:
    """Mark the best value of each column of results."""
    marks: dict[tuple[int, int], str] = {}
    for column in range(scores.labels, scores.labels + len(_KEYS) * len(QUERIES)):
        cells = [row[column] for row in scores.rows]
        values = {place: cell.value for place, cell in enumerate(cells)
                  if isinstance(cell, Number) and cell.value is not None}  # fmt: skip
        top = max(values.values(), default=None)
        marks |= {(place, column): "best" for place, value in values.items() if value == top}
    return marks


def _measured_on(run: RunResult) -> str:
    return f"{run.data} · {run.split}"


def _curves(runs: Sequence[RunResult]) -> Plot | None:
    drawn = runs[:_MOST_LINES]
    series = [
        Series(name, validation_points(run, "mR"), marked=selected_point(run))
        for name, run in zip(legends(drawn), drawn, strict=True)
    ]
    title = "Validation mR; the dot is the epoch that was kept"
    return line_plot(title, series, EPOCHS, Axis(write=percent))


def _differences(runs: Sequence[RunResult]) -> Table:
    """List the options in which the runs differ."""
    flat = [{key: str(value) for key, value in flat_settings(run.config).items()} for run in runs]
    keys = dict.fromkeys(key for one in flat for key in one)
    rows = tuple(
        (key, *(one.get(key, DASH) for one in flat))
        for key in keys
        if key != "name" and len({one.get(key) for one in flat}) > 1
    )
    return Table(("option", *titles(runs)), rows, labels=len(runs) + 1)
