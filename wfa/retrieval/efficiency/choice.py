"""Which operating points are worth having, and which one to use."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from wfa.retrieval.efficiency.config import Goal

Values = dict[str, Any]
"""A point as `benchmark.json` has it."""


@dataclass(frozen=True)
class Advice:
    """What to use.

    Attributes:
        place: The point's place in the list.
        fits: Whether it keeps every limit; if not, it is the nearest to doing so.
        why: In a sentence.
    """

    place: int
    fits: bool
    why: str


def pareto(points: Sequence[Values], better: Callable[[Values], tuple[float, float]]) -> list[bool]:
    """Mark the points that no other beats in one measure without losing in the other.

    Args:
        points: Operating points.
        better: Gives two measures of a point, larger being better.

    Returns:
        For each point whether it is on the front; equal points are there together.
    """
    measures = [better(point) for point in points]
    return [
        not any(
            other[0] >= own[0] and other[1] >= own[1] and other != own for other in measures
        )
        for own in measures
    ]  # fmt: skip


def speed_measures(point: Values) -> tuple[float, float]:
    """ANN recall and queries a second."""
    return point["recall"], point["qps"]["median"]


def size_measures(point: Values) -> tuple[float, float]:
    """ANN recall and fewness of bytes a vector."""
    return point["recall"], -point["bytes"]


def recommend(points: Sequence[Values], goal: Goal) -> Advice:
    """Choose of one or more points the fastest within the limits, or the one that misses least.

    How far a point misses is the largest relative excess over any limit: 0.9 against a wanted
    recall of 0.95 misses by 5 %, 12 ms against 10 by 20 %.
    """
    misses = [_miss(point, goal) for point in points]
    fitting = [place for place, miss in enumerate(misses) if miss == 0]
    limits = _limits(goal)
    if fitting:
        place = max(fitting, key=lambda place: points[place]["qps"]["median"])
        return Advice(
            place, True,
            f"the fastest in batches of the {len(fitting)} of {len(points)} points that keep "
            f"{limits}: {_shown(points[place])}",
        )  # fmt: skip
    place = min(range(len(points)), key=lambda place: misses[place])
    return Advice(
        place, False,
        f"no point keeps {limits}; the nearest, which misses by {misses[place]:.1%}: "
        f"{_shown(points[place])}",
    )  # fmt: skip


def _miss(point: Values, goal: Goal) -> float:
    misses = [0.0]
    if goal.min_recall is not None:
        misses.append(1 - point["recall"] / goal.min_recall)
    if goal.max_ms is not None:
        misses.append(point["latency_ms"]["one_thread"]["p95"] / goal.max_ms - 1)
    if goal.max_bytes is not None:
        misses.append(point["bytes"] / goal.max_bytes - 1)
    return max(misses)


def _limits(goal: Goal) -> str:
    parts = []
    if goal.min_recall is not None:
        parts.append(f"recall of at least {goal.min_recall:g}")
    if goal.max_ms is not None:
        parts.append(f"p95 of at most {goal.max_ms:g} ms on one thread")
    if goal.max_bytes is not None:
        parts.append(f"at most {goal.max_bytes:g} bytes a vector")
    return ", ".join(parts) or "no limit"


def _shown(point: Values) -> str:
    return (
        f"recall {point['recall']:.3f}, {point['qps']['median']:,.0f} queries/s, p95 "
        f"{point['latency_ms']['one_thread']['p95']:.2f} ms on one thread, "
        f"{point['bytes']:,.0f} bytes a vector"
    )
