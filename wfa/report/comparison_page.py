"""What the page of a comparison shows, from `comparison.json` to the template's values."""

import re
from collections.abc import Mapping, Sequence
from typing import Any

from wfa.errors import RunError
from wfa.report.comparison_tables import (
    MEAN,
    Values,
    all_labels,
    images_of,
    kinds,
    labels,
    overview_table,
    pairs_table,
    score,
    scores_table,
    search_table,
    sets_tables,
    training_table,
    with_spread,
)
from wfa.report.document import document
from wfa.report.finished_run import safe_thumbnail
from wfa.report.inline_svg import COLOURS
from wfa.report.plots import Axis, Dot, Plot, Series, line_plot, percent, scatter_plot
from wfa.report.retrieval_tables import few_images
from wfa.report.run_plots import EPOCHS
from wfa.report.scores import PROTOCOL_LABELS
from wfa.retrieval.retrieval_options import QUERIES
from wfa.tables import DASH, Cell, Number, Table

_STYLES = ("solid", "dashed", "dotted")
_SOURCES: Mapping[str, str] = {
    "text": "from the text: unique captions weigh more",
    "learned": "learned attention",
    "features": "share of the feature's dimensions that the caption wins",
    "uniform": "all alike",
    "joined": "one joined text",
}
_QUERIES: Mapping[str, str] = {
    "differ": "Where the techniques differ most",
    "worst": "Hardest for all",
    "best": "Easiest for all",
}


def render_comparison(found: Values) -> str:
    """Return the page; the same comparison gives the same text."""
    request, sets, cells = found["request"], found["sets"], found["cells"]
    budget = " ".join(f"{value:g} {kind}" for kind, value in (request["budget"] or {}).items())
    budget = budget or "the run's epochs"
    words = [
        ", ".join(one["data"] for one in sets),
        f"{len({cell['label'] for cell in cells})} techniques",
        f"{len(request['seeds'])} seeds",
        f"{budget} each",
        f"{sum(cell['state'] == 'finished' for cell in cells)} runs",
    ]
    return document(
        "comparison", f"{found['name']} · comparison", name=found["name"], sub=" · ".join(words),
        cells=cells, failed=[cell for cell in cells if cell["state"] == "failed"],
        few=few_images(images_of(found)), tables=sets_tables(found), plots=_set_plots(found),
        sets=[_set(one) for one in sets], alpha=f"{request['alpha']:g}",
        commit=str(found["git"].get("commit") or "")[:12], dirty=found["git"].get("dirty"),
        machine=f"{found['machine']['processor']}, {found['machine']['cores']} cores",
    )  # fmt: skip


def _set(one: Values) -> dict[str, Any]:
    """Gather everything that the page shows of one data set."""
    scores = [scores_table(one, *kind) for kind in kinds(one)]
    examples = {row["label"]: row["examples"] for row in one["examples"] if row["examples"]}
    return {
        "data": one["data"],
        "images": one["images"],
        "guidelines": [
            {"question": line["question"], "answer": re.split(r"`([^`]*)`", line["answer"]),
             "rows": _evidence(line["rows"])}
            for line in one["guidelines"]
        ],
        "overview": overview_table(one), "first": scores[:2], "further": scores[2:],
        "differences": [_difference(one, *kind) for kind in kinds(one)] if one["pairs"] else [],
        "against": [pairs_table(one, *kind, "against") for kind in kinds(one)]
        if one["against"] else [],
        "plots": [_curves(one), *_fronts(one)],
        "fronts": "; ".join(f"{front['queries']} queries: {', '.join(front['front'])}"
                            for front in one["pareto"]),
        "costs": [training_table(one), search_table(one)],
        "sources": [(label, _SOURCES.get(held[0]["source"], DASH))
                    for label, held in examples.items()],
        "examples": [
            _example([(label, held[place]) for label, held in examples.items()
                      if place < len(held)])
            for place in range(max(map(len, examples.values()), default=0))
        ],
        "names": labels(one),
        "queries": [
            (title, [_query(row) for row in one["queries"] if row["kind"] == kind])
            for kind, title in _QUERIES.items()
        ],
        "techniques": _techniques(one),
    }  # fmt: skip


def _evidence(rows: Sequence[Mapping[str, Any]]) -> Table:
    """Put the rows behind an answer into a table."""
    return Table.from_records([{key: _readable(value) for key, value in row.items()}
                               for row in rows])  # fmt: skip


def _readable(value: Any) -> Cell:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return Number(f"{value:,.4g}", value)
    return value if value is None or isinstance(value, int) else str(value)


def _difference(one: Values, protocol: str, queries: str) -> dict[str, Any]:
    """Put all pairs of techniques into a matrix, and each with its tests into a table."""
    names, pairs = labels(one), pairs_table(one, protocol, queries)
    cells: dict[tuple[int, int], Number] = {}
    marks = {}
    for pair in one["pairs"]:
        if (pair["protocol"], pair["queries"]) == (protocol, queries):
            higher, lower = names.index(pair["one"]), names.index(pair["other"])
            for row, column, value in ((higher, lower, pair["difference"]),
                                       (lower, higher, -pair["difference"])):  # fmt: skip
                cells[row, column] = Number(f"{100 * value:+.1f}", value)
                kind = ("ok" if value > 0 else "no") if pair["measurable"] else "noise"
                marks[row, column + 1] = kind
    places = range(len(names))
    rows = tuple((names[row], *(cells.get((row, column), "") for column in places))
                 for row in places)  # fmt: skip
    sure = sum(row[-1] == "yes" for row in pairs.rows)
    return {
        "title": f"{PROTOCOL_LABELS[protocol]}, {queries} queries",
        "matrix": Table(("", *names), rows), "marks": marks, "pairs": pairs,
        "sure": f"{sure} of {len(pairs.rows)} measurable",
    }  # fmt: skip


