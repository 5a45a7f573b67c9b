"""The tables of a comparison: for the terminal, Markdown, LaTeX and the page."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from wfa.errors import RunError
from wfa.json_files import read_json
from wfa.report.retrieval_tables import COLUMNS, ORACLE, column_label
from wfa.report.scores import PROTOCOL_LABELS, Key, shown
from wfa.retrieval.protocols import BOTH
from wfa.retrieval.retrieval_options import PROTOCOLS, QUERIES
from wfa.tables import DASH, Number, Table, count, decimal

Values = Mapping[str, Any]
"""What `comparison.json` holds, or a part of it."""

MEAN: Key = (BOTH, "mR")
_OVERVIEW = (("strict", "single"), ("strict", "aggregated"), ("duplicate_aware", "single"))


def read_comparison(path: Path) -> Values:
    """Read `comparison.json`.

    Raises:
        RunError: There is none, or it is not one.
    """
    found = read_json(path, "run `wfa compare` again")
    if not isinstance(found, dict) or "sets" not in found:
        raise RunError(f"{path} holds no comparison: give the folder that `wfa compare` wrote")
    return found


def images_of(found: Values) -> dict[str, int]:
    """Return the images of each data set that was compared on."""
    return {title_of(one): one["images"] for one in found["sets"]}


def guidelines(found: Values) -> list[tuple[str, str]]:
    """Return what to use, as question and answer."""
    sets = found["sets"]
    return [
        (f"{one['data']}: {line['question']}" if len(sets) > 1 else line["question"],
         line["answer"])
        for one in sets
        for line in one["guidelines"]
    ]  # fmt: skip


def all_tables(found: Values) -> list[Table]:
    """Return every table that Markdown and LaTeX hold, data set by data set."""
    tables = sets_tables(found)
    for one in found["sets"]:
        tables.append(overview_table(one))
        tables += [scores_table(one, *kind) for kind in kinds(one)]
        tables += [pairs_table(one, *kind) for kind in kinds(one)]
        tables += [training_table(one), search_table(one)]
    return [table for table in tables if table.rows]


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


def overview_table(one: Values) -> Table:
    """Put mR and the cost of every technique into one narrow table."""
    present = [kind for kind in _OVERVIEW if kind in kinds(one)]
    seconds = {row["label"]: row["train_seconds"] for row in one["cost"]}
    return Table(
        title=f"{title_of(one)} · mR in percent, mean ± standard deviation over seeds",
        header=("technique", *(f"{PROTOCOL_LABELS[p]} {q}" for p, q in present), "train s"),
        rows=tuple(
            (label, *(with_spread(score(one, label, *kind, MEAN), MEAN) for kind in present),
             decimal(seconds[label]))
            for label in labels(one)
        ),
    )  # fmt: skip


def scores_table(one: Values, protocol: str, queries: str) -> Table:
    """Put R@K and mR of one protocol and kind of query into a table, the oracle below."""
    rows = [
        (label, *(with_spread(score(one, label, protocol, queries, key), key) for key in COLUMNS))
        for label in labels(one)
    ]
    first = [score(one, labels(one)[0], protocol, queries, key) for key in COLUMNS]
    best = tuple(shown(key, row["ceiling"] if row else None)
                 for key, row in zip(COLUMNS, first, strict=True))  # fmt: skip
    return Table(
        title=f"{title_of(one)} · {PROTOCOL_LABELS[protocol]}, {queries} queries · percent",
        header=("technique", *(column_label(key) for key in COLUMNS)),
        rows=(*rows, (ORACLE, *best)),
        faint=frozenset([len(rows)]),
    )


def pairs_table(one: Values, protocol: str, queries: str, rows: str = "pairs") -> Table:
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
    return Table(
        title=f"{title_of(one)} · differences in mR, {PROTOCOL_LABELS[protocol]}, "
        f"{queries} queries · points",
        header=("higher", "lower", "difference", "95 %", "p images", "p seeds", "p Holm",
                "measurable"),
        rows=tuple(
            (pair["one"], pair["other"],
             Number(f"{100 * pair['difference']:.2f}", pair["difference"]), _interval(pair),
             *(_p_value(pair[key]) for key in ("p_images", "p_seeds", "p_holm")),
             "yes" if pair["measurable"] else "no")
            for pair in found
        ),
        labels=2,
    )  # fmt: skip


def training_table(one: Values) -> Table:
    """Put what training costs into a table."""
    speeds = {row["label"]: row for row in one["speed"]}
    rows = [
        (row["label"], decimal(row["train_seconds"]), count(row["texts"]),
         count(row["text_tokens"]), _mebibytes(row["peak_memory_bytes"]),
         decimal(speeds[row["label"]]["epochs"]), decimal(speeds[row["label"]]["seconds"]),
         "{reached} of {runs}".format(**speeds[row["label"]]))
        for row in one["cost"]
    ]  # fmt: skip
    target = f"{100 * one['target']:.1f}"
    return Table(
        title=f"{title_of(one)} · cost of training, median over seeds; mean time to a validation "
        f"mR of {target}",
        header=("technique", "seconds", "texts", "text tokens", "peak MiB", f"epochs to {target}",
                f"seconds to {target}", "seeds that reach it"),
        rows=tuple(rows),
    )  # fmt: skip


def search_table(one: Values) -> Table:
    """Put what search costs into a table: time of a query, size of an index."""
    rows = [
        (row["label"], *(_milliseconds(row[f"query_seconds_{queries}"]) for queries in QUERIES),
         decimal(row["image_vectors"], 0),
         *(decimal(row[f"text_vectors_{queries}"]) for queries in QUERIES),
         *(count(row[f"text_bytes_{queries}"]) for queries in QUERIES))
        for row in one["cost"]
        if "width" in row
    ]  # fmt: skip
    return Table(
        title=f"{title_of(one)} · cost of search: milliseconds a query, vectors and bytes an image",
        header=("technique", "ms, single", "ms, aggregated", "image vectors",
                "text vectors, single", "text vectors, aggregated", "bytes, single",
                "bytes, aggregated"),
        rows=tuple(rows),
    )  # fmt: skip


def title_of(one: Values) -> str:
    """Name a data set and split."""
    return f"{one['data']} · {one['split']}"


def with_spread(row: Values | None, key: Key) -> Number:
    """Write a mean and its standard deviation over seeds."""
    if row is None:
        return Number(DASH, None)
    mean = shown(key, row["mean"])
    return mean if row["sd"] is None else Number(f"{mean} ± {shown(key, row['sd'])}", row["mean"])


def sets_tables(found: Values) -> list[Table]:
    """Make one table a kind of query: techniques by data sets; none for a single data set."""
    sets = found["sets"]
    if len(sets) < 2:
        return []
    return [
        Table(
            ("technique", *(one["data"] for one in sets)),
            tuple(
                (label, *(with_spread(score(one, label, "strict", queries, MEAN), MEAN)
                          for one in sets))
                for label in all_labels(found)
            ),
            f"mR in percent, strict, {queries} queries",
        )
        for queries in QUERIES
    ]  # fmt: skip


def all_labels(found: Values) -> list[str]:
    """Return the techniques of all data sets, each once."""
    return list(dict.fromkeys(label for one in found["sets"] for label in labels(one)))


def score_records(found: Values) -> list[dict[str, Any]]:
    """Return every score of every data set as a record for CSV, unrounded."""
    return [
        {"data": one["data"], "split": one["split"], "technique": row["label"],
         **{key: row[key] for key in ("protocol", "queries", "direction", "metric")},
         **{"mean": row["mean"], "sd": row["sd"], "seeds": len(row["values"]),
            ORACLE: row["ceiling"]}}
        for one in found["sets"]
        for row in one["scores"]
    ]  # fmt: skip


def pair_records(found: Values) -> list[dict[str, Any]]:
    """Return every tested pair of every data set as a record for CSV, unrounded."""
    return [
        {"data": one["data"], "split": one["split"],
         **{key: pair[key] for key in ("protocol", "queries", "metric")},
         "higher": pair["one"], "lower": pair["other"],
         "measurable": "yes" if pair["measurable"] else "no",
         **{key: pair[key] for key in ("difference", "low", "high", "p_images", "p_seeds",
                                       "p_holm")}}
        for one in found["sets"]
        for pair in one["pairs"]
    ]  # fmt: skip


def _interval(pair: Values) -> Number:
    """Write a 95 % interval in points; it sorts by its lower end."""
    return Number(f"{100 * pair['low']:.2f} to {100 * pair['high']:.2f}", pair["low"])


def _p_value(value: float) -> Number:
    return Number("< 0.001" if value < 0.001 else f"{value:.3f}", value)


def _mebibytes(value: float | None) -> Number:
    return count(None if value is None else value / 2**20)


def _milliseconds(value: float | None) -> Number:
    return decimal(None if value is None else 1000 * value)
