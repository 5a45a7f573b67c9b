"""Retrieval results as tables: one data set and split, each protocol with its oracle."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from wfa.report.scores import (
    DIRECTION_LABELS,
    MEAN_RECALL,
    PROTOCOL_LABELS,
    Key,
    Line,
    lines,
    parse_rows,
    places,
    shown,
)
from wfa.retrieval.metrics import KS, MetricRow
from wfa.retrieval.protocols import IMAGE_TO_TEXT, TEXT_TO_IMAGE
from wfa.tables import Table, share

COLUMNS: tuple[Key, ...] = (
    *((TEXT_TO_IMAGE, f"R@{k}") for k in KS),
    *((IMAGE_TO_TEXT, f"R@{k}") for k in KS),
    MEAN_RECALL,
)
"""What a person wants to see after a training: R@K of both directions, and mR."""
ORACLE = "oracle"
"""What tables call the best value that any model could reach."""
FEW_IMAGES = 50
"""Below so many images a split's R@10 is high by chance."""


def results_table(
    all_lines: Iterable[Line], title: str = "", columns: Sequence[Key] = COLUMNS
) -> Table:
    """Put lines of one data set and split into a table, in percent.

    The oracle stands below the results of each protocol, once where it is the same for both kinds
    of query.
    """
    kept = _without_equal_oracles(all_lines)
    return Table(
        ("protocol", "queries", *(column_label(key) for key in columns)),
        tuple(
            (*_line_label(line, kept), *(shown(key, line.values.get(key)) for key in columns))
            for line in kept
        ),
        title,
        labels=2,
        faint=frozenset(place for place, line in enumerate(kept) if line.oracle),
    )


def split_tables(all_lines: Sequence[Line], columns: Sequence[Key] = COLUMNS) -> list[Table]:
    """Make a table of each data set and split, in the order of the lines."""
    return [
        results_table(
            [line for line in all_lines if (line.data, line.split) == (data, split)],
            f"{data} · {split} · in percent", columns,
        )
        for data, split in places(all_lines)
    ]  # fmt: skip


def first_split_table(rows: Iterable[Mapping[str, Any]]) -> Table:
    """Make the table of the rows of `metrics.json` that the terminal shows, in 80 columns.

    Shows the first split only: test where it was measured.

    Raises:
        RunError: A row lacks a field or holds something else than it should.
    """
    return (split_tables(lines(parse_rows(rows))) or [results_table([])])[0]


def metric_records(rows: Iterable[MetricRow], **beside: str) -> list[dict[str, Any]]:
    """Return the rows of `metrics.json` as records for CSV, each with what stands beside it."""
    return [
        {**beside, "data": row.data, "split": row.split, "protocol": row.protocol,
         "queries": row.queries, "direction": row.direction, "metric": row.metric,
         "ties": row.ties, "oracle": str(row.oracle).lower(), "value": row.value}
        for row in rows
    ]  # fmt: skip


def column_label(key: Key) -> str:
    """Return a column's short name: `T2I R@1`, `mR`."""
    return f"{DIRECTION_LABELS.get(key[0], key[0])} {key[1]}".strip()


def chance(k: int, images: float) -> float:
    """Return R@K of guessing among so many images, where one of them is right."""
    return min(1.0, k / images)


def few_images(counts: Mapping[str, int]) -> str:
    """Say what R@10 guessing reaches where images are few; empty where none are.

    Args:
        counts: What was measured -> its images.
    """
    small = [
        f"{share(chance(10, images))} on {name} ({images} image{'s' * (images != 1)})"
        for name, images in counts.items()
        if 0 < images < FEW_IMAGES
    ]
    return f"guessing reaches an R@10 of {', '.join(small)}" if small else ""


def measured_images(facts: Mapping[str, Any]) -> dict[str, int]:
    """Return the images of each split that is measured, from run.json or evaluation.json."""
    splits = facts["data"]["splits"].items()
    return {name: one["images"] for name, one in splits if name != "train"}


def left_out(run: Mapping[str, Any]) -> list[str]:
    """Say how many images and annotations of each split were left out; nothing where none were.

    Args:
        run: A run.json.
    """
    splits = run["data"]["splits"].items()
    images = [
        f"{facts['skipped']} of {facts['skipped'] + facts['images']} images of {name}"
        for name, facts in splits
        if facts["skipped"]
    ]
    rows = [
        f"{facts['skipped_rows']} rows of {name} that do not parse"
        for name, facts in splits
        if facts.get("skipped_rows")
    ]
    return images + rows


def _line_label(line: Line, among: Sequence[Line]) -> tuple[str, str]:
    if not line.oracle:
        return (PROTOCOL_LABELS.get(line.protocol, line.protocol), line.queries)
    oracles = [other for other in among if (other.oracle, other.protocol) == (True, line.protocol)]
    return (ORACLE, "" if len(oracles) == 1 else line.queries)


def _without_equal_oracles(all_lines: Iterable[Line]) -> list[Line]:
    """Leave out an oracle that equals the one above it, of the same protocol."""
    kept: list[Line] = []
    for line in all_lines:
        above = kept[-1] if kept and kept[-1].protocol == line.protocol else None
        repeats = above and above.oracle and line.oracle and above.values == line.values
        if not repeats:
            kept.append(line)
    return kept
