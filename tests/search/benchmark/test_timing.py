import time

import faiss
import numpy as np
import pytest

from tests.search.benchmark.made import unit
from wfa.retrieval.embeddings import Floats, Integers
from wfa.search.benchmark.timing import batch_rate, latencies


class Watched:
    """An index that writes down how it is asked."""

    def __init__(self, seconds: float = 0.0) -> None:
        self.seconds = seconds
        self.asked: list[int] = []
        self.threads: set[int] = set()

    def search(self, queries: Floats, k: int) -> tuple[Floats, Integers]:
        time.sleep(self.seconds)
        self.asked.append(len(queries))
        self.threads.add(faiss.omp_get_max_threads())
        return np.zeros((len(queries), k), np.float32), np.zeros((len(queries), k), np.int64)


def test_batches_are_warmed_up_and_repeated() -> None:
    index = Watched(seconds=0.03)
    rate = batch_rate(index, unit(100), 3, threads=1, repeats=4)
    assert index.asked == [64, 64, 100, 100, 100, 100]
    assert index.threads == {1}
    assert rate.low <= rate.median <= rate.high


def test_a_pass_too_short_to_be_timed_is_asked_again_and_again() -> None:
    index = Watched(seconds=0.001)
    rate = batch_rate(index, unit(100), 3, threads=1, repeats=2)
    passes = index.asked[2:]
    assert set(passes) == {100}
    assert len(passes) > 2
    assert len(passes) % 2 == 0
    assert rate.high < 100_000  # queries, and not passes, in a second


def test_single_queries_are_asked_alone() -> None:
    index = Watched()
    found = latencies(index, unit(12), 3, threads=2, repeats=3)
    assert index.asked == [1] * (10 + 36)
    assert index.threads == {2}
    assert found["asked"] == 36
    assert 0 < found["p50"] <= found["p95"] <= found["p99"]


def test_slow_indexes_are_asked_less(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("wfa.search.benchmark.timing._LATENCY_SECONDS", 0.0)
    monkeypatch.setattr("wfa.search.benchmark.timing._PASS_SECONDS", 0.0)
    index = Watched()
    assert latencies(index, unit(50), 3, threads=1, repeats=3)["asked"] == 30
    index.asked.clear()
    batch_rate(index, unit(100), 3, threads=1, repeats=1)
    assert set(index.asked) == {64}
