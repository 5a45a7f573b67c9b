import faiss
import numpy as np
import pytest

from wfa.errors import SearchIndexError
from wfa.search.indexes.factory import (
    centroids_of,
    new_index,
    pinned_threads,
    sample_rows,
    set_parameters,
    train_index,
)
from wfa.search.indexes.training_needs import inner_indexes


@pytest.mark.parametrize(
    ("factory", "dimension", "message"),
    [
        ("IVFF,Flat", 8, "could not parse"),
        ("", 8, "makes no index ''"),
        ("PQ7", 8, "multiple of the number of subquantizers"),
    ],
)
def test_a_string_that_faiss_does_not_take(factory: str, dimension: int, message: str) -> None:
    with pytest.raises(SearchIndexError, match=message):
        new_index(factory, dimension)


def test_unknown_reranking() -> None:
    with pytest.raises(SearchIndexError, match="fp8"):
        new_index("Flat", 8, "fp8")


@pytest.mark.parametrize(
    ("factory", "centroids"),
    [("Flat", 0), ("SQ8", 0), ("IVF32,Flat", 32), ("PQ4x4fs", 16), ("OPQ4,IVF8,PQ4np", 256)],
)
def test_centroids(factory: str, centroids: int) -> None:
    assert centroids_of(new_index(factory, 16, "fp16", with_ids=True)) == centroids


def test_layers_reach_the_codes() -> None:
    kinds = [
        type(layer) for layer in inner_indexes(new_index("RR8,IVF4,SQ8", 8, "fp16", with_ids=True))
    ]
    assert kinds == [
        faiss.IndexIDMap, faiss.IndexRefine, faiss.IndexPreTransform,
        faiss.IndexIVFScalarQuantizer,
    ]  # fmt: skip


def test_too_few_training_points() -> None:
    index = new_index("IVF16,Flat", 4)
    with pytest.raises(SearchIndexError, match="15 training points are too few for 16"):
        train_index(index, np.eye(15, 4, dtype=np.float32))
    assert not index.is_trained


def test_training_says_nothing(capfd: pytest.CaptureFixture[str]) -> None:
    rng = np.random.default_rng(0)
    sample = rng.standard_normal((300, 8), dtype=np.float32)
    for factory in ("IVF16,Flat", "PQ4np", "OPQ4,IVF4,PQ4np", "IVF4,PQ4x4fs"):
        train_index(new_index(factory, 8), sample)
    assert capfd.readouterr() == ("", "")


def test_sample_rows_are_distinct_and_repeat() -> None:
    rows = sample_rows(100_000, 10, seed=3)
    assert len(rows) == 20_000
    assert np.all(np.diff(rows) > 0)
    assert rows.max() < 100_000
    assert np.array_equal(rows, sample_rows(100_000, 10, seed=3))
    assert len(sample_rows(100_000, 1000)) == 64_000
    assert np.array_equal(sample_rows(50, 1000), np.arange(50))


def test_parameters_reach_their_layer() -> None:
    index = new_index("RR8,IVF4,RaBitQ", 8, "fp16", with_ids=True)
    set_parameters(index, {"nprobe": 3, "k_factor_rf": 7, "qb": 4})
    _, refine, _, inverted = inner_indexes(index)
    assert (inverted.nprobe, refine.k_factor, inverted.qb) == (3, 7, 4)
    graph = new_index("HNSW8_SQ8", 8)
    set_parameters(graph, {"efSearch": 99})
    assert graph.hnsw.efSearch == 99


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"nprobe": 2}, "no search parameter 'nprobe'"),
        ({"qb": 2}, "belongs to RaBitQ"),
        ({"k_factor_rf": 0}, "at least 1"),
    ],
)
def test_parameters_that_the_index_lacks(parameters: dict[str, int], message: str) -> None:
    with pytest.raises(SearchIndexError, match=message):
        set_parameters(new_index("Flat", 8), parameters)


def test_threads_are_given_back() -> None:
    before = faiss.omp_get_max_threads()
    with pinned_threads(before + 1):
        assert faiss.omp_get_max_threads() == before + 1
    assert faiss.omp_get_max_threads() == before
