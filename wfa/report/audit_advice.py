"""What an audit recommends to train with, and on what that rests."""

from collections.abc import Mapping
from typing import Any

from wfa.tables import DASH, Cell, Number, Table

_HEAD = ("choice", "over", "mR of queries", "foreseen", "measured", "points", "error")


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
    """Say the same in words, a line for each choice."""
    return [_line(advice) for advice in found.get("recommendation", ())]


def _line(advice: Mapping[str, Any]) -> str:
    protocol, gain, error = advice["protocol"].replace("_", "-"), advice["gain"], advice["error"]
    asked = f"{advice['choice']} over {advice['plain']}, {advice['queries']} queries, {protocol} mR"
    if gain is None:
        return f"{asked}: unknown ({advice['why']})"
    sure = "" if error is None else f" ± {error:.1f}"
    return f"{asked}: {advice['verdict']}, {gain:+.1f}{sure} points ({advice['why']})"


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
    return DASH if value is None else Number(format(value, form), value)
