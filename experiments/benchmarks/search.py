"""Search among many vectors: exact against a bare product, approximate against FAISS Flat, loading.

    OMP_NUM_THREADS=2 python experiments/benchmarks/search.py RUN [VECTORS]

RUN is a finished run, such as that of `wfa train run=ucm_frozen encoder.width=512`. The queries
are all distinct captions of its data set, encoded by its text tower: queries from another
distribution than the gallery's, as they are in use. The gallery is its images of all splits, filled
up to VECTORS (a million) with synthetic vectors: draws from the mixture of
`_mixture.py`, fitted to those images. The operating point is chosen on
every other query and measured on the rest.
"""

import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from typing import Any

import faiss
import numpy as np
import torch
from _mixture import grown
from _record import Row, record

from wfa.retrieval.embeddings import Floats, Integers
from wfa.retrieval.exact_search import ExactIndex
from wfa.runs.embed import embed_split
from wfa.runs.parts import load_run
from wfa.search.benchmark.answer_quality import ann_recall, exact_thresholds
from wfa.search.benchmark.families import lists_for, parts_for
from wfa.search.indexes.index_store import load_index, save_index
from wfa.search.indexes.vector_index import VectorIndex, build_index

K = 10
WANTED = 0.95
FACTORS, PROBES = (8, 16, 32), (8, 16, 32, 64)
VECTORS = 1_000_000
EXACT_GALLERY, EXACT_QUERIES = 100_000, 1000
REPEATS = 3


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
        embeddings = embed_split(parts, parts.split(name))
        images.append(embeddings.images)
        texts.append(embeddings.captions)
    own = np.concatenate(images)
    queries = np.unique(np.concatenate(texts), axis=0)
    mixed = np.random.default_rng(0).permutation(len(queries))
    return Data(np.ascontiguousarray(queries[mixed]), grown(own, vectors), len(own))


def main() -> None:
    """Measure, print and write `search.json`."""
    run = Path(sys.argv[1])
    vectors = int(sys.argv[2]) if len(sys.argv) > 2 else VECTORS
    threads = faiss.omp_get_max_threads()
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
        lambda: bare_product(queries, gallery),
    )
    hits = index.search(queries, K)
    best = bare_product(queries, gallery)
    size = f"{len(queries):,} queries, {len(gallery):,} x {gallery.shape[1]}"
    return Row(f"exact top-{K}, {size}, against torch's product and topk", ours, peer, peer / ours,
               0.8, float(np.abs(hits.scores - best).max()), "s", "the BLAS product")  # fmt: skip


def bare_product(queries: Floats, gallery: Floats) -> Floats:
    """Return the best scores of each query: one BLAS product, then top-k."""
    scores = torch.from_numpy(queries) @ torch.from_numpy(gallery).T
    return np.asarray(scores.topk(K).values.numpy())


def approximate_rows(made: Data, folder: Path) -> list[Row]:
    """Find the fastest index that keeps the recall wanted; time it against Flat, then loading."""
    count, width = made.gallery.shape
    tune, test = made.queries[::2], made.queries[1::2]
    best = fastest(made.gallery, tune)
    recall = ann_recall(best.search(test, K).rows, test, made.gallery,
                        exact_thresholds(test, made.gallery, K))  # fmt: skip
    few = test[:256]
    ours, peer = against_flat(best, made.gallery, few)
    point = f"{best.factory} + {best.rerank}, {words(best.parameters)}"
    searched = Row(
        f"{count:,} x {width}, text queries, recall@{K} {recall:.3f}, {point}, against Flat",
        len(few) / ours, len(few) / peer, peer / ours, 20.0, 1 - recall, "queries/s",
        "reading the codes of the probed lists",
    )  # fmt: skip
    save_index(best, folder)
    return [searched, loading_row(folder, test[:1], best.search(test[:1], K).rows)]


def against_flat(index: VectorIndex, gallery: Floats, queries: Floats) -> tuple[float, float]:
    """Time an index and FAISS Flat in turn."""
    flat = faiss.IndexFlatIP(gallery.shape[1])
    flat.add(gallery)
    return in_turn(lambda: index.search(queries, K), lambda: flat.search(queries, K))


def loading_row(folder: Path, query: Floats, expected: Integers) -> Row:
    """Time a saved index from its file, which the system has in its cache, to the first answer."""
    size = sum(path.stat().st_size for path in folder.iterdir()) / 2**30
    taken = []
    for _ in range(REPEATS):
        start = time.perf_counter()
        index = load_index(folder)
        found = index.search(query, K).rows
        taken.append(time.perf_counter() - start)
    seconds = statistics.median(taken)
    case = f"load to first answer, memory-mapped, {len(index):,} x {index.dimension}"
    return Row(f"{case}, {size:.2f} GiB, file cached", seconds, 1.0, 1 / seconds, 1.0,
               float(np.mean(found != expected)), "s", "reading the coarse centroids")  # fmt: skip


def fastest(gallery: Floats, queries: Floats) -> VectorIndex:
    """Search at rising effort; return the index set to be the fastest that recalls enough."""
    thresholds = exact_thresholds(queries, gallery, K)
    width = gallery.shape[1]
    factory = f"IVF{lists_for(len(gallery))},PQ{parts_for(width, width // 2)}x4fs"
    start = time.perf_counter()
    index = build_index(factory, gallery, rerank="fp16")
    say(f"{factory} built in {time.perf_counter() - start:.0f} s")
    enough = []
    for factor, probes in product(FACTORS, PROBES):
        parameters = {"nprobe": probes, "k_factor_rf": factor}
        index.set_parameters(parameters)
        start = time.perf_counter()
        hits = index.search(queries, K)
        rate = len(queries) / (time.perf_counter() - start)
        recall = ann_recall(hits.rows, queries, gallery, thresholds)
        say(f"{words(parameters)}: recall {recall:.3f}, {rate:,.0f} queries/s")
        if recall >= WANTED:
            enough.append((rate, parameters))
    if not enough:
        sys.exit(f"no operating point reaches recall {WANTED}")
    index.set_parameters(max(enough, key=lambda point: point[0])[1])
    return index


def in_turn(ours: Callable[[], object], peer: Callable[[], object]) -> tuple[float, float]:
    """Time both in turn, after one pass each to warm up; return the medians."""
    ours(), peer()
    turns = [(seconds_of(ours), seconds_of(peer)) for _ in range(REPEATS)]
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
