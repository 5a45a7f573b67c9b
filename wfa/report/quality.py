"""Sections on how good a run is: the headline, the tables of results, the curves."""

import math
from bisect import bisect_right
from collections.abc import Sequence

from wfa.report.elements import fold_away, note, section, sentence, share, table
from wfa.report.markup import Markup, join, tag
from wfa.report.plot import Axis, Point, Series, line_plot, percent, thinned
from wfa.report.result import RunResult
from wfa.report.scores import MEAN_RECALL, PROTOCOL_LABELS, Key, Line, find, places, shown
from wfa.report.tables import line_label, without_equal_ceilings
from wfa.retrieval.metrics import KS
from wfa.retrieval.protocols import IMAGE_TO_TEXT, TEXT_TO_IMAGE
from wfa.retrieval.retrieval_options import PROTOCOLS, QUERIES

_METRICS = (*(f"R@{k}" for k in KS), "MedR", "mAP")
_DIRECTIONS = ((TEXT_TO_IMAGE, "text to image"), (IMAGE_TO_TEXT, "image to text"))
_COLUMNS: tuple[Key, ...] = (
    *((direction, metric) for direction, _ in _DIRECTIONS for metric in _METRICS), MEAN_RECALL,
)  # fmt: skip
_TILES: tuple[tuple[Key, str], ...] = (
    *(((TEXT_TO_IMAGE, f"R@{k}"), f"text to image R@{k}") for k in KS),
    (MEAN_RECALL, "mR, both directions"),
)
_DEFINITIONS = (
    ("R@K", "share of queries with a right answer among the first K (hit rate), in percent"),
    ("mR", "mean of the six R@K of both directions, in percent"),
    ("MedR", "median rank of the best right answer; 1 is perfect"),
    ("mAP", "mean over queries of the average precision, in percent"),
    ("strict", "only the query's own image, or its own captions, count as right"),
    ("duplicate-aware", "every image that bears the same caption counts as right"),
    ("unique-query", "each distinct caption is asked once; every image that bears it is right"),
    ("single", "a query is one caption"),
    ("aggregated", "a query is the aggregated text feature of all captions of an image"),
    ("best possible", "what no model can exceed: captions that several images share set a "
     "limit under the strict protocol"),
    ("ties", "a right answer that ties with wrong ones stands behind them"),
)  # fmt: skip


def headline(run: RunResult, prefix: str) -> Markup:
    """Say in a sentence and four numbers how well the run retrieves."""
    measured = find(run.own_lines)
    if measured is None:
        return Markup("")
    ceiling = find(run.own_lines, oracle=True)
    images = run.number("data", "splits", run.split, "images")
    tiles = [
        _tile(label, measured.values[key], _value(ceiling, key), _chance(key, images))
        for key, label in _TILES
        if key in measured.values
    ]
    return section(f"{prefix}-headline", "At a glance", _summary(run, measured, images),
                   tag("div", *tiles, class_="tiles"),
                   note("Strict protocol, single captions as queries. The mark on a bar is the "
                        "best possible value."))  # fmt: skip


def results(run: RunResult, prefix: str) -> Markup:
    """Show every protocol and kind of query, one table for each data set and split."""
    parts = []
    for data, split in places(run.lines):
        own = [line for line in run.lines if (line.data, line.split) == (data, split)]
        block = results_of_split(own)
        title = f"{data} · {split}"
        main = (data, split) == (run.data, run.split)
        parts.append(join([tag("h4", title), block]) if main else fold_away(title, block))
    terms = [tag("div", tag("dt", name), tag("dd", text)) for name, text in _DEFINITIONS]
    return section(f"{prefix}-results", "Results", *parts,
                   fold_away("What the words mean", tag("dl", *terms, class_="terms")))  # fmt: skip


def results_of_split(own: Sequence[Line]) -> Markup:
    """Build the table of one data set and split, each protocol with its ceiling."""
    kept = without_equal_ceilings(own)
    rows = [
        (*line_label(line, kept), *(shown(key, line.values.get(key)) for key in _COLUMNS))
        for line in kept
    ]
    groups = [("", 2), *((name, len(_METRICS)) for _, name in _DIRECTIONS), ("both", 1)]
    faint = [place for place, line in enumerate(kept) if line.oracle]
    header = ["protocol", "queries", *(metric for _, metric in _COLUMNS)]
    return table(header, rows, labels=2, faint=faint, groups=groups)


def curves(run: RunResult, prefix: str) -> Markup:
    """Plot loss and validation over epochs, and the share of queries answered by rank."""
    epochs, rates = Axis("epoch", whole=True), Axis(zero=True, write=percent)
    plots = [
        line_plot("Training loss", [Series("loss", thinned(loss_points(run)))], epochs, Axis()),
        line_plot("Validation, strict", _validation_series(run), epochs, rates),
        *(
            line_plot(f"{words.capitalize()}: a right answer among the first K ({run.split})",
                      _rank_series(run, direction), Axis("K", log=True), rates)
            for direction, words in _DIRECTIONS
        ),
    ]  # fmt: skip
    lost = run.history.not_finite("loss")
    warning = f"The loss was not a finite number in {lost} of the rows of history.csv."
    return section(f"{prefix}-curves", "Curves", _selection(run),
                   tag("p", warning, class_="warning") if lost else None,
                   tag("div", *plots, class_="plots"))  # fmt: skip


