"""How long answers take."""

import math
import statistics
import time
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from wfa.retrieval.embeddings import Floats
from wfa.search.indexes.factory import pinned_threads

_PASS_SECONDS, _LEAST_SECONDS, _FEWEST_TOGETHER = 0.5, 0.02, 64
_LATENCY_SECONDS, _FEWEST_ALONE = 2.0, 30
_PERCENTILES = {"p50": 50, "p95": 95, "p99": 99}


class Rate(NamedTuple):
    """Queries a second.

    Attributes:
        median: Of the repeats.
        low: The slowest repeat.
        high: The fastest.
    """

    median: float
    low: float
    high: float


def batch_rate(index: Any, queries: Floats, k: int, threads: int, repeats: int) -> Rate:
    """Ask many queries at once, `repeats` times, after asking some to warm up.

    All queries are asked, or as many as fit half a second, but 64 at least; where that is too
    short to be timed, again and again for 20 ms.
    """
    with pinned_threads(threads):
        first = queries[:_FEWEST_TOGETHER]
        index.search(first, k)
        guess = len(first) / timed(lambda: index.search(first, k))
        asked = queries[: max(int(guess * _PASS_SECONDS), _FEWEST_TOGETHER)]
        rounds = max(1, math.ceil(_LEAST_SECONDS * guess / len(asked)))

        def one_pass() -> None:
            for _ in range(rounds):
                index.search(asked, k)

        rates = [rounds * len(asked) / timed(one_pass) for _ in range(repeats)]
    return Rate(statistics.median(rates), min(rates), max(rates))


def latencies(index: Any, queries: Floats, k: int, threads: int, repeats: int) -> dict[str, float]:
    """Ask one query after another, all of them `repeats` times, or as many as two seconds allow.

    Returns:
        p50, p95 and p99 in milliseconds, and how many were asked (`asked`, 30 at least where there
        are so many). Ten queries are asked before to warm up.
    """
    singles = [np.ascontiguousarray(queries[row : row + 1]) for row in range(len(queries))]
    taken = []
    with pinned_threads(threads):
        for query in singles[:10]:
            index.search(query, k)
        until = time.perf_counter() + _LATENCY_SECONDS
        for query in singles * repeats:
            start = time.perf_counter()
            index.search(query, k)
            end = time.perf_counter()
            taken.append(end - start)
            if end > until and len(taken) >= _FEWEST_ALONE:
                break
    shares = {
        name: 1000 * float(np.percentile(taken, share)) for name, share in _PERCENTILES.items()
    }
    return {**shares, "asked": len(taken)}


def timed(task: Callable[[], object]) -> float:
    """Return the seconds that a task takes."""
    start = time.perf_counter()
    task()
    return time.perf_counter() - start
