import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import average_precision_score, ndcg_score

from wfa.errors import ConfigError
from wfa.retrieval.embeddings import Floats
from wfa.retrieval.graded import gains_of_classes, gains_of_labels, graded_metrics

NAMES = "abcd"


def features(rows: int, seed: int) -> Floats:
    found: Floats = np.random.default_rng(seed).normal(size=(rows, 8)).astype(np.float32)
    found /= np.linalg.norm(found, axis=1, keepdims=True)
    return found


def overlap(one: frozenset[str], other: frozenset[str]) -> float:
    return len(one & other) / len(one | other) if one | other else 1.0


LABELS = st.lists(st.frozensets(st.sampled_from(NAMES)), min_size=2, max_size=30)


@settings(max_examples=40, deadline=None)
@given(LABELS, st.integers(1, 40), st.integers(0, 9))
def test_captions_are_graded_as_scikit_learn_does(
    labels: list[frozenset[str]], k: int, seed: int
) -> None:
    images, queries = features(len(labels), seed), features(2 * len(labels), seed + 10)
    owner = np.arange(2 * len(labels)) % len(labels)
    found = graded_metrics(images, queries, gains_of_labels(labels, owner), (k, len(labels)))
    scores = (queries @ images.T).astype(np.float64)
    gains = np.array([[overlap(labels[own], other) for other in labels] for own in owner])
    assert found[f"nDCG@{k}"] == pytest.approx(ndcg_score(gains, scores, k=k), abs=1e-6)
    precision = [average_precision_score(g > 0, s) for g, s in zip(gains, scores, strict=True)]
    assert found[f"mAP@{len(labels)}"] == pytest.approx(np.mean(precision), abs=1e-6)


@settings(max_examples=40, deadline=None)
@given(LABELS, st.integers(1, 10), st.integers(0, 9))
def test_class_names_are_graded_by_who_bears_them(
    labels: list[frozenset[str]], k: int, seed: int
) -> None:
    images, queries = features(len(labels), seed), features(len(NAMES), seed + 10)
    gains = gains_of_classes(labels, NAMES)
    asked = [place for place, name in enumerate(NAMES) if any(name in own for own in labels)]
    if not asked:
        with pytest.raises(ConfigError, match="no query has a relevant image"):
            graded_metrics(images, queries, gains, (k,))
        return
    found = graded_metrics(images, queries, gains, (k,))
    expected = []
    for place in asked:
        order = np.argsort(-(images @ queries[place]))[:k].tolist()
        right = [NAMES[place] in labels[row] for row in order]
        total = sum(sum(right[: n + 1]) / (n + 1) for n, hit in enumerate(right) if hit)
        expected.append(total / min(k, sum(NAMES[place] in own for own in labels)))
    assert found[f"mAP@{k}"] == pytest.approx(np.mean(expected))


def test_by_hand() -> None:
    images = np.eye(3, dtype=np.float32)
    queries = np.array([[0.1, 0.9, 0.2]], np.float32)  # the second image, then the third
    labels = [frozenset("ab"), frozenset("a"), frozenset("c")]
    found = graded_metrics(images, queries, gains_of_labels(labels, np.array([0])), (1, 3))
    assert found["nDCG@1"] == pytest.approx(0.5)
    assert found["nDCG@3"] == pytest.approx((0.5 + 1 / 2) / (1 + 0.5 / np.log2(3)))
    assert found["mAP@1"] == 1.0
    assert found["mAP@3"] == pytest.approx((1 + 2 / 3) / 2)


def test_a_k_below_one_is_refused() -> None:
    images = np.eye(2, dtype=np.float32)
    labels = [frozenset("a"), frozenset("b")]
    with pytest.raises(ConfigError, match=r"K of at least 1, .*not \(0,\)"):
        graded_metrics(images, images, gains_of_labels(labels, np.arange(2)), (0,))
