"""Search among many vectors: exact against a bare product, approximate against FAISS Flat, loading.

    OMP_NUM_THREADS=2 python experiments/benchmarks/search.py RUN [VECTORS]

RUN is a finished run, such as that of `wfa train run=ucm_frozen encoder.width=512`. The queries
are all distinct captions of its data set, encoded by its text tower: queries from another
distribution than the gallery's, as they are in use. The gallery is its images of all splits, filled
up to VECTORS (a million) with synthetic vectors: draws from the mixture of
`wfa.retrieval.efficiency.distractors`, fitted to those images. The operating point is chosen on
every other query and measured on the rest.
"""

import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import faiss
import numpy as np
import torch
from _record import Row, record

from wfa.retrieval.efficiency.answers import ann_recall, exact_thresholds
from wfa.retrieval.efficiency.distractors import grow
from wfa.retrieval.efficiency.families import lists_for, parts_for
from wfa.retrieval.efficiency.timing import cores
from wfa.retrieval.embeddings import Floats
from wfa.retrieval.indexes.store import load_index, save_index
from wfa.retrieval.indexes.vector_index import VectorIndex, build_index
from wfa.retrieval.search import ExactIndex
from wfa.training.assemble import load_run

K = 10
WANTED = 0.95
VECTORS = 1_000_000
EXACT_GALLERY, EXACT_QUERIES = 100_000, 2048
REPEATS = 5


@dataclass(frozen=True, eq=False)
class Data:
    """Distinct text queries and the gallery."""

    queries: Floats
    gallery: Floats
    real: int


def data(run: Path, vectors: int) -> Data:
    """Embed all splits of a run and fill the gallery up."""
    parts = load_run(run)
    images, texts = [], []
    for name in parts.split_names:
        embeddings = parts.embed(parts.split(name))
        images.append(embeddings.images)
        texts.append(embeddings.captions)
    own = np.concatenate(images)
    queries = np.unique(np.concatenate(texts), axis=0)
    mixed = np.random.default_rng(0).permutation(len(queries))
    return Data(np.ascontiguousarray(queries[mixed]), grow(own, [], vectors).vectors, len(own))


def main() -> None:
    """Measure, print and write `search.json`."""
    run = Path(sys.argv[1])
    vectors = int(sys.argv[2]) if len(sys.argv) > 2 else VECTORS
    threads = cores()
    faiss.omp_set_num_threads(threads)
    torch.set_num_threads(threads)
    made = data(run, vectors)
    say(f"{threads} threads, {len(made.queries)} distinct captions, {made.real} real images in "
        f"{made.gallery.shape[0]:,} x {made.gallery.shape[1]}")  # fmt: skip
    rows = [exact_row(made)]
    with tempfile.TemporaryDirectory() as folder:
        rows += approximate_rows(made, Path(folder))
    record(Path(__file__).stem, rows)


def exact_row(made: Data) -> Row:
    """Time exact search and a bare product with top-k of the same size in turn."""
    gallery = made.gallery[:EXACT_GALLERY]
    queries = np.resize(made.queries, (EXACT_QUERIES, gallery.shape[1]))
    index = ExactIndex(gallery)
    ours, peer = in_turn(
        lambda: index.search(queries, K),
        lambda: (torch.from_numpy(queries) @ torch.from_numpy(gallery).T).topk(K),
        REPEATS,
    )
    hits = index.search(queries, K)
    best = (torch.from_numpy(queries) @ torch.from_numpy(gallery).T).topk(K).values.numpy()
    size = f"{len(queries):,} queries, {len(gallery):,} x {gallery.shape[1]}"
    return Row(f"exact top-{K}, {size}, against torch's product and topk", ours, peer, peer / ours,
               0.8, float(np.abs(hits.scores - best).max()), "s", "the BLAS product")  # fmt: skip


