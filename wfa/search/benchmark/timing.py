"""How long answers take, and how much memory an index holds."""

import ctypes
import math
import os
import statistics
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from wfa.retrieval.embeddings import Floats
from wfa.search.indexes.factory import pinned_threads

_PASS_SECONDS, _LEAST_SECONDS, _FEWEST_TOGETHER = 0.5, 0.02, 64
_LATENCY_SECONDS, _FEWEST_ALONE = 2.0, 30
_PERCENTILES = {"p50": 50, "p95": 95, "p99": 99}


@dataclass(frozen=True)
class Rate:
    """Queries a second.

    Attributes:
        median: Of the repeats.
        low: The slowest repeat.
        high: The fastest.
        batch: Queries asked at once.
    """

    median: float
    low: float
    high: float
    batch: int


def cores() -> int:
    """Return how many cores this process may use."""
    affinity = getattr(os, "sched_getaffinity", None)  # Linux only
    return len(affinity(0)) if affinity else os.cpu_count() or 1


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
    return Rate(statistics.median(rates), min(rates), max(rates), len(asked))


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


def heap_growth(make: Callable[[], Any]) -> tuple[Any, int | None]:
    """Make something and count the bytes that it keeps allocated.

    Returns:
        What was made, and the bytes; None where the C library cannot tell (it is not glibc).
    """
    before = _allocated()
    made = make()
    after = _allocated()
    return made, None if before is None or after is None else after - before


class _Mallinfo(ctypes.Structure):
    """glibc's `struct mallinfo2` (malloc.h, 2.33): ten sizes."""

    _fields_ = tuple(
        (name, ctypes.c_size_t)
        for name in (
            "arena", "ordblks", "smblks", "hblks", "hblkhd", "usmblks", "fsmblks", "uordblks",
            "fordblks", "keepcost",
        )
    )  # fmt: skip


def _allocated() -> int | None:
    if not sys.platform.startswith("linux"):
        return None
    ask = getattr(ctypes.CDLL(None), "mallinfo2", None)
    if ask is None:
        return None
    ask.restype = _Mallinfo
    info = ask()
    return int(info.uordblks + info.hblkhd)
