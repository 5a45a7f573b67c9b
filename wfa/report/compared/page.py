"""The page of a comparison, and its tables as Markdown and LaTeX."""

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from wfa.files import write_text
from wfa.report.compared.differences import differences
from wfa.report.compared.examples import queries, weights
from wfa.report.compared.plots import explained, plots
from wfa.report.compared.sets import across_sets, sets_grids
from wfa.report.compared.tables import (
    Values,
    all_grids,
    few_images,
    kinds,
    overview_grid,
    read_comparison,
    said,
    scores_grid,
    search_grid,
    training_grid,
)
from wfa.report.document import document
from wfa.report.elements import code, facts, fold_away, note, section, table
from wfa.report.markup import Child, Markup, join, tag
from wfa.report.tables import Grid, as_latex, as_markdown

COMPARISON_FILE = "comparison.json"
_COST = (
    "Training seconds count steps and validations. Texts are the distinct texts that went through "
    "the trained part of the text tower; text tokens are what a text tower computed for them, none "
    "where its features are cached. Peak memory is the process's, libraries included, or the GPU's "
    "tensors. A query's time is from its text to its hits, one at a time; an aggregated query "
    "encodes all captions of an image. The gallery has one vector an image; an index of texts has "
    "one a caption, or one an image when aggregated."
)


def write_comparison(path: Path) -> Path:
    """Write `report.html`, `tables.md` and `tables.tex` beside `comparison.json`.

    Args:
        path: `comparison.json`, or the folder that holds it.

    Returns:
        The page.

    Raises:
        RunError: There is no comparison.
        UserError: A file cannot be written.
    """
    path = path / COMPARISON_FILE if path.is_dir() else path
    found = read_comparison(path)
    page = path.parent / "report.html"
    grids = [*sets_grids(found), *all_grids(found)]
    answers = "".join(f"- **{question}** {answer}\n" for question, answer in said(path))
    write_text(path.parent / "tables.md", "\n".join([answers, *map(as_markdown, grids)]))
    write_text(path.parent / "tables.tex", "\n".join(map(as_latex, grids)))
    write_text(page, render_comparison(found))
    return page


def render_comparison(found: Values) -> str:
    """Return the page; the same comparison gives the same text."""
    sets = found["sets"]
    parts = [_set(one, f"set{place}", len(sets) > 1) for place, one in enumerate(sets)]
    title = f"{found['name']} · comparison"
    few = few_images(found)
    warned = tag("div", f"Few images: {few}.", class_="warning") if few else Markup("")
    return document(
        title, _head(found), _failures(found), warned, across_sets(found), *parts, _how(found)
    )


def _head(found: Values) -> Markup:
    request = found["request"]
    budget = request["budget"]
    spent = " ".join(f"{value:g} {kind}" for kind, value in budget.items()) if budget else \
        "the run's epochs"  # fmt: skip
    words = [
        ", ".join(one["data"] for one in found["sets"]),
        f"{len({cell['label'] for cell in found['cells']})} techniques",
        f"{len(request['seeds'])} seeds",
        f"{spent} each",
        f"{sum(cell['state'] == 'finished' for cell in found['cells'])} runs",
    ]
    return tag("header", tag("h1", found["name"]), tag("p", " · ".join(words), class_="sub"),
               class_="top")  # fmt: skip


def _failures(found: Values) -> Markup:
    failed = [cell for cell in found["cells"] if cell["state"] == "failed"]
    if not failed:
        return Markup("")
    items = [tag("li", f"{cell['folder']}: {cell['message']}") for cell in failed]
    return tag(
        "div", f"{len(failed)} of {len(found['cells'])} cells failed and are missing below; the "
        "same command tries them again.", tag("ul", *items), class_="warning",
    )  # fmt: skip


