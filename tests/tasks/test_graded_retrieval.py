import math
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from wfa.retrieval.embeddings import Embeddings
from wfa.tasks.graded_retrieval import graded_text_to_image, label_sets

LABELS = [frozenset(own) for own in ("ab", "a", "c", "abc", "ab", "")]


def made(labels: Sequence[frozenset[str]], owners: Sequence[int], seed: int = 0) -> Embeddings:
    rng = np.random.default_rng(seed)

    def unit(count: int) -> np.ndarray:
        values = rng.normal(size=(count, 4)).astype(np.float32)
        normalised: np.ndarray = values / np.linalg.norm(values, axis=1, keepdims=True)
        return normalised

    images, captions = len(labels), len(owners)
    return Embeddings(
        images=unit(images), captions=unit(captions), image_index=np.array(owners),
        caption_ids=np.arange(captions), aggregated=unit(images),
        image_names=tuple(map(str, range(images))),
    )  # fmt: skip


def overlap(first: frozenset[str], second: frozenset[str]) -> float:
    either = first | second
    return len(first & second) / len(either) if either else 1.0


def naive(
    scores: list[float], own: int, k: int, labels: Sequence[frozenset[str]] = LABELS
) -> float:
    gains = [overlap(labels[own], other) for other in labels]
    order = sorted(range(len(gains)), key=lambda place: -scores[place])
    dcg = sum(gains[place] / math.log2(rank + 2) for rank, place in enumerate(order[:k]))
    best = sum(gain / math.log2(rank + 2)
               for rank, gain in enumerate(sorted(gains, reverse=True)[:k]))  # fmt: skip
    return dcg / best


@pytest.mark.parametrize("k", [1, 3, 6, 10])
def test_ndcg_against_a_loop(k: int) -> None:
    embeddings = made(LABELS, [0, 0, 1, 2, 3, 3, 4, 5, 5])
    found = graded_text_to_image(embeddings, LABELS, k)
    for name, queries, owners in (
        ("single", embeddings.captions, embeddings.image_index.tolist()),
        ("aggregated", embeddings.aggregated, list(range(6))),
    ):
        scores = (queries @ embeddings.images.T).tolist()
        expected = [naive(row, own, k) for row, own in zip(scores, owners, strict=True)]
        assert found[name] == pytest.approx(np.mean(expected), abs=1e-6)


def test_sets_that_many_images_share() -> None:
    """The ideal order takes all images of a set before those of the next."""
    rng = np.random.default_rng(1)
    labels = [frozenset("abcd"[: rng.integers(1, 5)]) for _ in range(30)]
    embeddings = made(labels, range(30))
    scores = (embeddings.captions @ embeddings.images.T).tolist()
    expected = [naive(row, own, 10, labels) for own, row in enumerate(scores)]
    found = graded_text_to_image(embeddings, labels)
    assert found["single"] == pytest.approx(np.mean(expected), abs=1e-6)


def test_labels_are_read_from_the_metadata(tmp_path: Path) -> None:
    assert label_sets(tmp_path, ["p"]) is None
    table = {
        "patch_id": ["p", "q", "r"],
        "labels": [["Pastures"], ["Pastures", "Mixed forest"], []],
    }
    pq.write_table(pa.table(table), tmp_path / "metadata.parquet")
    assert label_sets(tmp_path, ["q", "p"]) == [
        frozenset({"Pastures", "Mixed forest"}), frozenset({"Pastures"}),
    ]  # fmt: skip
    assert label_sets(tmp_path, ["p", "x"]) is None
