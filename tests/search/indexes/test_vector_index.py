from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from wfa.errors import SearchIndexError
from wfa.retrieval.embeddings import Floats
from wfa.search.indexes.vector_index import VectorIndex, build_index

FACTORIES = (
    "Flat", "SQ8", "SQfp16", "PQ8x4fs", "RR16,RaBitQ", "IVF8,Flat", "OPQ8,IVF8,PQ8np",
    "IVF8,PQ8x4fs", "RR16,IVF8,RaBitQ", "HNSW16", "HNSW16_SQ8",
)  # fmt: skip


def unit(count: int, width: int = 16, seed: int = 0) -> Floats:
    x = np.random.default_rng(seed).standard_normal((count, width), dtype=np.float32)
    return np.asarray(x / np.linalg.norm(x, axis=1, keepdims=True), np.float32)


def exhaustive(index: VectorIndex) -> VectorIndex:
    """Set an index so that with exact re-ranking it finds everything."""
    parameters = {"k_factor_rf": 300}
    if "IVF" in index.factory:
        parameters["nprobe"] = 8
    if "HNSW" in index.factory:
        parameters["efSearch"] = 300
    index.set_parameters(parameters)
    return index


@pytest.mark.parametrize("factory", FACTORIES)
def test_reranking_everything_is_exact_search(factory: str) -> None:
    gallery, queries = unit(300), unit(20, seed=1)
    ids = np.random.default_rng(2).permutation(1000)[:300]
    hits = exhaustive(build_index(factory, gallery, rerank="fp32", ids=ids)).search(queries, 10)
    scores = queries @ gallery.T
    best = np.argsort(-scores, axis=1)[:, :10]
    assert np.mean(hits.rows == ids[best]) > 0.99
    assert hits.scores == pytest.approx(np.take_along_axis(scores, best, 1), abs=1e-5)


@pytest.mark.slow
@pytest.mark.parametrize("rerank", ["none", "fp16"])
@pytest.mark.parametrize("factory", FACTORIES)
def test_adding_and_removing_without_a_rebuild(factory: str, rerank: str) -> None:
    gallery = unit(300)
    index = build_index(factory, gallery, rerank=rerank, ids=np.arange(300))
    if rerank != "none":
        index = exhaustive(index)
    elif "IVF" in factory:
        index.set_parameters({"nprobe": 8})
    gone = np.arange(0, 300, 2)
    index.remove(gone)
    assert len(index) == 150
    hits = index.search(gallery, 5)
    assert not np.isin(hits.rows, gone).any()
    assert np.all(hits.rows >= 0)
    assert np.mean(hits.rows[1::2, 0] == np.arange(1, 300, 2)) > 0.7  # codes alone may err
    new = unit(3, seed=9)
    index.add(new, np.array([500, 501, 502]))
    assert len(index) == 153
    assert np.array_equal(np.sort(index.ids), [*range(1, 300, 2), 500, 501, 502])
    assert np.mean(index.search(new, 1).rows[:, 0] == [500, 501, 502]) >= 2 / 3


@settings(max_examples=30, deadline=None)
@given(st.sets(st.integers(0, 29), max_size=29), st.integers(1, 30), st.booleans())
def test_any_removal_leaves_exact_search_of_the_rest(
    gone: set[int], k: int, with_ids: bool
) -> None:
    gallery, queries = unit(30), unit(4, seed=1)
    index = build_index("Flat", gallery, ids=np.arange(30) if with_ids else None)
    index.remove(np.array(sorted(gone), np.int64))
    rest = np.setdiff1d(np.arange(30), list(gone))
    assert np.array_equal(index.ids, rest)
    if k > len(rest):
        with pytest.raises(SearchIndexError, match=f"k={k} must be from 1 to"):
            index.search(queries, k)
        return
    scores = queries @ gallery[rest].T
    expected = rest[np.argsort(-scores, axis=1)[:, :k]]
    assert np.array_equal(index.search(queries, k).rows, expected)


def test_without_ids_places_go_on() -> None:
    index = build_index("IVF4,Flat", unit(50))
    index.set_parameters({"nprobe": 4})
    index.add(unit(2, seed=5))
    assert np.array_equal(index.search(unit(2, seed=5), 1).rows[:, 0], [50, 51])


def test_the_same_vectors_give_the_same_index() -> None:
    found = [build_index("IVF8,PQ8x4fs", unit(400)).search(unit(9, seed=3), 5) for _ in range(2)]
    assert np.array_equal(found[0].rows, found[1].rows)


def test_no_query_gives_no_answer() -> None:
    index = build_index("Flat", unit(3), ids=np.arange(3))
    assert index.search(unit(3)[:0], 2).rows.shape == (0, 2)


def test_what_does_not_fit_is_named() -> None:
    index = build_index("Flat", unit(3), ids=np.array([3, 4, 5]))
    broken = unit(3)
    broken[1, 0] = np.nan
    cases: list[tuple[Callable[[], object], str]] = [
        (lambda: build_index("Flat", broken), "the vectors: NaN or infinite values in 1 rows"),
        (lambda: build_index("Flat", unit(0)), "no vectors"),
        (lambda: build_index("IVF8,Flat", unit(7)), "too few for 8 centroids"),
        (lambda: index.search(unit(2, width=8), 1), "8 wide and the index 16"),
        (lambda: index.search(broken, 1), "the queries: NaN"),
        (lambda: index.search(unit(1), 4), "k=4 must be from 1 to the size of the gallery, 3"),
        (lambda: index.search(unit(1), 0), "k=0"),
        (lambda: index.add(unit(1)), "needs ids"),
        (lambda: index.add(unit(1), np.array([4])), "4 is taken"),
        (lambda: index.add(unit(2), np.array([7, 7])), "twice"),
        (lambda: index.add(unit(2), np.array([7])), "2 vectors need as many"),
        (lambda: index.add(unit(1), np.array([-1])), "ids from 0"),
        (lambda: index.remove(np.array([9])), "id 9 is not in the index"),
        (lambda: build_index("Flat", unit(2)).add(unit(1), np.array([1])), "built without ids"),
    ]  # fmt: skip
    for task, message in cases:
        with pytest.raises(SearchIndexError, match=message):
            task()


def test_a_removed_id_is_not_used_again() -> None:
    index = build_index("HNSW8", unit(5), ids=np.arange(5))
    index.remove(np.array([2]))
    with pytest.raises(SearchIndexError, match="2 is taken"):
        index.add(unit(1), np.array([2]))
    with pytest.raises(SearchIndexError, match="id 2 is not"):
        index.remove(np.array([2]))
