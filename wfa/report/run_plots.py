"""The curves of a run: loss and validation over epochs, queries answered by rank."""

from bisect import bisect_right
from collections.abc import Sequence

from wfa.report.finished_run import RunResult
from wfa.report.plots import Axis, Plot, Point, Series, line_plot, percent, thinned
from wfa.report.retrieval_tables import chance
from wfa.report.scores import PROTOCOL_LABELS
from wfa.retrieval.metrics import KS
from wfa.retrieval.protocols import IMAGE_TO_TEXT, TEXT_TO_IMAGE
from wfa.retrieval.retrieval_options import PROTOCOLS, QUERIES

EPOCHS = Axis("epoch", whole=True)
_RATES = Axis(zero=True, write=percent)
_DIRECTIONS = ((TEXT_TO_IMAGE, "Text to image"), (IMAGE_TO_TEXT, "Image to text"))


def run_plots(run: RunResult) -> list[Plot | None]:
    """Plot loss and validation over epochs, and the share of queries answered by rank."""
    loss = Series("loss", thinned(loss_points(run)))
    validation = [Series("mR", validation_points(run, "mR"), marked=selected_point(run))]
    for k in KS:
        points = validation_points(run, f"{TEXT_TO_IMAGE}/R@{k}")
        validation.append(Series(f"text to image R@{k}", points))
    return [
        line_plot("Training loss", [loss], Axis("epoch"), Axis()),
        line_plot("Validation, strict", validation, EPOCHS, _RATES),
        *(
            line_plot(f"{words}: a right answer among the first K ({run.split})",
                      _rank_series(run, direction), Axis("K", log=True), _RATES)
            for direction, words in _DIRECTIONS
        ),
    ]  # fmt: skip


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
