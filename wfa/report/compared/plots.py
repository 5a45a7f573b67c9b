"""The plots of a comparison: course of training, quality against cost."""

from wfa.report.compared.tables import MEAN, Values, labels, score
from wfa.report.elements import note
from wfa.report.markup import Markup, tag
from wfa.report.plot import COLOURS, Axis, Series, line_plot, percent
from wfa.report.scatter import Dot, scatter_plot

_STYLES = ("solid", "dashed", "dotted")


def plots(one: Values) -> Markup:
    """Draw one data set's plots."""
    return tag("div", _curves(one), *_fronts(one), class_="plots")


def explained(one: Values) -> Markup:
    """Say what the plots of cost show."""
    fronts = [f"{front['queries']} queries: {', '.join(front['front'])}" for front in one["pareto"]]
    return note(
        "Bars are one standard deviation over seeds. The dashed line is the Pareto front: no other "
        f"technique has a higher mean at no more time ({'; '.join(fronts)}). Steps along it may "
        "lie within the noise; the differences above say which do not."
    )


def _curves(one: Values) -> Markup:
    series = [
        Series(curve["label"], [(x, y) for x, y in curve["points"]],
               _STYLES[place // COLOURS % len(_STYLES)])
        for place, curve in enumerate(one["curves"])
    ]  # fmt: skip
    return line_plot("Validation mR, mean over seeds", series, Axis("epoch", whole=True),
                     Axis(write=percent))  # fmt: skip


def _fronts(one: Values) -> list[Markup]:
    seconds = {row["label"]: row["train_seconds"] for row in one["cost"]}
    drawn = []
    for front in one["pareto"]:
        dots = []
        for label in labels(one):
            row = score(one, label, front["protocol"], front["queries"], MEAN)
            if row is not None:
                dots.append(Dot(label, seconds[label], row["mean"], row["sd"]))
        drawn.append(
            scatter_plot(
                f"mR against training time, {front['queries']} queries", dots, front["front"],
                Axis("seconds of training"), Axis(write=percent),
            )
        )  # fmt: skip
    return drawn
