"""What an audit recommends to train with, and on what that rests."""

from collections.abc import Mapping, Sequence
from typing import Any

from wfa.tables import DASH, Cell, Number, Table

_HEAD = ("choice", "over", "mR of queries", "foreseen", "measured", "points", "error")
_MEANINGS = {
    "single": "one caption drawn a step",
    "annealed uniqueness": "uniqueness, its caption dropout raised from 0 to 0.9 over training",
    "single, shared captions": "single, and images that bear the same caption count as right for "
    "it: loss.shared=share",
}
"""Choice -> what it is, where no name of a technique says it."""


def advice_table(found: Mapping[str, Any]) -> Table:
    """Make the table of the recommendation; without rows for an audit made before there was one.

    Args:
        found: What `audit.json` holds.
    """
    return Table(
        _HEAD,
        tuple(_row(advice) for advice in found.get("recommendation", ())),
        "what to train with, by the distinct captions an image of the training split",
        labels=5,
        note="points of mR foreseen, and what the rule misses of a data set left out",
    )


def advice_lines(found: Mapping[str, Any]) -> list[str]:
    """Say the same in words, a line for each choice, and last what to use."""
    rows = found.get("recommendation", ())
    named = {name for row in rows for name in (row["choice"], row["plain"])}
    return [
        *(_line(row) for row in rows),
        *(f"{name} is {said}" for name, said in _MEANINGS.items() if name in named),
        *([_use(rows)] if rows else []),
    ]


def _use(rows: Sequence[Mapping[str, Any]]) -> str:
    """Say in one sentence what to train with: the choice that gains most where it is better."""
    better = [row for row in rows if row["verdict"] == "better"]
    plain = rows[0]["plain"]
    if better:
        best = max(better, key=lambda row: row["gain"])
        return f"so train `{best['choice']}`: {_gain(best)} over `{plain}`, {_queries(best)}"
    if all(row["verdict"] == "unknown" for row in rows):
        return "so compare techniques on it (`wfa compare`): nothing like this data was measured"
    return f"so train `{plain}`: nothing measured on data like this is measurably better"


def _line(advice: Mapping[str, Any]) -> str:
    asked = f"{advice['choice']} over {advice['plain']}, {_queries(advice)}"
    if advice["gain"] is None:
        return f"{asked}: unknown ({advice['why']})"
    return f"{asked}: {advice['verdict']}, {_gain(advice)} ({advice['why']})"


def _queries(advice: Mapping[str, Any]) -> str:
    return f"{advice['queries']} queries, {advice['protocol'].replace('_', '-')} mR"


def _gain(advice: Mapping[str, Any]) -> str:
    gain = f"{round(advice['gain'], 1) + 0.0:+.1f}"  # + 0.0 makes -0.0 plain
    if advice["error"] is None:
        return f"{gain} points, its error unknown as one data set alone was measured"
    return f"{gain} ± {advice['error']:.1f} points"


def _row(advice: Mapping[str, Any]) -> tuple[Cell, ...]:
    protocol = advice["protocol"].replace("_", "-")
    return (
        advice["choice"],
        advice["plain"],
        f"{protocol}, {advice['queries']}",
        advice["verdict"],
        advice["why"],
        _points(advice["gain"], "+.1f"),
        _points(advice["error"], ".1f"),
    )


def _points(value: float | None, form: str) -> Cell:
    return DASH if value is None else Number(format(round(value, 1) + 0.0, form), value)
