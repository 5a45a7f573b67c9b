"""Sections that put several runs side by side."""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from wfa.report.elements import duration, note, section, table
from wfa.report.markup import Child, Markup, tag
from wfa.report.plot import Axis, Series, line_plot, percent
from wfa.report.quality import selected_point, validation_points
from wfa.report.result import RunResult
from wfa.report.scores import DASH, MEAN_RECALL, Key, find, shown
from wfa.retrieval.metrics import KS
from wfa.retrieval.protocols import TEXT_TO_IMAGE
from wfa.retrieval.retrieval_options import QUERIES

_KEYS: tuple[Key, ...] = (*((TEXT_TO_IMAGE, f"R@{k}") for k in KS), MEAN_RECALL)
_MOST_LINES = 8


def comparison(runs: Sequence[RunResult]) -> Markup:
    """Compare runs: strict results, cost, validation curves, and the settings that differ."""
    where = sorted({_measured_on(run) for run in runs})
    return section("comparison", f"Comparison of {len(runs)} runs", _warnings(runs), _scores(runs),
                   note(f"{', '.join(where)}: text to image R@K and mR in percent, strict "
                        "protocol; the best of each column is bold. Click a column's head to sort. "
                        "Seeds alone move such numbers by one or two points: a single run on each "
                        "side shows little."),
                   _curves(runs), _differences(runs), level=1)  # fmt: skip


def anchor(place: int) -> str:
    """Return the id of a run's part of the page."""
    return f"run{place + 1}"


def titles(runs: Sequence[RunResult]) -> list[str]:
    """Return the runs' names, with their folders where two runs have the same name."""
    names = Counter(run.name for run in runs)
    return [run.name if names[run.name] == 1 else f"{run.name} ({run.folder.name})"
            for run in runs]  # fmt: skip


def _scores(runs: Sequence[RunResult]) -> Markup:
    columns = [(queries, key) for queries in QUERIES for key in _KEYS]
    values = [[_value(run, queries, key) for queries, key in columns] for run in runs]
    best = [max((v for v in column if v is not None), default=None)
            for column in zip(*values, strict=True)]  # fmt: skip
    labels = _labels(runs)
    rows = [
        (
            *(cells[place] for cells in labels.values()),
            *(
                _cell(key, value, top)
                for (_, key), value, top in zip(columns, values[place], best, strict=True)
            ),
            _epoch(run),
            _sortable(run.number("seconds", "fit")),
        )
        for place, run in enumerate(runs)
    ]
    header = [*labels, *(key[1] for _, key in columns), "epoch", "fit"]
    groups = [("", len(labels)), *((f"{queries} queries", len(_KEYS)) for queries in QUERIES),
              ("kept", 1), ("time", 1)]  # fmt: skip
    return table(header, rows, labels=len(labels), sort=True, groups=groups)


def _labels(runs: Sequence[RunResult]) -> dict[str, list[Child]]:
    """Return the columns that name a run; the data only where it differs."""
    links = [tag("a", title, href=f"#{anchor(place)}") for place, title in enumerate(titles(runs))]
    labels: dict[str, list[Child]] = {
        "run": [*links],
        "aggregation": [run.choice("aggregation") for run in runs],
    }
    measured: list[Child] = [_measured_on(run) for run in runs]
    return labels if len(set(measured)) == 1 else {**labels, "data": measured}


def _measured_on(run: RunResult) -> str:
    return f"{run.data} · {run.split}"


def _curves(runs: Sequence[RunResult]) -> Markup:
    shown_runs = runs[:_MOST_LINES]
    series = [
        Series(title, validation_points(run, "mR"), marked=selected_point(run))
        for title, run in zip(titles(runs), shown_runs, strict=False)
    ]
    plot = line_plot("Validation mR; the dot is the epoch that was kept", series,
                     Axis("epoch", whole=True), Axis(write=percent))  # fmt: skip
    more = len(runs) - len(shown_runs)
    left_out = (
        note(f"The first {_MOST_LINES} runs; {more} more are in the table.") if more else None
    )
    return tag("div", plot, left_out, class_="plots one")


def _differences(runs: Sequence[RunResult]) -> Markup:
    """List the options in which the runs differ."""
    flat = [_flat(run.config) for run in runs]
    keys = list(dict.fromkeys(key for one in flat for key in one))
    rows: list[tuple[Child, ...]] = [
        (key, *(one.get(key, DASH) for one in flat))
        for key in keys
        if key != "name" and len({one.get(key) for one in flat}) > 1
    ]
    if not rows:
        return note("All settings are the same.")
    parts = [tag("h3", "Settings that differ")]
    parts.append(table(["option", *titles(runs)], rows, labels=len(runs) + 1))
    return tag("div", *parts)


def _warnings(runs: Sequence[RunResult]) -> Markup:
    """Say when the numbers of the runs may not be held against each other."""
    tests = {(run.data, run.split, run.look("data", "splits", run.split, "checksum"))
             for run in runs}  # fmt: skip
    if len(tests) == 1:
        return Markup("")
    return tag("p", "These runs were measured on different data: their numbers cannot be compared "
               "with each other.", class_="warning")  # fmt: skip


def _value(run: RunResult, queries: str, key: Key) -> float | None:
    line = find(run.own_lines, queries=queries)
    return None if line is None else line.values.get(key)


def _cell(key: Key, value: float | None, top: float | None) -> Child:
    text = shown(key, value)
    return tag("strong", text) if value is not None and value == top else text


def _epoch(run: RunResult) -> str:
    point = selected_point(run)
    return DASH if point is None else f"{point[0]:.0f}"


def _sortable(seconds: float | None) -> Child:
    if seconds is None:
        return DASH
    return tag("span", duration(seconds), data_sort=f"{seconds:.3f}")


def _flat(values: Mapping[str, Any], prefix: str = "") -> dict[str, str]:
    flat: dict[str, str] = {}
    for key, value in values.items():
        if isinstance(value, Mapping):
            flat |= _flat(value, f"{prefix}{key}.")
        else:
            flat[prefix + key] = str(value)
    return flat
