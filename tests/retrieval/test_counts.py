import tracemalloc

import numpy as np
import pytest

from wfa.retrieval.counts import count_reached, pair_scores, rounding_bound
from wfa.retrieval.embeddings import Floats
from wfa.retrieval.relevance import Texts, right_pairs


def texts_of(features: Floats, images: int, seed: int = 0) -> Texts:
    """Give every row of features to several items, spread over the images."""
    rng = np.random.default_rng(seed)
    row = np.concatenate([np.arange(len(features)), rng.integers(0, len(features), images)])
    image = np.concatenate([rng.integers(0, images, len(features)), np.arange(images)])
    return Texts(features, row, image, row, row, tuple(map(str, range(len(row)))))


def drawn(rows: int, width: int, seed: int, spread: float = 1.0) -> Floats:
    rng = np.random.default_rng(seed)
    x = np.ones(width) + spread * rng.standard_normal((rows, width))
    return np.asarray(x / np.linalg.norm(x, axis=1, keepdims=True), np.float32)


@pytest.mark.parametrize("spread", [1.0, 1e-3, 1e-6])
@pytest.mark.parametrize("chunk", [3, 300])
def test_counts_equal_those_of_all_scores_in_float64(spread: float, chunk: int) -> None:
    images, features = drawn(300, 32, 1, spread), drawn(90, 32, 2, spread)
    texts = texts_of(features, 300)
    pairs = right_pairs(texts)
    counts = count_reached(images, texts, pairs, chunk)
    scores = (features.astype(float) @ images.astype(float).T).astype(np.float32)
    own = scores[pairs.text, pairs.image]
    assert np.array_equal(counts.scores, own)
    assert np.array_equal(counts.images.at_least, (scores[pairs.text] >= own[:, None]).sum(1))
    assert np.array_equal(counts.images.above, (scores[pairs.text] > own[:, None]).sum(1))
    for name, by_image in (
        ("at_least", scores[:, pairs.image] >= own),
        ("above", scores[:, pairs.image] > own),
    ):
        assert np.array_equal(getattr(counts.distinct_texts, name), by_image.sum(0))
        assert np.array_equal(getattr(counts.texts, name), by_image[texts.row].sum(0))


def test_progress_is_told_block_by_block(shown: list[tuple[str, int, int]]) -> None:
    texts = texts_of(drawn(20, 8, 2), 50)
    count_reached(drawn(50, 8, 1), texts, right_pairs(texts), 20)
    assert shown == [("scoring", 1, 3), ("scoring", 2, 3), ("scoring", 3, 3)]


def test_features_need_not_be_normalised() -> None:
    rng = np.random.default_rng(3)
    images = rng.integers(-9, 10, (40, 7)).astype(np.float32)
    texts = texts_of(rng.integers(-9, 10, (25, 7)).astype(np.float32), 40)
    pairs = right_pairs(texts)
    counts = count_reached(images, texts, pairs, 16)
    scores = texts.features @ images.T
    own = scores[pairs.text, pairs.image]
    assert np.array_equal(counts.images.at_least, (scores[pairs.text] >= own[:, None]).sum(1))
    assert np.array_equal(counts.images.above, (scores[pairs.text] > own[:, None]).sum(1))


@pytest.mark.parametrize(("width", "spread"), [(3, 1.0), (64, 1.0), (512, 0.3), (1536, 1.0)])
def test_no_product_leaves_the_rounding_bound(width: int, spread: float) -> None:
    images, texts = drawn(200, width, 4, spread), drawn(1500, width, 5, spread)
    exact = images.astype(float) @ texts.astype(float).T
    assert np.abs(images @ texts.T - exact).max() < rounding_bound(images, texts)


def test_a_score_depends_on_its_two_rows_only() -> None:
    images, texts = drawn(50, 96, 6), drawn(60, 96, 7)
    rng = np.random.default_rng(8)
    i, t = rng.integers(0, 50, 3000), rng.integers(0, 60, 3000)
    together = pair_scores(images, texts, i, t)
    alone = [pair_scores(images[a : a + 1], texts[b : b + 1], np.array([0]), np.array([0]))[0]
             for a, b in zip(i[:200], t[:200], strict=True)]  # fmt: skip
    assert together[:200].tolist() == alone
    assert pair_scores(images, texts, i[:0], t[:0]).shape == (0,)


def test_memory_is_that_of_a_block_not_of_the_matrix() -> None:
    images, texts = drawn(3000, 16, 9), texts_of(drawn(6000, 16, 10), 3000)
    pairs = right_pairs(texts)
    tracemalloc.start()
    count_reached(images, texts, pairs, 32)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 0.1 * 4 * 3000 * 6000
