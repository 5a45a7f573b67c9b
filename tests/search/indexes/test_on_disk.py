"""Inverted lists on the disk answer as those in memory do."""

import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.search.indexes.test_vector_index import unit
from wfa.errors import SearchIndexError
from wfa.search.indexes import on_disk
from wfa.search.indexes.index_store import load_index, save_index
from wfa.search.indexes.on_disk import build_on_disk
from wfa.search.indexes.vector_index import build_index

GALLERY, QUERIES = unit(500), unit(20, seed=1)


def build(folder: Path, factory: str = "IVF8,SQ8", **more: Any) -> Path:
    return build_on_disk(factory, GALLERY, folder, **{"content": "a", "shard_size": 150, **more})


@pytest.mark.parametrize("at_once", [65_536, 64])
@pytest.mark.parametrize(
    "factory", ["IVF8,Flat", "IVF8,SQ8", "IVF8,PQ8np", "OPQ8,IVF8,PQ8np", "IVF8_HNSW4,SQ8"]
)
def test_answers_are_those_of_memory(
    tmp_path: Path, factory: str, at_once: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(on_disk, "ADDED_AT_ONCE", at_once)
    build(tmp_path / "first", factory)
    shutil.move(tmp_path / "first", tmp_path / "moved")
    ours, theirs = load_index(tmp_path / "moved"), build_index(factory, GALLERY)
    for probes in (1, 3, 8):
        ours.set_parameters({"nprobe": probes})
        theirs.set_parameters({"nprobe": probes})
        found, expected = ours.search(QUERIES, 10), theirs.search(QUERIES, 10)
        assert np.array_equal(found.rows, expected.rows)
        assert found.scores == pytest.approx(expected.scores, abs=1e-6)
    assert len(ours) == 500
    assert ours.mapped


def test_many_lists_keep_their_sizes(tmp_path: Path) -> None:
    gallery = unit(10_240)
    build_on_disk("IVF256,Flat", gallery, tmp_path, content="many")
    index = load_index(tmp_path)
    index.set_parameters({"nprobe": 256})
    found = index.search(gallery[::100], 1)
    assert found.rows[:, 0].tolist() == list(range(0, 10_240, 100))


def test_half_precision_is_taken(tmp_path: Path) -> None:
    half = GALLERY.astype(np.float16)
    build_on_disk("IVF8,Flat", half, tmp_path, content="half")
    index = load_index(tmp_path)
    index.set_parameters({"nprobe": 8})
    scores = QUERIES @ half.astype(np.float32).T
    found = index.search(QUERIES, 5)
    assert found.scores == pytest.approx(-np.sort(-scores, axis=1)[:, :5], abs=1e-6)


class Vectors:
    """Notes which rows were read; in the third shard of 150 it stops as a person does."""

    shape = GALLERY.shape

    def __init__(self, fails: bool = True) -> None:
        self._fails = fails
        self.read: list[int] = []

    def __getitem__(self, rows: slice) -> Any:
        if self._fails and rows.start == 300:
            raise KeyboardInterrupt
        self.read.append(rows.start)
        return GALLERY[rows]


def test_an_interrupted_build_goes_on(tmp_path: Path) -> None:
    build(tmp_path / "whole")
    save_index(build_index("Flat", GALLERY), tmp_path / "broken")
    stopped = Vectors()
    with pytest.raises(KeyboardInterrupt):
        build_on_disk("IVF8,SQ8", stopped, tmp_path / "broken", content="a", shard_size=150)
    assert load_index(tmp_path / "broken").factory == "Flat"
    resumed = Vectors(fails=False)
    build_on_disk("IVF8,SQ8", resumed, tmp_path / "broken", content="a", shard_size=150)
    assert resumed.read == [300, 450]
    ours, whole = (load_index(tmp_path / name).search(QUERIES, 10) for name in ("broken", "whole"))
    assert np.array_equal(ours.rows, whole.rows)
    left = {path.suffix for path in (tmp_path / "broken").iterdir()}
    assert left == {".json", ".faiss", ".lists"}
    assert len(list((tmp_path / "broken").iterdir())) == 3


def test_what_another_build_left_is_not_used(tmp_path: Path) -> None:
    with pytest.raises(KeyboardInterrupt):
        build_on_disk("IVF8,SQ8", Vectors(), tmp_path, content="a", shard_size=150)
    again = Vectors(fails=False)
    build_on_disk("IVF8,SQ8", again, tmp_path, content="b", shard_size=150)
    assert again.read == [0, 0, 150, 300, 450]


def test_an_index_in_memory_takes_its_place_again(tmp_path: Path) -> None:
    build(tmp_path)
    save_index(build_index("Flat", GALLERY), tmp_path)
    assert len(load_index(tmp_path)) == 500
    assert not list(tmp_path.glob("*.lists"))


@pytest.mark.parametrize("damage", ["truncate", "edit", "remove"])
def test_damaged_lists(tmp_path: Path, damage: str) -> None:
    build(tmp_path)
    (path,) = tmp_path.glob("*.lists")
    content = bytearray(path.read_bytes())
    content[100] ^= 1
    if damage == "truncate":
        path.write_bytes(content[:-1])
    elif damage == "edit":
        path.write_bytes(content)
    else:
        path.unlink()
    with pytest.raises(SearchIndexError, match=rf"{path.name}.*index again"):
        load_index(tmp_path)


@pytest.mark.parametrize("factory", ["Flat", "HNSW8", "IVF8,PQ8x4fs"])
def test_indexes_that_no_file_of_lists_holds(tmp_path: Path, factory: str) -> None:
    with pytest.raises(SearchIndexError, match=r"IVF4096,SQ8"):
        build(tmp_path / "index", factory)
    assert not (tmp_path / "index").exists()


def test_a_vector_that_is_not_finite_is_named(tmp_path: Path) -> None:
    broken = GALLERY.copy()
    broken[321, 3] = np.nan
    with pytest.raises(SearchIndexError, match="321"):
        build_on_disk("IVF8,SQ8", broken, tmp_path, content="a")
