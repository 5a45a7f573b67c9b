"""The rows of `metrics.json`, and the same numbers gathered into one line a protocol."""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from wfa.errors import RunError
from wfa.retrieval.metrics import MetricRow
from wfa.retrieval.protocols import BOTH, IMAGE_TO_TEXT, TEXT_TO_IMAGE
from wfa.retrieval.retrieval_options import PROTOCOLS, QUERIES
from wfa.retrieval.ties import EXPECTED, TIES, WORST
from wfa.tables import DASH, Number

MEAN_RECALL = (BOTH, "mR")

PROTOCOL_LABELS: Mapping[str, str] = {
    "strict": "strict",
    "duplicate_aware": "duplicate-aware",
    "unique_query": "unique-query",
}
DIRECTION_LABELS: Mapping[str, str] = {TEXT_TO_IMAGE: "T2I", IMAGE_TO_TEXT: "I2T", BOTH: ""}
_TEXT_FIELDS = ("data", "split", "protocol", "queries", "direction", "metric")
_SPLITS = ("test", "bench", "validation", "train")

Key = tuple[str, str]
"""A column of results: (direction, metric)."""


@dataclass(frozen=True)
class Line:
    """All metrics of one protocol and kind of query.

    Attributes:
        data: The data set's name.
        split: Its split.
        protocol: One of `PROTOCOLS`.
        queries: One of `QUERIES`.
        oracle: True where these are the best values that any model could reach.
        values: The numbers by (direction, metric).
        ties: The rule of ties.
        evaluation: Marks a further evaluation of a run, with other options than its own.
        wording: How captions were worded; empty for as they are.
    """

    data: str
    split: str
    protocol: str
    queries: str
    oracle: bool
    values: Mapping[Key, float]
    ties: str = WORST
    evaluation: str = ""
    wording: str = ""


def parse_rows(
    rows: Iterable[Mapping[str, Any]], where: str = "the results"
) -> tuple[MetricRow, ...]:
    """Check plain rows and give them types.

    Args:
        rows: Mappings as `metrics.json` holds them; a true `oracle` marks what is possible.
        where: Names the source in messages.

    Raises:
        RunError: A row lacks a field or holds something else than it should.
    """
    return tuple(_row(values, f"{where}, row {number}") for number, values in enumerate(rows, 1))


def lines(rows: Iterable[MetricRow], ties: str = WORST) -> list[Line]:
    """Gather the rows under one rule of ties into lines.

    Test comes before validation, strict first, oracles below results.
    """
    gathered: dict[tuple[str, str, str, bool, str], dict[Key, float]] = {}
    for row in rows:
        if row.ties != ties:
            continue
        key = (row.data, row.split, row.protocol, row.oracle, row.queries)
        gathered.setdefault(key, {})[row.direction, row.metric] = row.value
    ordered = sorted(gathered.items(), key=lambda item: _order(*item[0]))
    return [
        Line(data, split, protocol, queries, oracle, values, ties)
        for (data, split, protocol, oracle, queries), values in ordered
    ]


def shown_lines(
    rows: Sequence[MetricRow], ties: str = WORST, evaluation: str = "", wording: str = ""
) -> list[Line]:
    """Gather what tables show: lines under one rule of ties, then those that papers' stand beside.

    Args:
        rows: Of `metrics.json`.
        ties: The rule; below lines of another than `expected` strict single ones under it stand.
        evaluation: What marks the evaluation that the rows are of.
        wording: How captions were worded in it.
    """
    beside = [] if ties == EXPECTED else lines(rows, EXPECTED)
    found = [*lines(rows, ties), *(line for line in beside if is_papers(line))]
    return [replace(line, evaluation=evaluation, wording=wording) for line in found]


def is_papers(line: Line) -> bool:
    """Say whether a line is measured as papers do: strict, single captions, ties `expected`."""
    kind = (line.protocol, line.queries, line.ties)
    return kind == ("strict", "single", EXPECTED) and not line.oracle


def find(
    all_lines: Iterable[Line], protocol: str = "strict", queries: str = "single", *,
    oracle: bool = False,
) -> Line | None:  # fmt: skip
    """Return the first line of that protocol and kind of query, or None."""
    wanted = (protocol, queries, oracle)
    return next((x for x in all_lines if (x.protocol, x.queries, x.oracle) == wanted), None)


def places(all_lines: Sequence[Line]) -> list[tuple[str, str]]:
    """Return each (data set, split) once, in the order of the lines."""
    return list(dict.fromkeys((line.data, line.split) for line in all_lines))


def shown(key: Key, value: float | None) -> Number:
    """Write a number as people read it: fractions as percent, MedR as a rank, None as a dash."""
    if value is None or not math.isfinite(value):
        return Number(DASH, None)
    return Number(f"{value:.1f}" if key[1] == "MedR" else f"{100 * value:.1f}", value)


def _row(values: Mapping[str, Any], where: str) -> MetricRow:
    if not isinstance(values, Mapping):
        raise RunError(f"{where}: wanted an object, found {values!r}")
    for name in _TEXT_FIELDS:
        if not isinstance(values.get(name), str):
            raise RunError(f"{where}: {name} must be a text, but is {values.get(name)!r}")
    value = values.get("value")
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise RunError(f"{where}: value must be a number, but is {value!r}")
    oracle = values.get("oracle", False)
    if not isinstance(oracle, bool):
        raise RunError(f"{where}: oracle must be true or false, but is {oracle!r}")
    texts = {name: values[name] for name in _TEXT_FIELDS}
    ties = values.get("ties", WORST)  # files made before there were rules
    if ties not in TIES:
        raise RunError(f"{where}: ties must be one of {', '.join(TIES)}, but is {ties!r}")
    return MetricRow(**texts, value=float(value), ties=ties, oracle=oracle)


def _order(data: str, split: str, protocol: str, oracle: bool, queries: str) -> tuple[Any, ...]:
    places = (_place(_SPLITS, split), split, _place(PROTOCOLS, protocol), protocol)
    return (data, *places, oracle, _place(QUERIES, queries), queries)


def _place(known: tuple[str, ...], name: str) -> int:
    return known.index(name) if name in known else len(known)
