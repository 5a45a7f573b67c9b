"""Graded text-to-image retrieval at the size of BigEarthNet v2's test split, on its real labels.

    WFA_DATA_DIR=... python experiments/benchmarks/label_retrieval.py --captions 2000 --width 128

The labels are those of all test patches of `bigearthnet_v2_metadata/metadata.parquet`. The features
are drawn: an image's is the mean of a random direction for each of its labels plus noise; a class
name's is the direction of its class, a caption's that of the image it describes with other noise.
The figures say nothing of a model; speed and memory are those of any features of this width. The
peer sorts the whole row of scores of each caption, and gains are computed for all images.
"""

import argparse
import os
import resource
import sys
import time
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
from _record import Row, record
from numpy.typing import NDArray

from wfa.retrieval.graded import gains_of_classes, gains_of_labels, graded_metrics

Floats = NDArray[np.float32]
PEER = 20
"""Captions that the peer ranks: its time for each is the same."""
K = 100


def main() -> None:
    """Measure both kinds of query and write `label_retrieval.json`."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--captions", type=int, default=2_000, help="captions that ask")
    parser.add_argument("--width", type=int, default=128, help="width of the features")
    arguments = parser.parse_args()
    labels = test_labels()
    classes = sorted(set().union(*labels))
    rng = np.random.default_rng(0)
    names = rng.normal(size=(len(classes), arguments.width))
    meant = member(labels, classes) @ names
    images = noisy(meant, rng)
    asked = rng.choice(len(labels), arguments.captions, replace=False)
    captions = noisy(meant[asked], rng)
    rows = [
        by_class(images, noisy(names, rng), labels, classes),
        by_caption(images, captions, labels, asked),
    ]
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    held = images.nbytes / 2**20
    rows.append(Row(
        f"peak memory, {len(images):,} images x {images.shape[1]} ({held:.0f} MiB)", memory, None,
        None, None, None, "MiB", "the features twice, labels as Python sets, packages",
    ))  # fmt: skip
    record("label_retrieval", rows)


def test_labels() -> list[frozenset[str]]:
    """Read the labels of all test patches."""
    root = os.environ.get("WFA_DATA_DIR")
    if root is None:
        sys.exit("set WFA_DATA_DIR to the folder that holds bigearthnet_v2_metadata")
    path = Path(root) / "bigearthnet_v2_metadata" / "metadata.parquet"
    table = pq.read_table(path, columns=["labels"], filters=[("split", "=", "test")])
    return [frozenset(own) for own in table["labels"].to_pylist()]


def member(labels: list[frozenset[str]], classes: list[str]) -> Floats:
    """Say which image bears which class, as shares of its labels."""
    place = {name: number for number, name in enumerate(classes)}
    found = np.zeros((len(labels), len(classes)), np.float32)
    for row, own in enumerate(labels):
        found[row, [place[name] for name in own]] = 1 / len(own)
    return found


def noisy(meant: NDArray[np.float64], rng: np.random.Generator) -> Floats:
    """Add noise as large as what is meant, and normalise."""
    found: Floats = (meant + 0.7 * rng.normal(size=meant.shape)).astype(np.float32)
    found /= np.linalg.norm(found, axis=1, keepdims=True)
    return found


def by_class(
    images: Floats, queries: Floats, labels: list[frozenset[str]], classes: list[str]
) -> Row:
    """Ask once for each class."""
    start = time.perf_counter()
    found = graded_metrics(images, queries, gains_of_classes(labels, classes), (10, K))
    seconds = time.perf_counter() - start
    return Row(
        f"{len(classes)} class names -> {len(images):,} images: {shown(found)}", seconds, None,
        None, None, None, "s", "building the index and numbering label sets",
    )  # fmt: skip


def by_caption(
    images: Floats, queries: Floats, labels: list[frozenset[str]], asked: NDArray[np.int64]
) -> Row:
    """Ask with a caption of each of some images, and compare nDCG with that of sorted rows."""
    start = time.perf_counter()
    found = graded_metrics(images, queries, gains_of_labels(labels, asked), (10, K))
    ours = len(queries) / (time.perf_counter() - start)
    own = graded_metrics(images, queries[:PEER], gains_of_labels(labels, asked[:PEER]), (K,))
    start = time.perf_counter()
    theirs = np.mean([sorted_ndcg(images, queries[row], labels, asked[row]) for row in range(PEER)])
    peer = PEER / (time.perf_counter() - start)
    return Row(
        f"{len(queries):,} captions -> {len(images):,} images: {shown(found)}", ours, peer,
        ours / peer, None, abs(float(theirs) - own[f"nDCG@{K}"]), "queries/s", "the product",
    )  # fmt: skip


def sorted_ndcg(images: Floats, query: Floats, labels: list[frozenset[str]], own: int) -> float:
    """Sort all images by score and, for the best order, by gain."""
    wanted = labels[own]
    gains = np.array([len(wanted & other) / len(wanted | other) for other in labels])
    order = np.argsort(-(images @ query), kind="stable")[:K]
    discounts = 1 / np.log2(np.arange(K) + 2)
    return float(gains[order] @ discounts / (np.sort(gains)[::-1][:K] @ discounts))


def shown(found: dict[str, float]) -> str:
    """Give the figures in one line."""
    return ", ".join(f"{name} {value:.3f}" for name, value in found.items())


if __name__ == "__main__":
    main()
