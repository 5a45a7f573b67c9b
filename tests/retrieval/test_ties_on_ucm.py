"""What `expected` says of real captions is the mean over orders, as public code would find it."""

from collections.abc import Callable

import numpy as np
import pytest

from tests.search.conftest import SMALL
from wfa.captions.folding import caption_ids
from wfa.options.run_config import resolve
from wfa.retrieval.embeddings import Embeddings, Floats, Integers
from wfa.retrieval.evaluate import mean_recall
from wfa.runs.parts import Parts

SHUFFLES = 1000
KS = (1, 5, 10)
Captions = list[list[str]]


def unit(features: Floats) -> Floats:
    return np.asarray(features / np.linalg.norm(features, axis=1, keepdims=True), np.float32)


@pytest.fixture(scope="module")
def embeddings(real_captions: Callable[..., Captions]) -> Embeddings:
    """Texts of an untrained run; an image lies near its own, as after a training."""
    captions = real_captions("ucm_captions", "test")
    flat = [text for own in captions for text in own]
    index = np.repeat(np.arange(len(captions)), [len(own) for own in captions])
    ids = caption_ids(flat)
    first = np.unique(ids, return_index=True)[1]
    side = Parts(resolve(SMALL)).model.eval().text_side
    texts = side.encode([flat[place] for place in first.tolist()]).numpy()[ids]
    means = np.array([texts[index == image].mean(0) for image in range(len(captions))])
    noise = np.random.default_rng(0).standard_normal(means.shape)
    images = unit(means + 0.3 * np.linalg.norm(means, axis=1).mean() * noise / 4)
    names = tuple(map(str, range(len(captions))))
    return Embeddings(images, texts, index, ids, unit(means), names)


def hits(scores: Floats, right: np.ndarray, order: Integers) -> list[float]:
    """Evaluate as `np.argsort(...)[::-1]` does, the gallery standing in some order."""
    ranked = np.argsort(scores[:, order], axis=1)[:, ::-1][:, : max(KS)]
    found = np.take_along_axis(right[:, order], ranked, axis=1)
    return [float(found[:, :k].any(1).mean()) for k in KS]


@pytest.mark.slow
def test_expected_is_the_mean_over_shuffled_orders(embeddings: Embeddings) -> None:
    distinct, first = np.unique(embeddings.caption_ids, return_index=True)
    place = np.searchsorted(distinct, embeddings.caption_ids)
    exact = embeddings.images.astype(np.float64) @ embeddings.captions[first].T.astype(np.float64)
    scores = exact.astype(np.float32)[:, place]  # equal captions tie exactly
    right = embeddings.image_index == np.arange(len(embeddings.images))[:, None]
    rng = np.random.default_rng(1)
    rates = [
        hits(scores, right, rng.permutation(scores.shape[1]))
        + hits(scores.T, right.T, rng.permutation(len(scores)))
        for _ in range(SHUFFLES)
    ]
    found = {ties: mean_recall(embeddings, ties=ties) for ties in ("worst", "expected")}
    assert 100 * abs(found["expected"]["mR"] - np.mean(rates)) < 0.1
    names = [f"{way}/R@{k}" for way in ("image_to_text", "text_to_image") for k in KS]
    for name, mean in zip(names, np.mean(rates, axis=0), strict=True):
        assert 100 * abs(found["expected"][name] - mean) < 0.3, name
    assert 100 * (found["expected"]["mR"] - found["worst"]["mR"]) > 2  # ties decide here
