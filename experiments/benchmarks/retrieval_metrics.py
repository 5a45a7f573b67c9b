"""Retrieval metrics of 25,000 captions x 5,000 images, 512 wide, against three peers.

    OMP_NUM_THREADS=2 python experiments/benchmarks/retrieval_metrics.py

Ours gives all strict and duplicate-aware metrics in both directions, with their ranks and
ceilings; the peers give R@1/5/10 of the strict protocol in both directions. No two captions are
equal here: that is our slowest case, and the only one in which peers without a tie rule agree.
"""

import statistics
import time
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import numpy as np
import numpy.typing as npt
import torch
from _record import Row, record
from clip_benchmark.metrics import zeroshot_retrieval
from torchmetrics.retrieval import RetrievalHitRate

from wfa.retrieval.embeddings import Embeddings, Floats
from wfa.retrieval.evaluate import evaluate_retrieval

IMAGES, CAPTIONS, WIDTH = 5_000, 25_000, 512
KS = (1, 5, 10)
REPEATS = 5
PEER_BATCH = 64  # images a batch in clip_benchmark's own command line
BOUND = "the float32 product; then counting in cache, on one core"
SIZE = f"{CAPTIONS:,} x {IMAGES:,} x {WIDTH}"

Rates = dict[tuple[str, int], float]
Result = TypeVar("Result")


def features() -> Embeddings:
    """Draw captions around their images, so that about two in three are found among ten."""
    rng = np.random.default_rng(0)
    index = np.repeat(np.arange(IMAGES), CAPTIONS // IMAGES)
    images = rng.standard_normal((IMAGES, WIDTH), dtype=np.float32)
    captions = rng.standard_normal((CAPTIONS, WIDTH), dtype=np.float32) + 0.15 * images[index]
    aggregated = captions.reshape(IMAGES, -1, WIDTH).mean(1)
    names = tuple(map(str, range(IMAGES)))
    return Embeddings(_unit(images), _unit(captions), index, np.arange(CAPTIONS),
                      _unit(aggregated), names)  # fmt: skip


def ours(e: Embeddings) -> Rates:
    """Evaluate both protocols; return what the peers have as well."""
    rows = evaluate_retrieval(
        e, "made", "test", protocols=("strict", "duplicate_aware"), queries=("single",), ks=KS
    ).rows
    values = {(r.protocol, r.direction, r.metric): r.value for r in rows if not r.oracle}
    directions = ("text_to_image", "image_to_text")
    return {(d, k): values["strict", d, f"R@{k}"] for d in directions for k in KS}


def clip_benchmark(e: Embeddings) -> Rates:
    """Score and count as `clip_benchmark.metrics.zeroshot_retrieval.evaluate` does."""
    scores = torch.from_numpy(e.captions) @ torch.from_numpy(e.images).T
    right = torch.zeros_like(scores, dtype=torch.bool)
    right[torch.arange(CAPTIONS), torch.from_numpy(e.image_index)] = True
    rates: Rates = {}
    for direction, x, y in (
        ("text_to_image", scores, right),
        ("image_to_text", scores.T, right.T),
    ):
        for k in KS:
            recall = zeroshot_retrieval.batchify(
                zeroshot_retrieval.recall_at_k, x, y, PEER_BATCH, "cpu", k=k
            )
            rates[direction, k] = float((recall > 0).double().mean())
    return rates


def torchmetrics(e: Embeddings) -> Rates:
    """Run one RetrievalHitRate for each direction and K."""
    scores = torch.from_numpy(e.captions) @ torch.from_numpy(e.images).T
    right = torch.zeros_like(scores, dtype=torch.bool)
    right[torch.arange(CAPTIONS), torch.from_numpy(e.image_index)] = True
    rates: Rates = {}
    for direction, x, y in (
        ("text_to_image", scores, right),
        ("image_to_text", scores.T, right.T),
    ):
        query = torch.arange(len(x))[:, None].expand(x.shape).flatten()
        for k in KS:
            metric = RetrievalHitRate(top_k=k)
            metric.update(x.flatten(), y.flatten(), query)
            rates[direction, k] = float(metric.compute())
    return rates


def main() -> None:
    """Measure, print and write `retrieval_metrics.json`."""
    e = features()
    seconds, bare = beside_product(e)
    expected = ours(e)
    our_memory = _peak_growth(lambda: ours(e))
    found, clip_seconds = _timed(lambda: clip_benchmark(e))
    clip_memory = _peak_growth(lambda: clip_benchmark(e))
    found_torch, torch_seconds = _timed(lambda: torchmetrics(e))
    gap, gap_torch = _gap(expected, found), _gap(expected, found_torch)
    rows = [
        Row(f"clip_benchmark, {SIZE}", seconds, clip_seconds, clip_seconds / seconds, 20.0, gap,
            "s", BOUND),
        Row(f"clip_benchmark, peak memory, {SIZE}", our_memory, clip_memory,
            clip_memory / our_memory, 10.0, gap, "MiB", "the distinct captions, kept once"),
        Row(f"torchmetrics RetrievalHitRate, {SIZE}", seconds, torch_seconds,
            torch_seconds / seconds, 50.0, gap_torch, "s", BOUND),
        Row(f"one bare BLAS product, {SIZE}", seconds, bare, bare / seconds, 1 / 2.5, None,
            "s", BOUND),
    ]  # fmt: skip
    record(Path(__file__).stem, rows)


def beside_product(e: Embeddings) -> tuple[float, float]:
    """Return the median seconds of ours and of the bare product, measured in turn."""
    space = np.empty((CAPTIONS, IMAGES), np.float32)

    def product() -> Floats:
        return np.matmul(e.captions, e.images.T, out=space)

    ours(e), product()  # warm up
    turns = [(_timed(lambda: ours(e))[1], _timed(product)[1]) for _ in range(REPEATS)]
    seconds, bare = (statistics.median(times) for times in zip(*turns, strict=True))
    return seconds, bare


def _unit(x: npt.NDArray[np.float32]) -> Floats:
    return np.asarray(x / np.linalg.norm(x, axis=1, keepdims=True), np.float32)


def _timed(task: Callable[[], Result]) -> tuple[Result, float]:
    start = time.perf_counter()
    result = task()
    return result, time.perf_counter() - start


def _peak_growth(task: Callable[[], object]) -> float:
    """Return by how many MiB the resident memory grows at most while the task runs (Linux)."""
    Path("/proc/self/clear_refs").write_text("5")  # the peak starts anew
    before = _status("VmRSS")
    task()
    return (_status("VmHWM") - before) / 1024


def _status(name: str) -> int:
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith(name))


def _gap(one: Rates, other: Rates) -> float:
    return max(abs(one[key] - other[key]) for key in one)


if __name__ == "__main__":
    main()