def approximate_rows(made: Data, folder: Path) -> list[Row]:
    """Find the fastest index that keeps the recall wanted; time it against Flat, then loading."""
    count, width = made.gallery.shape
    tune, test = made.queries[::2], made.queries[1::2]
    flat = faiss.IndexFlatIP(width)
    flat.add(made.gallery)
    best = fastest(made.gallery, tune)
    hits = best.search(test, K)
    recall = ann_recall(hits.rows, test, made.gallery, exact_thresholds(test, made.gallery, K))
    few = test[:256]
    ours, peer = in_turn(lambda: best.search(few, K), lambda: flat.search(few, K), 3)
    point = f"{best.factory} + {best.rerank}, {words(best.parameters)}"
    case = f"{count:,} x {width}, text queries, recall@{K} {recall:.3f}, {point}, against Flat"
    rows = [
        Row(case, len(few) / ours, len(few) / peer, peer / ours, 20.0, 1 - recall, "queries/s",
            "reading the codes of the probed lists"),
    ]  # fmt: skip
    save_index(best, folder)
    size = sum(path.stat().st_size for path in folder.iterdir()) / 2**30
    expected = best.search(test[:1], K).rows
    del best, flat
    seconds = []
    for _ in range(REPEATS):
        start = time.perf_counter()
        found = load_index(folder).search(test[:1], K).rows
        seconds.append(time.perf_counter() - start)
    differ = float(np.mean(found != expected))
    case = f"load to first answer, memory-mapped, {count:,} x {width}, {size:.2f} GiB, file cached"
    loaded = statistics.median(seconds)
    rows.append(Row(case, loaded, 1.0, 1 / loaded, 1.0, differ, "s", "reading the coarse lists"))
    return rows


def fastest(gallery: Floats, queries: Floats) -> VectorIndex:
    """Build the candidates, search each at rising effort, keep the fastest that recalls enough."""
    count, width = gallery.shape
    thresholds = exact_thresholds(queries, gallery, K)
    lists = lists_for(count)
    best: tuple[float, VectorIndex, dict[str, int]] | None = None
    for factory in (f"IVF{lists},PQ{parts_for(width, width // 2)}x4fs",):
        start = time.perf_counter()
        index = build_index(factory, gallery, rerank="fp16")
        say(f"{factory} built in {time.perf_counter() - start:.0f} s")
        for factor in (4, 8, 16, 32):
            for probes in (4, 8, 16, 32, 64, 128):
                parameters = {"nprobe": probes, "k_factor_rf": factor}
                index.set_parameters(parameters)
                recall = ann_recall(index.search(queries, K).rows, queries, gallery, thresholds)
                rate = len(queries) / seconds_of(lambda: index.search(queries, K))  # noqa: B023
                say(f"{factory} {words(parameters)}: recall {recall:.3f}, {rate:,.0f} queries/s")
                if recall >= WANTED and (best is None or rate > best[0]):
                    best = (rate, index, parameters)
    if best is None:
        sys.exit(f"no candidate reaches recall {WANTED}")
    best[1].set_parameters(best[2])
    return best[1]


def in_turn(
    ours: Callable[[], object], peer: Callable[[], object], repeats: int
) -> tuple[float, float]:
    """Time both in turn, after one pass each to warm up; return the medians."""
    ours(), peer()
    turns = [(seconds_of(ours), seconds_of(peer)) for _ in range(repeats)]
    return statistics.median(t[0] for t in turns), statistics.median(t[1] for t in turns)


def seconds_of(task: Callable[[], object]) -> float:
    """Return how long a task takes."""
    start = time.perf_counter()
    task()
    return time.perf_counter() - start


def words(parameters: Mapping[str, Any]) -> str:
    """Write search parameters."""
    return " ".join(f"{key}={value}" for key, value in parameters.items())


def say(text: str) -> None:
    """Print at once: a run takes minutes."""
    print(text, flush=True)


if __name__ == "__main__":
    main()
