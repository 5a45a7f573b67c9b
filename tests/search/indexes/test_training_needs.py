"""No string of any family, with any number of vectors, aborts or makes an index of no use."""

import os

import faiss
import numpy as np
import pytest

from wfa.errors import SearchIndexError
from wfa.search.indexes.factory import new_index
from wfa.search.indexes.training_needs import check_enough
from wfa.search.indexes.vector_index import build_index

FAMILIES = (
    "Flat", "SQ8", "SQ4", "SQfp16", "PQ4x4", "PQ4x4fs", "PQ8x8", "IVF4,Flat", "IVF4,SQ8",
    "IVF4,PQ4x4np", "IVF4,PQ4x4fsr", "IVF4,RaBitQ", "RaBitQ", "IVF64,Flat", "OPQ4,PQ4x4",
    "OPQ4_8,IVF4,PQ4x4", "OPQ16,PQ16x4", "PCA8,Flat", "PCAR8,SQ8", "PCAW8,Flat", "PCA64,Flat",
    "RR8,Flat", "ITQ16,LSH", "ITQ,Flat", "LSH", "LSHt", "L2norm,Flat", "Pad64,Flat", "HNSW0",
    "HNSW1", "HNSW2", "HNSW32", "HNSW16_SQ8", "HNSW16_PQ4x4", "HNSW32_PQ16", "HNSW16_2+PQ4",
    "IVF4_HNSW8,Flat", "IVF4_HNSW0,Flat", "IVF4_NSG8,Flat", "IVF0,Flat", "IVF00,SQ8", "NSG0",
    "NSG8", "NSG32", "NSG256", "RQ2x4", "RQ8x8", "IVF4,RQ2x4", "LSQ2x4", "PRQ2x2x4", "PLSQ2x2x4",
    "IDMap,Flat", "IDMap2,Flat", "Flat,RFlat", "Flat,Refine(SQ8)", "IMI2x2,Flat",
    "IVF999999999,Flat", "PQ4x24", "HNSW99999999", "IVF16(IVF4,Flat),Flat",
)  # fmt: skip
DIMENSION = 32


def outcome(factory: str, count: int) -> int:
    """Build and search in a process of its own: 0 works, 1 refused with a message, else wrong."""
    child = os.fork()
    if child == 0:
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, 2)
        try:
            faiss.omp_set_num_threads(1)
            rng = np.random.default_rng(count)
            vectors = rng.standard_normal((count, DIMENSION)).astype(np.float32)
            found = build_index(factory, vectors).search(vectors[:2], 1)
            os._exit(0 if np.isfinite(found.scores).any() else 3)
        except SearchIndexError:
            os._exit(1)
        except BaseException:
            os._exit(2)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


@pytest.mark.slow
@pytest.mark.parametrize("count", [1, 2, 17, 31, 32, 40, 101])
def test_every_family_works_or_is_refused(count: int) -> None:
    outcomes = {factory: outcome(factory, count) for factory in FAMILIES}
    assert {key: code for key, code in outcomes.items() if code not in (0, 1)} == {}
    assert outcomes["Flat"] == outcomes["SQ8"] == outcomes["HNSW32"] == 0
    assert count < 40 or sum(code == 0 for code in outcomes.values()) > 25


@pytest.mark.parametrize("factory", ["NSG8", "NSG32", "IVF64,Flat"])
def test_what_needed_more_works_with_more(factory: str) -> None:
    assert outcome(factory, 300) == 0


@pytest.mark.parametrize(
    ("factory", "words"),
    [
        ("OPQ16,PQ16x4", "31 training points are too few for 32 dimensions .OPQ"),
        ("PCA64,Flat", "too few for 64 dimensions .PCA"),
        ("HNSW32_PQ16", "too few for 256 centroids of codes .PQ"),
        ("RQ8x8", "too few for 256 centroids of codes .RQ"),
        ("NSG32", "too few for 256 vectors of a graph .NSG"),
        ("IVF40,Flat", "too few for 40 centroids of lists .IVF"),
    ],
)
def test_what_needs_more_is_named(factory: str, words: str) -> None:
    with pytest.raises(SearchIndexError, match=words):
        check_enough(new_index(factory, DIMENSION), 31)


@pytest.mark.parametrize(
    ("factory", "words"),
    [
        ("IDMap,Flat", "leave IDMap out"), ("Flat,RFlat", "set rerank=fp16"),
        ("HNSW0", "at least 2 neighbours"), ("IVF0,Flat", "at least one list"),
        ("IVF4_HNSW1,Flat", "at least 2"), ("NSG128", "4 to 64"), ("IVF9999999,Flat", "too much"),
    ],
)  # fmt: skip
def test_strings_of_no_use_are_refused_before_faiss(factory: str, words: str) -> None:
    with pytest.raises(SearchIndexError, match=words):
        new_index(factory, DIMENSION)
