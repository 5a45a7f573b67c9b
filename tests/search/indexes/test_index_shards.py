from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.search.indexes.test_vector_index import unit
from wfa.errors import SearchIndexError
from wfa.retrieval.embeddings import Floats
from wfa.search.indexes.factory import new_index, set_parameters, train_index
from wfa.search.indexes.index_shards import (
    build_shards,
    merge_in_memory,
    merge_on_disk,
    read_on_disk,
)


def search(index: Any, queries: Floats) -> tuple[Floats, Any]:
    set_parameters(index, {"nprobe": 3})
    found: tuple[Floats, Any] = index.search(queries, 10)
    return found


@pytest.mark.slow
@pytest.mark.parametrize("shards", [1, 3])
@pytest.mark.parametrize("factory", ["IVF8,Flat", "IVF8,SQ8", "OPQ8,IVF8,PQ8np"])
def test_a_merge_equals_a_single_build(tmp_path: Path, factory: str, shards: int) -> None:
    gallery, queries = unit(401), unit(30, seed=1)
    single = new_index(factory, 16)
    train_index(single, gallery)
    single.add(gallery)
    expected = search(single, queries)
    paths = build_shards(factory, gallery, tmp_path, shards)
    assert len(paths) == shards
    in_memory = search(merge_in_memory(tmp_path, paths), queries)
    on_disk = search(merge_on_disk(tmp_path, paths), queries)
    for scores, rows in (in_memory, on_disk):
        assert np.array_equal(rows, expected[1])
        assert np.array_equal(scores, expected[0])


def test_a_merged_folder_may_be_moved(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    gallery = unit(100)
    folder = tmp_path / "here"
    merge_on_disk(folder, build_shards("IVF4,Flat", gallery, folder, 2))
    folder.rename(tmp_path / "there")
    _, rows = search(read_on_disk(tmp_path / "there" / "merged.faiss"), gallery)
    assert np.array_equal(rows[:, 0], np.arange(100))
    assert capfd.readouterr().out == ""


def test_only_inverted_lists_are_merged(tmp_path: Path) -> None:
    with pytest.raises(SearchIndexError, match="no inverted lists"):
        build_shards("HNSW8", unit(50), tmp_path, 2)
    paths = build_shards("IVF4,PQ8x4fs", unit(50), tmp_path, 2)
    with pytest.raises(SearchIndexError, match="fast-scan"):
        merge_on_disk(tmp_path, paths)
    assert merge_in_memory(tmp_path, paths).ntotal == 50


def test_broken_vectors_are_found_in_their_shard(tmp_path: Path) -> None:
    gallery = unit(40_000, width=2)
    gallery[33_333] = np.nan
    with pytest.raises(SearchIndexError, match=r"NaN or infinite values in 1 rows"):
        build_shards("IVF1,Flat", gallery, tmp_path, 4)
