"""Ten million vectors on one machine: lists on the disk, built shard by shard and then asked.

    python experiments/benchmarks/search_on_disk.py FOLDER [--vectors 10000000] [--width 256]

The vectors are synthetic and say nothing of real images: a mixture of 4,096 Gaussians in 64 groups
with unequal shares, of half precision. Queries are fresh draws from it. FOLDER keeps the vectors,
the index and the figures of each stage; what is there is not done again, so an interrupted run
goes on (the seconds of a stage count from there). Each stage is a process of its own: its memory is
what it allocated, and beside that pages of mapped files, which the system takes back at need.
"""

import argparse
import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import faiss
import numpy as np
from _drawn_features import unit_rows
from _record import Row, record

from wfa.comparing.peak_memory import peak_bytes
from wfa.files import write_text
from wfa.retrieval.embeddings import Floats
from wfa.search.indexes.index_store import load_index
from wfa.search.indexes.on_disk import SHARD, build_on_disk

K, QUERIES, WANTED = 10, 200, 0.95
PROBES = (4, 8, 16, 32, 64, 128)
BLOCK = 50_000
GROUPS, EACH = 64, 64


@dataclass(frozen=True)
class HalfPrecisionFile:
    """Vectors in a file of float16, read where they are asked for and never mapped."""

    path: Path
    width: int

    @property
    def shape(self) -> tuple[int, int]:
        """(N, D)."""
        return self.path.stat().st_size // (2 * self.width), self.width

    def __getitem__(self, rows: slice) -> Any:
        """Return (rows, D) float16."""
        start, stop, _ = rows.indices(self.shape[0])
        items, skipped = (stop - start) * self.width, 2 * start * self.width
        return np.fromfile(self.path, np.float16, items, offset=skipped).reshape(-1, self.width)


def draws(width: int, block: int, count: int) -> Floats:
    """Draw a block of the mixture; the same block is always the same."""
    fixed = np.random.default_rng(0)
    groups = fixed.standard_normal((GROUPS, 1, width), np.float32)
    centres = groups + 0.4 * fixed.standard_normal((GROUPS, EACH, width), np.float32)
    centres = centres.reshape(-1, width)
    shares = fixed.lognormal(0, 1, len(centres))
    # Directions of unequal length, turned away from the axes: about 100 of them matter.
    spread = np.linalg.qr(fixed.standard_normal((width, width)))[0] * np.exp(
        -np.arange(width)[:, None] / 100
    )
    spread *= np.sqrt(width / (spread**2).sum())
    rng = np.random.default_rng([1, block])
    chosen = rng.choice(len(centres), count, p=shares / shares.sum())
    vectors = rng.standard_normal((count, width), np.float32) @ spread.astype(np.float32)
    vectors += centres[chosen]
    return unit_rows(vectors)


def make(asked: argparse.Namespace, source: HalfPrecisionFile) -> dict[str, float]:
    """Write the vectors block by block."""
    source.path.touch()
    done = source.shape[0] // BLOCK
    with source.path.open("r+b") as file:
        file.truncate(2 * asked.width * BLOCK * done)
        file.seek(0, os.SEEK_END)
        for block in range(done, asked.vectors // BLOCK):
            draws(asked.width, block, BLOCK).astype(np.float16).tofile(file)
    return {}


def queries(width: int) -> Floats:
    """Draw queries; no vector comes from their block."""
    return draws(width, 2**31, QUERIES)


def truth(asked: argparse.Namespace, source: HalfPrecisionFile) -> dict[str, Any]:
    """Find the best by exact search, block by block."""
    best = faiss.ResultHeap(QUERIES, K, keep_max=True)
    asking = queries(asked.width)
    for start in range(0, source.shape[0], BLOCK):
        block = source[start : start + BLOCK].astype(np.float32)
        scores, rows = faiss.knn(asking, block, K, faiss.METRIC_INNER_PRODUCT)
        best.add_result(scores, rows + start)
    best.finalize()
    return {"rows": best.I.tolist()}


def build(asked: argparse.Namespace, source: HalfPrecisionFile) -> dict[str, float]:
    """Build the index by the package's own way."""
    folder = asked.folder / "index"
    build_on_disk(asked.factory, source, folder, content="draws 1")
    return {"bytes": sum(path.stat().st_size for path in folder.iterdir())}


def search(asked: argparse.Namespace, source: HalfPrecisionFile) -> dict[str, Any]:
    """Ask one query at a time at rising effort; the first effort also from a cold disk."""
    exact = np.array(json.loads((asked.folder / "truth.json").read_text())["rows"])
    folder = asked.folder / "index"
    for path in folder.iterdir():
        with path.open("rb") as file:
            os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)
    index = load_index(folder)
    asking = queries(asked.width)
    points = []
    for cold in (True, False):
        for probes in (32,) if cold else PROBES:
            index.set_parameters({"nprobe": probes})
            taken, right = [], []
            for query, best in zip(asking, exact, strict=True):
                start = time.perf_counter()
                rows = index.search(query[None], K).rows[0]
                taken.append(time.perf_counter() - start)
                right.append(len(np.intersect1d(rows, best)) / K)
            points.append({
                "cold": cold, "nprobe": probes, "recall": float(np.mean(right)),
                "rate": QUERIES / sum(taken), "p95": float(np.percentile(taken, 95)),
            })  # fmt: skip
            print(points[-1], flush=True)
    return {"points": points}