def _curves(one: Values) -> Plot | None:
    series = [
        Series(curve["label"], [(x, y) for x, y in curve["points"]],
               _STYLES[place // COLOURS % len(_STYLES)])
        for place, curve in enumerate(one["curves"])
    ]  # fmt: skip
    return line_plot("Validation mR, mean over seeds", series, EPOCHS, Axis(write=percent))


def _fronts(one: Values) -> list[Plot | None]:
    """Plot mR against the time of training, for each kind of query."""
    seconds = {row["label"]: row["train_seconds"] for row in one["cost"]}
    plots = []
    for front in one["pareto"]:
        rows = {label: score(one, label, front["protocol"], front["queries"], MEAN)
                for label in labels(one)}  # fmt: skip
        dots = {
            label: Dot((seconds[label], row["mean"]), name=label, error=row["sd"],
                       text=f"{label}: mR {with_spread(row, MEAN)} % in {seconds[label]:.1f} s")
            for label, row in rows.items() if row is not None
        }  # fmt: skip
        plots.append(scatter_plot(
            f"mR against training time, {front['queries']} queries", list(dots.values()),
            [dots[label].point for label in front["front"] if label in dots],
            Axis("seconds of training"), Axis(write=percent),
        ))  # fmt: skip
    return plots


def _set_plots(found: Values) -> list[Plot | None]:
    """Draw mR over data sets whose names end in a number."""
    numbers = [re.search(r"-?\d+(?:\.\d+)?$", one["data"]) for one in found["sets"]]
    known = [(float(number[0]), one)
             for number, one in zip(numbers, found["sets"], strict=True) if number]  # fmt: skip
    if len(known) < max(len(found["sets"]), 2):
        return []
    known.sort(key=lambda pair: pair[0])
    name = re.sub(r"[\s=_-]*-?\d+(?:\.\d+)?$", "", str(found["sets"][0]["data"]))
    plots = []
    for queries in QUERIES:
        series = []
        for place, label in enumerate(all_labels(found)):
            rows = [(x, score(one, label, "strict", queries, MEAN)) for x, one in known]
            points = [(x, float(row["mean"])) for x, row in rows if row is not None]
            series.append(Series(label, points, _STYLES[place // COLOURS % len(_STYLES)]))
        plots.append(line_plot(f"mR, {queries} queries", series, Axis(name), Axis(write=percent)))
    return plots


def _example(shown: Sequence[tuple[str, Values]]) -> dict[str, Any]:
    """Show what each caption of an image weighs under every technique; copies are one row."""
    columns = [(label, held) for label, held in shown if held["source"] != "joined"]
    uniqueness = {text["text"]: text["uniqueness"] for _, held in columns for text in held["texts"]}
    rows = []
    for text, unique in uniqueness.items():
        of = [[one["weight"] for one in held["texts"] if one["text"] == text]
              for _, held in columns]  # fmt: skip
        copies = f" ({len(of[0])} copies)" if len(of[0]) > 1 else ""
        weights = [min(1.0, max(0.0, float(sum(each)))) for each in of]
        rows.append({
            "text": text + copies, "unique": DASH if unique is None else f"{unique:.2f}",
            "weights": [(f"{100 * weight:.0f} %", f"{100 * weight:.1f}%") for weight in weights],
        })  # fmt: skip
    image = shown[0][1]
    return {"columns": [label for label, _ in columns], "rows": rows, **_picture(image)}


def _query(row: Values) -> dict[str, Any]:
    best = min(row["ranks"].values())
    ranks = {label: (f"{rank:.1f}", rank == best) for label, rank in row["ranks"].items()}
    picture = _picture(row) if "thumbnail" in row else {"thumbnail": "", "image": row["image"]}
    return {"text": row.get("text", row["query"]), "ranks": ranks, **picture}


def _picture(row: Values) -> dict[str, str]:
    try:
        return {"thumbnail": safe_thumbnail(row["thumbnail"]), "image": row["image"]}
    except ValueError as error:
        raise RunError(f"{row['image']} in comparison.json: {error}; run `wfa compare` again") \
            from error  # fmt: skip


def _techniques(one: Values) -> Table:
    plain = {"name", "caption_dropout", "caption_dropout_end", "prior_temperature"}
    rows = tuple(
        (row["label"], row["aggregation"], _dropout(row["options"]),
         ", ".join(f"{k}={v}" for k, v in row["options"].items() if k not in plain),
         row["loss"], row["encoder"], ", ".join(map(str, row["seeds"])))
        for row in one["techniques"]
    )  # fmt: skip
    header = ("technique", "aggregation", "dropout", "other options", "loss", "encoder", "seeds")
    return Table(header, rows, labels=len(header))


def _dropout(options: Values) -> str:
    start, end = options.get("caption_dropout", ""), options.get("caption_dropout_end")
    return str(start) if end is None else f"{start} to {end}"
