"""Scores by image: their mean is the mR that evaluation prints."""

from pathlib import Path

import numpy as np
import pytest

from wfa.comparing.image_scores import contributions, read_scores
from wfa.errors import RunError
from wfa.retrieval.embeddings import Embeddings
from wfa.retrieval.evaluate import RetrievalResult, evaluate_retrieval
from wfa.retrieval.ranks import write_ranks


@pytest.fixture
def measured() -> RetrievalResult:
    """Thirty images with one to four captions, some of them shared."""
    rng = np.random.default_rng(0)
    counts = rng.integers(1, 5, 30)
    index = np.repeat(np.arange(30), counts)
    ids = rng.integers(0, 60, len(index))
    ids = np.unique(ids, return_inverse=True)[1]

    def unit(features: np.ndarray) -> np.ndarray:
        length = np.linalg.norm(features, axis=1, keepdims=True)
        return np.asarray(features / length, np.float32)

    images = unit(rng.normal(size=(30, 6)))
    return evaluate_retrieval(
        Embeddings(
            images=images,
            captions=unit(rng.normal(size=(ids.max() + 1, 6)))[ids],
            image_index=index,
            caption_ids=ids.astype(np.int64),
            aggregated=unit(images + 0.5 * rng.normal(size=(30, 6))),
            image_names=tuple(f"a#{k}.png" for k in range(30)),  # a name may hold the sign itself
        ),
        "made", "test",
    )  # fmt: skip


def test_the_mean_over_images_is_what_was_printed(
    measured: RetrievalResult, tmp_path: Path
) -> None:
    write_ranks(tmp_path / "ranks.parquet", measured.ranks)
    found = read_scores(tmp_path / "ranks.parquet", "test")
    assert len(found) == 5
    for (protocol, queries), scores in found.items():
        rows = {
            (row.direction, row.metric): row.value
            for row in measured.rows
            if (row.protocol, row.queries, row.oracle, row.ties)
            == (protocol, queries, False, "worst")
        }
        assert contributions(scores).mean() == pytest.approx(rows["both", "mR"])
        texts = np.mean([rows["image_to_text", f"R@{k}"] for k in (1, 5, 10)])
        assert contributions(scores, (1,)).mean() == pytest.approx(texts)
        assert scores.queries[1].sum() == 30


def test_a_file_without_the_split(measured: RetrievalResult, tmp_path: Path) -> None:
    write_ranks(tmp_path / "ranks.parquet", measured.ranks)
    with pytest.raises(RunError, match="no ranks of the split 'bench'"):
        read_scores(tmp_path / "ranks.parquet", "bench")


def test_a_broken_file(tmp_path: Path) -> None:
    (tmp_path / "ranks.parquet").write_bytes(b"PAR1 nothing")
    with pytest.raises(RunError, match="cannot be read"):
        read_scores(tmp_path / "ranks.parquet", "test")
