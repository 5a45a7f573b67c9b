"""Build every index family once and measure it at every operating point."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import faiss
import numpy as np

from wfa.errors import SearchIndexError
from wfa.provenance import cores
from wfa.retrieval.embeddings import Floats
from wfa.retrieval.metrics import KS
from wfa.search.benchmark.answer_quality import Task, ann_recall, task_rates
from wfa.search.benchmark.benchmark_options import Config
from wfa.search.benchmark.families import Family, Parameters
from wfa.search.benchmark.timing import batch_rate, latencies, timed
from wfa.search.indexes.factory import (
    centroids_of,
    new_index,
    pinned_threads,
    reason,
    sample_rows,
    set_parameters,
    train_index,
)
from wfa.search.indexes.index_store import MAPPED

Values = dict[str, Any]


class Sweep:
    """Measures families on one gallery; what they share is made once.

    Args:
        gallery: (G, D) float32.
        task: The queries; their images are rows of the gallery.
        thresholds: (U,) score of the k-th best vector of each query.
        config: What is measured.
        folder: For index files while they are measured; nothing stays there.
    """

    def __init__(
        self, gallery: Floats, task: Task, thresholds: Floats, config: Config, folder: Path
    ) -> None:
        self._gallery, self._task, self._thresholds = gallery, task, thresholds
        self._config, self._folder = config, folder
        self._threads = config.threads or cores()
        self._refiners: dict[str, tuple[Any, float, Values]] = {}

    def measure(self, family: Family) -> Iterator[Values]:
        """Give the points of one family, on the CPU, then on GPUs where there are any.

        Raises:
            SearchIndexError: FAISS cannot build it for these vectors; points that were given before
                stand, such as those on the CPU where a GPU fails.
        """
        base = new_index(family.factory, self._gallery.shape[1])
        with pinned_threads(self._threads):
            seconds = self._fill(base)
        base, facts = self._stored(base)
        facts = {**facts, "build_seconds": seconds}
        for rerank in self._config.rerank:
            if family.reranks_with(rerank):
                yield from self._points(family, base, facts, rerank)
        if self._config.gpu and family.on_gpu and faiss.get_num_gpus() > 0:
            yield from self._gpu_points(family, base, facts)

    def _gpu_points(self, family: Family, base: Any, facts: Values) -> Iterator[Values]:
        try:
            on_gpu = faiss.index_cpu_to_all_gpus(base)
            for parameters in family.points("none"):
                _set_on_gpu(on_gpu, parameters)
                yield {**self._described(family, "none", parameters, facts),
                       "device": "gpu", **self._measured(on_gpu)}  # fmt: skip
        except RuntimeError as error:  # too little memory, or codes that its kernels do not take
            raise SearchIndexError(f"FAISS cannot have it on the GPU ({reason(error)})") from error

    def _fill(self, index: Any) -> float:
        """Train and add; return the seconds of both."""
        rows = sample_rows(len(self._gallery), centroids_of(index), self._config.seed)
        return timed(lambda: train_index(index, self._gallery[rows])) + timed(
            lambda: index.add(np.ascontiguousarray(self._gallery))
        )

    def _stored(self, index: Any) -> tuple[Any, Values]:
        """Write an index, read it back, and say what it takes and how long that is."""
        path = self._folder / "measured.faiss"
        faiss.write_index(index, str(path))
        del index
        size = path.stat().st_size / len(self._gallery)

        def answer() -> None:
            faiss.read_index(str(path), MAPPED).search(self._task.queries[:1], self._config.k)

        load_ms = 1000 * timed(answer)
        loaded = faiss.read_index(str(path))
        path.unlink()
        return loaded, {"bytes": size, "load_ms": load_ms}

    def _points(self, family: Family, base: Any, facts: Values, rerank: str) -> Iterator[Values]:
        index = base
        if rerank != "none":
            refiner, seconds, sizes = self._refiner(rerank)
            index = faiss.IndexRefine(base, refiner)
            added = {key: facts[key] + sizes[key] for key in sizes}
            facts = {**facts, **added, "build_seconds": facts["build_seconds"] + seconds}
        for parameters in family.points(rerank):
            set_parameters(index, parameters)
            yield {**self._described(family, rerank, parameters, facts), "device": "cpu",
                   **self._measured(index)}  # fmt: skip

    def _refiner(self, rerank: str) -> tuple[Any, float, Values]:
        """Make the store of exact vectors that every family re-ranks with."""
        if rerank not in self._refiners:
            store = new_index({"fp16": "SQfp16", "fp32": "Flat"}[rerank], self._gallery.shape[1])
            seconds = self._fill(store)
            store, facts = self._stored(store)
            self._refiners[rerank] = (store, seconds, facts)
        return self._refiners[rerank]

    def _described(
        self, family: Family, rerank: str, parameters: Parameters, facts: Values
    ) -> Values:
        return {
            "family": family.name, "factory": family.factory, "rerank": rerank,
            "parameters": dict(parameters), **facts,
        }  # fmt: skip

    def _measured(self, index: Any) -> Values:
        config, queries = self._config, self._task.queries
        with pinned_threads(self._threads):
            scores, found = index.search(queries, config.k)
        if not np.isfinite(scores[found >= 0]).all():
            raise SearchIndexError("the index gave scores that are not finite")
        ks = tuple(k for k in KS if k <= config.k)
        rate = batch_rate(index, queries, config.k, self._threads, config.repeats)
        singles = queries[: config.singles]
        return {
            "recall": ann_recall(found, queries, self._gallery, self._thresholds),
            "task": task_rates(self._task, found, scores, ks),
            "qps": rate._asdict(),
            "latency_ms": {
                "one_thread": latencies(index, singles, config.k, 1, config.repeats),
                "all_threads": latencies(index, singles, config.k, self._threads, config.repeats),
            },
        }


def _set_on_gpu(index: Any, parameters: Parameters) -> None:
    for name, value in parameters.items():
        faiss.GpuParameterSpace().set_index_parameter(index, name, value)
