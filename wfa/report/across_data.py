"""One run on several data sets as one table."""

from collections.abc import Mapping, Sequence
from typing import Any

from wfa.report.retrieval_tables import COLUMNS, column_label
from wfa.report.scores import find, lines, shown
from wfa.retrieval.metrics import MetricRow
from wfa.retrieval.retrieval_options import REPORTED
from wfa.tables import Cell, Table


def across_data(results: Sequence[Sequence[MetricRow]], title: str = "") -> Table:
    """Put strict results of single captions into a table, a row a data set and rule of ties.

    Args:
        results: The rows of each data set.
        title: What is measured.
    """
    rows: list[tuple[Cell, ...]] = []
    for own in results:
        for ties in REPORTED:
            line = find(lines(own, ties))
            values = {} if line is None else line.values
            name = own[0].data if own else ""
            rows.append((name, ties, *(shown(key, values.get(key)) for key in COLUMNS)))
    header = ("data", "ties", *map(column_label, COLUMNS))
    return Table(header, tuple(rows), title, labels=2)


def leak_lines(facts: Mapping[str, Any]) -> list[str]:
    """Say what an `evaluation.json` found of its data set in the run's training set."""
    return [
        f"{leak['count']:,} {leak['kind']} of {facts['data']['name']} "
        f"({100 * leak['share']:.1f} %) stand in the training set, {facts['trained_on']}, too"
        for leak in facts.get("leaks", ())
    ]