def _set(one: Values, key: str, several: bool) -> Markup:
    protocols = [fold_away(grid.title, _html(grid)) for grid in
                 (scores_grid(one, *kind) for kind in kinds(one)[2:])]  # fmt: skip
    first = [_titled(scores_grid(one, *kind)) for kind in kinds(one)[:2]]
    content = [
        _guidelines(one, key),
        section(f"{key}-results", "Results", _titled(overview_grid(one)), *first, *protocols,
                note("Mean ± standard deviation over seeds, in percent; checkpoints are selected "
                     "on validation. Click a column's head to sort.")),
        differences(one, key),
        section(f"{key}-plots", "Speed and cost", plots(one), explained(one),
                _titled(training_grid(one)), _titled(search_grid(one)), note(_COST)),
        weights(one, key),
        queries(one, key),
        section(f"{key}-techniques", "What was compared", _techniques(one)),
    ]  # fmt: skip
    if not several:
        return join(content)
    return tag("section", tag("h2", one["data"]), *content, id_=key, class_="run")


def _guidelines(one: Values, key: str) -> Markup:
    if not one["guidelines"]:
        return Markup("")
    cards = [
        tag("article", tag("h4", line["question"]), tag("p", *_quoted(line["answer"])),
            fold_away("The rows behind this", _rows(line["rows"])), class_="card")
        for line in one["guidelines"]
    ]  # fmt: skip
    return section(f"{key}-guidelines", "What to use", tag("div", *cards, class_="answers"))


def _quoted(text: str) -> list[Child]:
    """Turn `label` into code."""
    pieces = re.split(r"`([^`]*)`", text)
    return [code(piece) if place % 2 else piece for place, piece in enumerate(pieces)]


def _rows(rows: Sequence[Mapping[str, Any]]) -> Markup:
    keys = list(dict.fromkeys(key for row in rows for key in row))
    names = sum(isinstance(rows[0].get(key), str) for key in keys) if rows else 1
    return table(keys, [[_value(row.get(key)) for key in keys] for row in rows], labels=names)


def _value(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return f"{value:,.4g}"
    return "" if value is None else str(value)


def _titled(grid: Grid) -> Markup:
    return join([tag("h4", grid.title), _html(grid)])


def _html(grid: Grid) -> Markup:
    return table(grid.header, [[_sortable(cell) for cell in row] for row in grid.rows],
                 labels=grid.labels, sort=not grid.faint, faint=grid.faint)  # fmt: skip


def _sortable(cell: str) -> Child:
    """Let `45.3 ± 1.2`, `1,234` and `< 0.001` sort as numbers."""
    number = re.match(r"(?:< )?(-?[\d,]*\.?\d+)(?: ±| to|$)", cell)
    return tag("span", cell, data_sort=number[1].replace(",", "")) if number else cell


def _techniques(one: Values) -> Markup:
    plain = {"name", "caption_dropout", "caption_dropout_end", "prior_temperature"}
    rows = [
        (row["label"], row["aggregation"], _dropout(row["options"]),
         ", ".join(f"{k}={v}" for k, v in row["options"].items() if k not in plain),
         row["loss"], row["encoder"], ", ".join(map(str, row["seeds"])))
        for row in one["techniques"]
    ]  # fmt: skip
    header = ("technique", "aggregation", "dropout", "other options", "loss", "encoder", "seeds")
    return table(header, rows, labels=len(header))


def _dropout(options: Values) -> str:
    start, end = options.get("caption_dropout", ""), options.get("caption_dropout_end")
    return str(start) if end is None else f"{start} to {end}"


def _how(found: Values) -> Markup:
    from_git = found["git"]
    commit = str(from_git.get("commit") or "")[:12]
    state = " with uncommitted changes" if from_git.get("dirty") else ""
    machine = found["machine"]
    return section(
        "how", "How differences are tested",
        tag("p", "A pair of techniques differs measurably only when both tests say so; the larger "
            f"p-value counts, Holm-corrected over all pairs of one table at level "
            f"{found['request']['alpha']:g} (Holm 1979; Berger 1982)."),
        tag("ul",
            tag("li", "Over images: a paired randomisation test (Smucker, Allan and Carterette "
                "2007). Scores are averaged over seeds and signs flipped image by image, because "
                "the queries of one image are not independent."),
            tag("li", "Over seeds: a paired t-test on the seeds' means, its variance pooled over "
                "all techniques. A single seed shows no spread, so it supports no claim."),
            tag("li", "Intervals: percentile bootstrap over images, 95 %, for each pair alone "
                "(Efron and Tibshirani 1993).")),
        facts([("commit", tag("span", code(commit), state) if commit else None),
               ("machine", f"{machine['processor']}, {machine['cores']} cores")]),
    )  # fmt: skip
