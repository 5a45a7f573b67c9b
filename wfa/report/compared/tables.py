"""The tables of a comparison: for the terminal, Markdown, LaTeX and the page."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from rich.table import Table

from wfa.errors import RunError
from wfa.report.elements import count
from wfa.report.record import guessed
from wfa.report.scores import DASH, PROTOCOL_LABELS, Key, shown
from wfa.report.tables import COLUMNS, Grid, as_rich, column_label
from wfa.retrieval.protocols import BOTH
from wfa.retrieval.retrieval_options import PROTOCOLS, QUERIES

Values = Mapping[str, Any]
"""What `comparison.json` holds, or a part of it."""

MEAN: Key = (BOTH, "mR")
_OVERVIEW = (("strict", "single"), ("strict", "aggregated"), ("duplicate_aware", "single"))


def read_comparison(path: Path) -> Values:
    """Read `comparison.json`.

    Raises:
        RunError: There is none, or it is not one.
    """
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise RunError(f"{path} is no readable comparison ({error}): run `wfa compare` again") \
            from error  # fmt: skip
    if not isinstance(found, dict) or "sets" not in found:
        raise RunError(f"{path} holds no comparison: give the folder that `wfa compare` wrote")
    return found


def terminal_tables(path: Path) -> list[Table]:
    """Make one table a data set: mR over seeds, and the time of a run."""
    return [as_rich(overview_grid(one)) for one in read_comparison(path)["sets"]]


def few_images(found: Values) -> str:
    """Say what guessing reaches on data sets of few images; empty where all have enough."""
    return guessed({f"{one['data']} · {one['split']}": one["images"] for one in found["sets"]})


def said(path: Path) -> list[tuple[str, str]]:
    """Return the guidelines as question and answer."""
    sets = read_comparison(path)["sets"]
    return [
        (f"{one['data']}: {line['question']}" if len(sets) > 1 else line["question"],
         line["answer"])
        for one in sets
        for line in one["guidelines"]
    ]  # fmt: skip


def all_grids(found: Values) -> list[Grid]:
    """Return every table that Markdown and LaTeX hold, data set by data set."""
    grids = []
    for one in found["sets"]:
        grids.append(overview_grid(one))
        grids += [scores_grid(one, *kind) for kind in kinds(one)]
        grids += [pairs_grid(one, *kind) for kind in kinds(one)]
        grids += [training_grid(one), search_grid(one)]
    return [grid for grid in grids if grid.rows]


def kinds(one: Values) -> list[tuple[str, str]]:
    """Return the (protocol, queries) that were measured, in their usual order."""
    present = {(row["protocol"], row["queries"]) for row in one["scores"]}
    return [(p, q) for p in PROTOCOLS for q in QUERIES if (p, q) in present]


def labels(one: Values) -> list[str]:
    """Return the techniques of a data set in the order of the request."""
    return [technique["label"] for technique in one["techniques"]]


def score(one: Values, label: str, protocol: str, queries: str, key: Key) -> Values | None:
    """Return the row of one score, or None."""
    wanted = (label, protocol, queries, *key)
    fields = ("label", "protocol", "queries", "direction", "metric")
    return next(
        (row for row in one["scores"] if tuple(row[name] for name in fields) == wanted), None
    )


def overview_grid(one: Values) -> Grid:
    """Put mR and the cost of every technique into one narrow table."""
    present = [kind for kind in _OVERVIEW if kind in kinds(one)]
    seconds = {row["label"]: row["train_seconds"] for row in one["cost"]}
    return Grid(
        title=f"{title_of(one)} · mR in percent, mean ± standard deviation over seeds",
        header=("technique", *(f"{PROTOCOL_LABELS[p]} {q}" for p, q in present), "train s"),
        rows=tuple(
            (label, *(with_spread(score(one, label, *kind, MEAN), MEAN) for kind in present),
             f"{seconds[label]:.1f}")
            for label in labels(one)
        ),
    )  # fmt: skip


def scores_grid(one: Values, protocol: str, queries: str) -> Grid:
    """Put R@K and mR of one protocol and kind of query into a table, the ceiling below."""
    rows = [
        (label, *(with_spread(score(one, label, protocol, queries, key), key) for key in COLUMNS))
        for label in labels(one)
    ]
    first = [score(one, labels(one)[0], protocol, queries, key) for key in COLUMNS]
    best = tuple(shown(key, row["ceiling"] if row else None)
                 for key, row in zip(COLUMNS, first, strict=True))  # fmt: skip
    return Grid(
        title=f"{title_of(one)} · {PROTOCOL_LABELS[protocol]}, {queries} queries · percent",
        header=("technique", *(column_label(key) for key in COLUMNS)),
        rows=(*rows, ("best possible", *best)),
        faint=frozenset([len(rows)]),
    )


def pairs_grid(one: Values, protocol: str, queries: str, rows: str = "pairs") -> Grid:
    """Put every tested pair of one protocol and kind of query into a table.

    Args:
        one: A data set.
        protocol: The protocol.
        queries: The kind of query.
        rows: `pairs` (all of them) or `against` (the family of one technique).
    """
    found = [
        pair for pair in one[rows] if (pair["protocol"], pair["queries"]) == (protocol, queries)
    ]
    return Grid(
        title=f"{title_of(one)} · differences in mR, {PROTOCOL_LABELS[protocol]}, "
        f"{queries} queries · points",
        header=("higher", "lower", "difference", "95 %", "p images", "p seeds", "p Holm",
                "measurable"),
        rows=tuple(
            (pair["one"], pair["other"], f"{100 * pair['difference']:.2f}", interval(pair),
             *(p_value(pair[key]) for key in ("p_images", "p_seeds", "p_holm")),
             "yes" if pair["measurable"] else "no")
            for pair in found
        ),
        labels=2,
    )  # fmt: skip


def training_grid(one: Values) -> Grid:
    """Put what training costs into a table."""
    speeds = {row["label"]: row for row in one["speed"]}
    rows = [
        (row["label"], f"{row['train_seconds']:.1f}", count(row["texts"]),
         count(row["text_tokens"]), _mebibytes(row["peak_memory_bytes"]),
         _decimal(speeds[row["label"]]["epochs"]), _decimal(speeds[row["label"]]["seconds"]),
         "{reached} of {runs}".format(**speeds[row["label"]]))
        for row in one["cost"]
    ]  # fmt: skip
    target = f"{100 * one['target']:.1f}"
    return Grid(
        title=f"{title_of(one)} · cost of training, median over seeds; mean time to a validation "
        f"mR of {target}",
        header=("technique", "seconds", "texts", "text tokens", "peak MiB", f"epochs to {target}",
                f"seconds to {target}", "seeds that reach it"),
        rows=tuple(rows),
    )  # fmt: skip


def search_grid(one: Values) -> Grid:
    """Put what search costs into a table: time of a query, size of an index."""
    rows = [
        (row["label"], *(_milliseconds(row[f"query_seconds_{queries}"]) for queries in QUERIES),
         f"{row['image_vectors']:.0f}",
         *(f"{row[f'text_vectors_{queries}']:.1f}" for queries in QUERIES),
         *(count(row[f"text_bytes_{queries}"]) for queries in QUERIES))
        for row in one["cost"]
        if "width" in row
    ]  # fmt: skip
    return Grid(
        title=f"{title_of(one)} · cost of search: milliseconds a query, vectors and bytes an image",
        header=("technique", "ms, single", "ms, aggregated", "image vectors",
                "text vectors, single", "text vectors, aggregated", "bytes, single",
                "bytes, aggregated"),
        rows=tuple(rows),
    )  # fmt: skip


def title_of(one: Values) -> str:
    """Name a data set and split."""
    return f"{one['data']} · {one['split']}"


def with_spread(row: Values | None, key: Key) -> str:
    """Write a mean and its standard deviation over seeds."""
    if row is None:
        return DASH
    mean = shown(key, row["mean"])
    return mean if row["sd"] is None else f"{mean} ± {shown(key, row['sd'])}"


def interval(pair: Values) -> str:
    """Write a 95 % interval in points."""
    return f"{100 * pair['low']:.2f} to {100 * pair['high']:.2f}"


def p_value(value: float) -> str:
    """Write a p-value as people read it."""
    return "< 0.001" if value < 0.001 else f"{value:.3f}"


def _mebibytes(value: float | None) -> str:
    return DASH if value is None else count(value / 2**20)


def _milliseconds(value: float | None) -> str:
    return DASH if value is None else f"{1000 * value:.1f}"


def _decimal(value: float | None) -> str:
    return DASH if value is None else f"{value:.1f}"