STAGES: dict[str, Callable[..., dict[str, Any]]] = {
    "make": make, "truth": truth, "build": build, "search": search
}  # fmt: skip


def run_stage(name: str, asked: argparse.Namespace, source: HalfPrecisionFile) -> None:
    """Do a stage and write its figures: seconds of wall and processor, and the most memory."""
    most, done = [0], threading.Event()
    watching = threading.Thread(target=_watch, args=(most, done))
    watching.start()
    start = time.perf_counter()
    try:
        found = STAGES[name](asked, source)
    finally:
        done.set()
        watching.join()
    found |= {
        "seconds": time.perf_counter() - start, "cpu": time.process_time(),
        "allocated": most[0], "resident": peak_bytes(),
    }  # fmt: skip
    write_text(asked.folder / f"{name}.json", json.dumps(found) + "\n")


def _watch(most: list[int], done: threading.Event) -> None:
    while not done.wait(0.02):
        status = Path("/proc/self/status").read_text(encoding="ascii", errors="replace")
        line = next(line for line in status.splitlines() if line.startswith("RssAnon:"))
        most[0] = max(most[0], 1024 * int(line.split()[1]))


def rows(asked: argparse.Namespace, found: dict[str, Any], source: HalfPrecisionFile) -> list[Row]:
    """Make the rows of the figures of all stages."""
    count, width = source.shape
    built, asked_of, exact = found["build"], found["search"], found["truth"]
    cold = next(point for point in asked_of["points"] if point["cold"])
    warm = [point for point in asked_of["points"] if not point["cold"]]
    good = [point for point in warm if point["recall"] >= WANTED]
    best = max(good, key=lambda point: point["rate"]) if good else warm[-1]
    case = f"{count:,} x {width} (synthetic), {asked.factory} on the disk"
    raw = 2 * count * width
    rate = QUERIES / exact["seconds"]
    mib = 2**20
    return [
        Row(f"{case}, built in shards of {SHARD:,}, processor seconds", built["cpu"], None, None,
            None, None, "s", "finding the list of each vector"),
        Row(f"{case}, size; peer: the vectors in half precision", built["bytes"] / mib, raw / mib,
            raw / built["bytes"], None, None, "MiB", "codes of a byte a dimension, ids of 8"),
        Row(f"{case}, memory allocated while it was built (with mapped pages "
            f"{built['resident'] / mib:,.0f} MiB); peer: the whole index",
            built["allocated"] / mib, built["bytes"] / mib, built["bytes"] / built["allocated"],
            None, None, "MiB", "libraries, a shard's codes while its lists grow"),
        Row(f"{case}, nprobe={best['nprobe']}, recall@{K} {best['recall']:.3f}, one query at a "
            f"time, p95 {1000 * best['p95']:.0f} ms; peer: exact, {QUERIES} queries in one pass",
            best["rate"], rate, best["rate"] / rate, None, 1 - best["recall"], "queries/s",
            "reading the codes of the probed lists"),
        Row(f"{case}, nprobe={cold['nprobe']}, recall@{K} {cold['recall']:.3f}, one query at a "
            f"time from a cold disk, p95 {1000 * cold['p95']:.0f} ms; peer: as above",
            cold["rate"], rate, cold["rate"] / rate, None, 1 - cold["recall"], "queries/s",
            "the disk"),
        Row(f"{case}, memory allocated while it was searched (with mapped pages "
            f"{asked_of['resident'] / mib:,.0f} MiB); peer: the whole index",
            asked_of["allocated"] / mib, built["bytes"] / mib,
            built["bytes"] / asked_of["allocated"], None, None, "MiB", "libraries"),
    ]  # fmt: skip


def main() -> None:
    """Do what is missing, print and write `search_on_disk.json`."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--vectors", type=int, default=10_000_000)
    parser.add_argument("--width", type=int, default=256)
    parser.add_argument("--factory", default="IVF2048_HNSW32,SQ8")
    parser.add_argument("--stage", choices=STAGES, help=argparse.SUPPRESS)
    asked = parser.parse_args()
    asked.folder.mkdir(parents=True, exist_ok=True)
    source = HalfPrecisionFile(asked.folder / "vectors.f16", asked.width)
    if asked.stage:
        run_stage(asked.stage, asked, source)
        return
    found = {}
    for name in STAGES:
        path = asked.folder / f"{name}.json"
        if not path.is_file():
            subprocess.run([sys.executable, *sys.argv, "--stage", name], check=True)
        found[name] = json.loads(path.read_text(encoding="utf-8"))
        print(name, {key: value for key, value in found[name].items() if key != "rows"}, flush=True)
    record(Path(__file__).stem, rows(asked, found, source))


if __name__ == "__main__":
    main()
