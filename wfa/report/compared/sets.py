"""Several data sets side by side: one table, and lines where their labels end in a number."""

import re
from typing import Any

from wfa.report.compared.tables import MEAN, Values, labels, score, with_spread
from wfa.report.elements import note, section, table
from wfa.report.markup import Markup, join, tag
from wfa.report.plot import COLOURS, Axis, Series, line_plot, percent
from wfa.report.tables import Grid
from wfa.retrieval.retrieval_options import QUERIES

_PROTOCOL = "strict"


def across_sets(found: Values) -> Markup:
    """Show mR of every technique on every data set; nothing where there is only one."""
    grids = sets_grids(found)
    if not grids:
        return Markup("")
    tables = [
        join([tag("h4", grid.title), table(grid.header, grid.rows, labels=grid.labels)])
        for grid in grids
    ]
    return section(
        "sets", "All data sets", tag("div", *_plots(found), class_="plots"), *tables,
        note("Differences are tested within each data set, below."),
    )  # fmt: skip


def sets_grids(found: Values) -> list[Grid]:
    """Make one table a kind of query: techniques by data sets; none for a single data set."""
    sets = found["sets"]
    if len(sets) < 2:
        return []
    return [
        Grid(
            title=f"mR in percent, {_PROTOCOL}, {queries} queries",
            header=("technique", *(one["data"] for one in sets)),
            rows=tuple(
                (label, *(with_spread(score(one, label, _PROTOCOL, queries, MEAN), MEAN)
                          for one in sets))
                for label in _all_labels(found)
            ),
        )
        for queries in QUERIES
    ]  # fmt: skip


def _plots(found: Values) -> list[Markup]:
    numbers = [re.search(r"-?\d+(?:\.\d+)?$", one["data"]) for one in found["sets"]]
    known = [(float(number[0]), one) for number, one in zip(numbers, found["sets"], strict=True)
             if number]  # fmt: skip
    if len(known) < len(found["sets"]):
        return []
    known.sort(key=lambda pair: pair[0])
    name = re.sub(r"[\s=_-]*-?\d+(?:\.\d+)?$", "", str(found["sets"][0]["data"]))
    return [
        line_plot(
            f"mR, {queries} queries",
            [_series(label, place, known, queries)
             for place, label in enumerate(_all_labels(found))],
            Axis(name), Axis(write=percent),
        )
        for queries in QUERIES
    ]  # fmt: skip


def _series(label: str, place: int, known: list[tuple[float, Any]], queries: str) -> Series:
    rows = [(x, score(one, label, _PROTOCOL, queries, MEAN)) for x, one in known]
    points = [(x, float(row["mean"])) for x, row in rows if row is not None]
    return Series(label, points, "solid" if place < COLOURS else "dashed")


def _all_labels(found: Values) -> list[str]:
    return list(dict.fromkeys(label for one in found["sets"] for label in labels(one)))
