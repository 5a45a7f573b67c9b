import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from wfa.errors import SearchIndexError
from wfa.retrieval.exact_search import ExactIndex


@settings(max_examples=50, deadline=None)
@given(st.integers(1, 30), st.integers(0, 9), st.integers(1, 40), st.integers(1, 10), st.data())
def test_search_finds_the_best_scores(
    gallery: int, queries: int, k: int, chunk: int, data: st.DataObject
) -> None:
    rng = np.random.default_rng(data.draw(st.integers(0, 99)))
    g = rng.integers(-2, 3, (gallery, 4)).astype(np.float32)
    q = rng.integers(-2, 3, (queries, 4)).astype(np.float32)
    hits = ExactIndex(g).search(q, k, chunk)
    scores = q @ g.T
    assert hits.rows.shape == hits.scores.shape == (queries, min(k, gallery))
    assert np.array_equal(hits.scores, -np.sort(-scores, axis=1)[:, :k])
    assert np.array_equal(np.take_along_axis(scores, hits.rows, axis=1), hits.scores)
    assert all(len(set(row)) == len(row) for row in hits.rows.tolist())
    tied = hits.scores[:, 1:] == hits.scores[:, :-1]
    assert np.all(np.diff(hits.rows, axis=1)[tied] > 0)


@pytest.fixture
def index() -> ExactIndex:
    return ExactIndex(np.eye(3, dtype=np.float32))


def test_length(index: ExactIndex) -> None:
    assert len(index) == 3


def test_gallery_must_be_usable() -> None:
    eye = np.eye(3, dtype=np.float32)
    with pytest.raises(SearchIndexError, match="nothing to search"):
        ExactIndex(eye[:0])
    with pytest.raises(SearchIndexError, match="found float64"):
        ExactIndex(np.eye(3))  # type: ignore[arg-type]
    with pytest.raises(SearchIndexError, match="1 rows, the first is row 2"):
        ExactIndex(np.array([[0], [1], [np.nan]], np.float32))


def test_queries_must_fit(index: ExactIndex) -> None:
    with pytest.raises(SearchIndexError, match="2 wide and the gallery 3"):
        index.search(np.ones((1, 2), np.float32), 1)
    with pytest.raises(SearchIndexError, match="queries: NaN"):
        index.search(np.full((1, 3), np.inf, np.float32), 1)
    with pytest.raises(SearchIndexError, match="k=0"):
        index.search(np.ones((1, 3), np.float32), 0)
