"""Which operating points are worth having, and which one to use."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from wfa.search.benchmark.benchmark_options import Goal

Values = dict[str, Any]
"""A point as `benchmark.json` has it."""

_UNNOTICED_MS = 1.0
"""Nobody notices less beside encoding the query; milliseconds."""
_NOISE_MS = 0.1
"""Below this a search is mostly the call of FAISS; milliseconds."""


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


def speed_measures(point: Values) -> tuple[float, float]:
    """ANN recall and queries a second."""
    return point["recall"], point["qps"]["median"]


def size_measures(point: Values) -> tuple[float, float]:
    """ANN recall and fewness of bytes a vector."""
    return point["recall"], -point["bytes"]


def recommend(points: Sequence[Values], goal: Goal) -> Advice:
    """Choose of one or more points what to use within the limits, or the one that misses least.

    The exact index is chosen where it keeps the limits and no other that does is measurably
    better: faster in batches by more than the spread of the repeats, where one query of the exact
    index takes long enough to be noticed (p95 on one thread above 1 ms). Otherwise it is the
    fastest in batches. How far a point misses is the largest relative excess over any limit: 0.9
    against a wanted recall of 0.95 misses by 5 %, 12 ms against 10 by 20 %.
    """
    misses = [_miss(point, goal) for point in points]
    fitting = [place for place, miss in enumerate(misses) if miss == 0]
    limits = _limits(goal)
    if not fitting:
        place = min(range(len(points)), key=lambda place: misses[place])
        return Advice(
            place, False,
            f"no point keeps {limits}; the nearest, which misses by {misses[place]:.1%}: "
            f"{_shown(points[place])}",
        )  # fmt: skip
    kept = f"{len(fitting)} of {len(points)} points that keep {limits}"
    fastest = max(fitting, key=lambda place: points[place]["qps"]["median"])
    exact = next((place for place in fitting if _is_exact(points[place])), None)
    if exact is not None:
        reason = _enough(points[exact], points[fastest])
        if reason:
            why = f"the exact index is one of the {kept}, and {reason}: {_shown(points[exact])}"
            return Advice(exact, True, why)
    why = f"the fastest in batches of the {kept}: {_shown(points[fastest])}"
    return Advice(fastest, True, why)


def notes(points: Sequence[Values]) -> list[str]:
    """Say what must be known to read the figures: whether timings are mostly noise."""
    exact = next((point for point in points if _is_exact(point)), None)
    if exact is None or _exact_ms(exact) > _NOISE_MS:
        return []
    return [
        f"in so small a gallery the exact index answers one query in {_exact_ms(exact):.2g} ms "
        "(p95): most of that is the call itself, so differences in time between indexes are noise"
    ]


def _is_exact(point: Values) -> bool:
    return bool(point["family"] == "flat" and point["device"] == "cpu")


def _exact_ms(point: Values) -> float:
    return float(point["latency_ms"]["one_thread"]["p95"])


def _enough(exact: Values, fastest: Values) -> str:
    """Say why the exact index is good enough; nothing where another is measurably better."""
    if fastest["qps"]["low"] <= exact["qps"]["high"]:
        return "no other of them is faster by more than the spread of the repeats"
    if _exact_ms(exact) <= _UNNOTICED_MS:
        return f"what is faster saves less than {_UNNOTICED_MS:g} ms a query"
    return ""


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
