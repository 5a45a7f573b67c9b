"""Quality against cost: what a technique takes, the Pareto front, the time to a given quality."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from wfa.comparing.result_rows import Point
from wfa.comparing.statistics import seed_p
from wfa.paired_tests import holm
from wfa.pareto import pareto_front

TARGET_SHARE = 0.95
"""The validation mR to reach, as a share of the best technique's, where none is given."""
_BYTES = 4
"""Of a float32."""


@dataclass(frozen=True)
class Reached:
    """How fast one technique reaches a validation mR.

    Attributes:
        epochs: Mean over the seeds that reach it; None where none does.
        seconds: Likewise.
        reached: How many seeds reach it.
        runs: How many seeds there are.
    """

    epochs: float | None
    seconds: float | None
    reached: int
    runs: int


def cheapest_best(points: Mapping[str, tuple[float, float]]) -> list[str]:
    """Return the labels that no other beats in quality at no more cost.

    Args:
        points: Label -> (cost, quality).

    Returns:
        Labels by rising cost.
    """
    front = pareto_front([(-cost, quality) for cost, quality in points.values()])
    kept = [label for label, best in zip(points, front, strict=True) if best]
    return sorted(kept, key=points.__getitem__)


def target_of(courses: Mapping[str, Sequence[Sequence[Point]]]) -> float:
    """Choose the validation mR whose cost is compared: 95 % of the best technique's mean best."""
    bests = [np.mean([max(p.value for p in run) for run in runs]) for runs in courses.values()]
    return TARGET_SHARE * float(max(bests))


def reached(runs: Sequence[Sequence[Point]], target: float) -> Reached:
    """Return when the runs of a technique first have at least the validation mR `target`."""
    first = [point for point in (_first(run, target) for run in runs) if point is not None]
    if not first:
        return Reached(None, None, 0, len(runs))
    return Reached(
        epochs=float(np.mean([point.epoch for point in first])),
        seconds=float(np.mean([point.seconds for point in first])),
        reached=len(first),
        runs=len(runs),
    )


def epochs_to(
    courses: Mapping[str, Mapping[int, Sequence[Point]]], target: float
) -> dict[str, dict[int, float]]:
    """Return label -> seed -> epochs to a validation mR, without the runs that never reach it."""
    return {
        label: {
            seed: float(point.epoch)
            for seed, course in of.items()
            if (point := _first(course, target)) is not None
        }
        for label, of in courses.items()
    }


def slower_than(values: Mapping[str, Mapping[int, float]], fastest: str) -> dict[str, float]:
    """Test over seeds whether the others take more than the fastest.

    Args:
        values: Label -> seed -> what it took, above 0.
        fastest: The label held against the others.

    Returns:
        Other label -> p-value of the difference of logarithms, Holm-corrected.
    """
    labels = list(values)
    seeds = sorted({seed for of in values.values() for seed in of})
    logs = np.full((len(labels), len(seeds)), np.nan)
    for row, label in enumerate(labels):
        for seed, value in values[label].items():
            logs[row, seeds.index(seed)] = math.log(value)
    others = [label for label in labels if label != fastest]
    p_values = [seed_p(logs, labels.index(fastest), labels.index(label)) for label in others]
    return dict(zip(others, holm(p_values), strict=True))


def text_bytes(captions: float, width: int, queries: str) -> float:
    """Return the bytes an image that its texts take in an index of float32 vectors."""
    return (captions if queries == "single" else 1.0) * width * _BYTES


def typical_cost(costs: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Return the median cost over seeds: the first run of a process is slower than the others."""
    found: dict[str, Any] = {}
    for key in costs[0]:
        values = [cost[key] for cost in costs if cost.get(key) is not None]
        numbers = all(isinstance(value, int | float) for value in values)
        found[key] = (float(np.median(values)) if numbers else values[0]) if values else None
    return found


def _first(course: Sequence[Point], target: float) -> Point | None:
    return next((point for point in course if point.value >= target), None)