def loss_points(run: RunResult) -> list[Point]:
    """Return (epochs passed, loss)."""
    passed = run.history.points("step", "epoch")
    if not passed or passed[-1][0] <= 0:
        return []
    # The last step of every epoch has a row, so the last row ends the last epoch.
    each = passed[-1][0] / (passed[-1][1] + 1)
    return [(step / each, loss) for step, loss in run.history.points("step", "loss")]


def validation_points(run: RunResult, metric: str) -> list[Point]:
    """Return (epochs passed, value) of a validation metric such as `mR`."""
    points = run.history.points("epoch", f"validation/{metric}")
    return [(epoch + 1, value) for epoch, value in points]


def selected_point(run: RunResult) -> Point | None:
    """Return (epoch, validation mR) of the checkpoint that was chosen."""
    epoch, value = run.number("selection", "epoch"), run.number("selection", "value")
    return None if epoch is None or value is None else (epoch + 1, value)


def _summary(run: RunResult, measured: Line, images: float | None) -> Markup:
    rate = measured.values.get((TEXT_TO_IMAGE, "R@5"))
    if rate is None or images is None:
        return Markup("")
    return sentence(
        "Asked with one caption, the model has the right image among its first five in ",
        tag("strong", share(rate)), f" of the queries, out of {images:,.0f} images of ",
        tag("em", f"{run.data}"), f" ({run.split}). Chance would reach {share(chance(5, images))}.",
    )  # fmt: skip


def _tile(label: str, value: float, best: float | None, guessed: float | None) -> Markup:
    beside = [f"best possible {share(best)}"] if best is not None else []
    beside += [f"chance {share(guessed)}"] if guessed is not None else []
    mark = None if best is None else tag("b", style=f"left:{_width(best)}")
    return tag(
        "div",
        tag("span", label, class_="name"),
        tag("strong", f"{100 * value:.1f}", tag("small", " %")),
        tag("div", tag("i", style=f"width:{_width(value)}"), mark, class_="bar"),
        *(tag("span", words, class_="beside") for words in beside),
        class_="tile",
    )


def _width(fraction: float) -> str:
    return f"{100 * min(1.0, max(0.0, fraction)):.2f}%" if math.isfinite(fraction) else "0%"


def _value(line: Line | None, key: Key) -> float | None:
    return None if line is None else line.values.get(key)


def _chance(key: Key, images: float | None) -> float | None:
    """Return the hit rate of guessing, for a single caption and its own image."""
    if images is None or key[0] != TEXT_TO_IMAGE or not key[1].startswith("R@"):
        return None
    return chance(int(key[1][2:]), images)


def chance(k: int, images: float) -> float:
    """Return R@K of guessing among so many images, where one of them is right."""
    return min(1.0, k / images)


def _validation_series(run: RunResult) -> list[Series]:
    series = [Series("mR", validation_points(run, "mR"), marked=selected_point(run))]
    for k in KS:
        points = validation_points(run, f"{TEXT_TO_IMAGE}/R@{k}")
        series.append(Series(f"text to image R@{k}", points))
    return series


def _rank_series(run: RunResult, direction: str) -> list[Series]:
    """Draw R@K over K for every protocol and kind of query, and for chance."""
    images = run.number("data", "splits", run.split, "images")
    kinds = [(protocol, queries) for protocol in PROTOCOLS for queries in QUERIES]
    found = {
        kind: run.ranks[run.split, *kind, direction].tolist()
        for kind in kinds
        if (run.split, *kind, direction) in run.ranks
    }
    last = max([int(images or 1), *(max(ranks) for ranks in found.values())])
    series = [
        Series(
            f"{PROTOCOL_LABELS[protocol]}, {queries}",
            hit_rates(ranks, last),
            "solid" if queries == QUERIES[0] else "dashed",
        )
        for (protocol, queries), ranks in found.items()
    ]
    if series and images and direction == TEXT_TO_IMAGE:
        ks = _log_steps(int(images))
        series.append(Series("chance (strict)", [(k, chance(k, images)) for k in ks], "dotted"))
    return series


def hit_rates(ranks: Sequence[int], last: int) -> list[Point]:
    """Return (K, share of ranks up to K) for K from 1 to `last`, even on a logarithmic axis."""
    ordered = sorted(ranks)
    return [(float(k), bisect_right(ordered, k) / len(ordered)) for k in _log_steps(last)]


def _log_steps(last: int, most: int = 80) -> list[int]:
    return sorted({round(last ** (step / most)) for step in range(most + 1)})


def _selection(run: RunResult) -> Markup:
    point = selected_point(run)
    if point is None:
        return Markup("")
    metric = str(run.look("selection", "metric", default=""))
    ran = run.number("selection", "epochs_run")
    queries = run.look("selection", "queries")
    images = run.number("selection", "images")
    asked = f" with {queries} queries" if queries else ""
    asked += f" on {images:,.0f} images" if images is not None else ""
    of = f" of {ran:.0f}" if ran is not None else ""
    said = sentence(
        "The weights of epoch ", tag("strong", f"{point[0]:.0f}"), f"{of} were kept: best ",
        f"{metric}{asked}, {share(point[1])}.",
    )  # fmt: skip
    if metric.startswith("validation/"):
        return said
    warning = "They were not selected on the validation split: the results below flatter the run."
    return join([said, tag("p", warning, class_="warning")])
