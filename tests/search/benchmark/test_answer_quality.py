import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.search.benchmark.made import embeddings, unit
from wfa.retrieval.evaluate import evaluate_retrieval
from wfa.retrieval.exact_search import ExactIndex
from wfa.retrieval.relevance import single_texts
from wfa.search.benchmark.answer_quality import (
    Task,
    ann_recall,
    exact_thresholds,
    task_of,
    task_rates,
)


@settings(max_examples=40, deadline=None)
@given(st.integers(1, 40), st.integers(1, 10), st.integers(1, 6), st.integers(0, 99))
def test_recall_is_a_naive_count_and_ties_are_equal(
    gallery: int, k: int, queries: int, seed: int
) -> None:
    rng = np.random.default_rng(seed)
    g = rng.integers(-1, 2, (max(gallery, k), 3)).astype(np.float32)  # many equal scores
    q = rng.integers(-1, 2, (queries, 3)).astype(np.float32)
    scores = q @ g.T
    thresholds = exact_thresholds(q, g, k)
    assert np.array_equal(thresholds, -np.sort(-scores, axis=1)[:, k - 1])
    found = rng.integers(-1, len(g), (queries, k))
    naive = [
        row >= 0 and scores[query, row] >= thresholds[query]
        for query in range(queries)
        for row in found[query]
    ]
    assert ann_recall(found, q, g, thresholds) == pytest.approx(np.mean(naive))
    other_order = np.argsort(-scores[:, ::-1], axis=1, kind="stable")[:, :k]
    assert ann_recall(len(g) - 1 - other_order, q, g, thresholds) == 1


def test_thresholds_over_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    gallery, queries = unit(1000), unit(20, seed=1)
    whole = exact_thresholds(queries, gallery, 10)
    monkeypatch.setattr("wfa.search.benchmark.answer_quality._GALLERY_AT_ONCE", 7)
    assert np.array_equal(exact_thresholds(queries, gallery, 10), whole)


def test_rates_of_exact_answers_are_those_of_evaluation() -> None:
    made = embeddings()
    task = task_of(single_texts(made), 10_000)
    hits = ExactIndex(made.images).search(task.queries, 10)
    rows = evaluate_retrieval(made, "", "", protocols=("strict",), queries=("single",)).rows
    expected = {
        row.metric: row.value
        for row in rows
        if row.direction == "text_to_image" and row.metric.startswith("R@") and not row.oracle
    }
    found = task_rates(task, hits.rows, hits.scores, (1, 5, 10))
    assert found == pytest.approx(expected)
    assert 0 < found["R@1"] < found["R@10"] < 1


def test_a_tie_with_a_wrong_image_is_lost() -> None:
    task = Task(unit(2), np.array([0, 1, 1]), np.array([4, 5, 9]))
    found = np.array([[4, 3, -1], [3, 5, 2]])
    scores = np.array([[0.5, 0.5, -np.inf], [0.9, 0.8, 0.8]], np.float32)
    rates = task_rates(task, found, scores, (1, 2, 3))
    # Item 0 ties for the first place: rank 2. Item 1 ties for the second: rank 3. Item 2: missed.
    assert rates == pytest.approx({"R@1": 0, "R@2": 1 / 3, "R@3": 2 / 3})


def test_fewer_queries_keep_all_their_items() -> None:
    made = embeddings()
    texts = single_texts(made)
    task = task_of(texts, 17, seed=1)
    assert task.queries.shape[0] == 17
    kept = {tuple(row) for row in task.queries.tolist()}
    items = [n for n, row in enumerate(texts.row) if tuple(texts.features[row].tolist()) in kept]
    assert np.array_equal(task.image, texts.image[items])
    assert np.array_equal(task.queries[task.row], texts.features[texts.row[items]])
