"""Retrieval results as tables: one data set and split, each protocol with its oracle."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from wfa.report.scores import (
    DIRECTION_LABELS,
    MEAN_RECALL,
    PROTOCOL_LABELS,
    Key,
    Line,
    is_papers,
    parse_rows,
    places,
    shown,
    shown_lines,
)
from wfa.retrieval.metrics import KS, MetricRow
from wfa.retrieval.protocols import IMAGE_TO_TEXT, TEXT_TO_IMAGE
from wfa.retrieval.published import PublishedResult, published_retrieval
from wfa.retrieval.ties import WORST
from wfa.tables import Cell, Table, share

COLUMNS: tuple[Key, ...] = (
    *((TEXT_TO_IMAGE, f"R@{k}") for k in KS),
    *((IMAGE_TO_TEXT, f"R@{k}") for k in KS),
    MEAN_RECALL,
)
"""What a person wants to see after a training: R@K of both directions, and mR."""
ORACLE = "oracle"
"""What tables call the best value that any model could reach."""
_SELECTED = {"none": "no checkpoint selected", "unknown": "selected on an unknown split"}
FEW_IMAGES = 50
"""Below so many images a split's R@10 is high by chance."""


def results_table(
    all_lines: Iterable[Line], title: str = "", columns: Sequence[Key] = COLUMNS
) -> Table:
    """Put lines of one data set and split into a table, in percent.

    The oracle stands below the results of each protocol, once where it is the same for both kinds
    of query. Published mR stand last, where a line is measured as they are.
    """
    kept = _without_equal_oracles(all_lines)
    theirs = _published(kept)
    rows: list[tuple[tuple[str, str], Mapping[Key, float]]] = [
        *((_line_label(line, kept), line.values) for line in kept),
        *(((other.model, f"({other.source})"), {MEAN_RECALL: other.value}) for other in theirs),
    ]
    faint = [place for place, line in enumerate(kept) if line.oracle]
    return Table(
        ("protocol", "queries", *(column_label(key) for key in columns)),
        tuple(_cells(names, values, columns) for names, values in rows),
        title,
        labels=2,
        faint=frozenset([*faint, *range(len(kept), len(rows))]),
        note=published_note(theirs),
    )


def split_tables(all_lines: Sequence[Line], columns: Sequence[Key] = COLUMNS) -> list[Table]:
    """Make a table of each data set, split and evaluation, in the order of the lines.

    Its title says the rule of ties, how captions were worded where not as they are, and what marks
    a further evaluation of a run.
    """
    tables = []
    for place in places(all_lines):
        of_place = [line for line in all_lines if (line.data, line.split) == place]
        for mark in dict.fromkeys(line.evaluation for line in of_place):
            own = [line for line in of_place if line.evaluation == mark]
            said = filter(None, [mark, own[0].wording])
            title = (*place, *said, "in percent", f"ties {own[0].ties}")
            tables.append(results_table(own, " · ".join(title), columns))
    return tables


def first_split_table(
    rows: Iterable[Mapping[str, Any]], ties: str = WORST, wording: str = ""
) -> Table:
    """Make the table of the rows of `metrics.json` that the terminal shows, in 80 columns.

    Shows the first split only: test where it was measured.

    Args:
        rows: What `metrics.json` holds.
        ties: The rule of ties.
        wording: How captions were worded; empty for as they are.

    Raises:
        RunError: A row lacks a field or holds something else than it should.
    """
    found = shown_lines(parse_rows(rows), ties, wording=wording)
    return (split_tables(found) or [results_table([])])[0]


def published_note(results: Sequence[PublishedResult]) -> str:
    """Say in what published results differ from a run's; empty where there are none."""
    if not results:
        return ""
    models: dict[tuple[str, str], dict[str, None]] = {}
    for one in results:
        models.setdefault((one.trained, one.selected_on), {})[one.model] = None
    how = [
        f"{trained}, {_SELECTED.get(split, f'checkpoint selected on {split}')}: {', '.join(names)}"
        for (trained, split), names in models.items()
    ]
    ties = " and ".join(dict.fromkeys(one.ties for one in results))
    return f"Published mR (source) come near ties {ties}. Trained {'; '.join(how)}."


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
    """Say how many images and annotations were left out, and of a stream which; maybe nothing.

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
    met = run.get("left_out", {})
    training = [f"{count} {kind} met in training" for kind, count in met.items() if kind != "first"]
    return images + rows + training + list(met.get("first", ()))


def _published(own: Sequence[Line]) -> list[PublishedResult]:
    """Return published results that stand beside one of the lines."""
    alike = next((line for line in own if is_papers(line)), None)
    if alike is None:
        return []
    return published_retrieval(alike.data, alike.split, alike.protocol, alike.queries)


def _cells(
    names: tuple[str, str], values: Mapping[Key, float], columns: Sequence[Key]
) -> tuple[Cell, ...]:
    return (*names, *(shown(key, values.get(key)) for key in columns))


def _line_label(line: Line, among: Sequence[Line]) -> tuple[str, str]:
    if not line.oracle:
        name = PROTOCOL_LABELS.get(line.protocol, line.protocol)
        return (name if line.ties == among[0].ties else f"{name} · ties {line.ties}", line.queries)
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
