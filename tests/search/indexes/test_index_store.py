import json
import os
from pathlib import Path

import numpy as np
import pytest

from tests.search.indexes.test_vector_index import unit
from wfa.errors import SearchIndexError
from wfa.files import file_hash
from wfa.search.indexes.index_store import load_index, read_sidecar, save_index
from wfa.search.indexes.vector_index import VectorIndex, build_index


@pytest.fixture
def index() -> VectorIndex:
    made = build_index("IVF8,SQ8", unit(200), rerank="fp16", ids=np.arange(200) + 7)
    made.set_parameters({"nprobe": 5, "k_factor_rf": 3})
    return made


@pytest.fixture
def folder(tmp_path: Path, index: VectorIndex) -> Path:
    save_index(index, tmp_path / "deep" / "index", model="abc")
    return tmp_path / "deep" / "index"


@pytest.mark.parametrize("memory_map", [True, False])
@pytest.mark.parametrize(
    "factory", ["Flat", "SQ8", "PQ8x4fs", "RR16,RaBitQ", "IVF8,Flat", "OPQ8,IVF8,PQ8np", "HNSW8"]
)
def test_a_loaded_index_answers_the_same(tmp_path: Path, factory: str, memory_map: bool) -> None:
    made = build_index(factory, unit(300), rerank="fp16", ids=np.arange(300) * 3)
    made.remove(np.array([0, 3]))
    save_index(made, tmp_path)
    loaded = load_index(tmp_path, dimension=16, memory_map=memory_map)
    ours, theirs = made.search(unit(9, seed=1), 7), loaded.search(unit(9, seed=1), 7)
    assert np.array_equal(ours.rows, theirs.rows)
    assert np.array_equal(ours.scores, theirs.scores)
    assert len(loaded) == 298
    assert loaded.factory == factory


def test_the_sidecar_says_what_lies_there(folder: Path) -> None:
    values = read_sidecar(folder)
    path = folder / values["file"]
    assert values["sha256"] == file_hash(path)
    assert values["size"] == path.stat().st_size
    assert values["parameters"] == {"nprobe": 5, "k_factor_rf": 3}
    wanted = {"factory": "IVF8,SQ8", "rerank": "fp16", "dimension": 16, "count": 200,
              "metric": "inner_product", "model": "abc", "removed": []}  # fmt: skip
    assert {key: values[key] for key in wanted} == wanted
    assert load_index(folder).parameters == values["parameters"]


def test_saving_again_replaces_and_leaves_nothing(folder: Path, index: VectorIndex) -> None:
    index.add(unit(1, seed=4), np.array([900]))
    save_index(index, folder)
    assert len(load_index(folder)) == 201
    assert sorted(path.name for path in folder.iterdir()) == sorted(
        ["index.json", read_sidecar(folder)["file"]]
    )


def test_a_crash_before_the_sidecar_leaves_the_old_index(
    folder: Path, index: VectorIndex, monkeypatch: pytest.MonkeyPatch
) -> None:
    index.add(unit(1, seed=4), np.array([900]))

    def fail(path: Path, text: str) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("wfa.search.indexes.index_store.write_text", fail)
    with pytest.raises(KeyboardInterrupt):
        save_index(index, folder)
    assert len(load_index(folder)) == 200


def test_a_truncated_file(folder: Path) -> None:
    path = folder / read_sidecar(folder)["file"]
    path.write_bytes(path.read_bytes()[:-100])
    with pytest.raises(SearchIndexError, match="truncated or edited"):
        load_index(folder)


def test_an_edited_file(folder: Path) -> None:
    path = folder / read_sidecar(folder)["file"]
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)
    os.utime(path, ns=(1, 1))  # another time than when it was saved, whatever the clock's steps
    with pytest.raises(SearchIndexError, match="checksum differs"):
        load_index(folder)


def test_a_copied_index_is_hashed_and_good(folder: Path) -> None:
    path = folder / read_sidecar(folder)["file"]
    os.utime(path, ns=(1, 1))
    assert len(load_index(folder)) == 200


def test_another_dimension_or_model(folder: Path) -> None:
    with pytest.raises(SearchIndexError, match="16 dimensions and the model makes 8"):
        load_index(folder, dimension=8)
    with pytest.raises(SearchIndexError, match="its checksum is abc, this one's xyz"):
        load_index(folder, model="xyz")
    assert len(load_index(folder, model="abc")) == 200


def test_a_mapped_index_cannot_be_changed(folder: Path) -> None:
    loaded = load_index(folder)
    with pytest.raises(SearchIndexError, match="memory-mapped"):
        loaded.add(unit(1), np.array([1]))
    with pytest.raises(SearchIndexError, match="memory-mapped"):
        loaded.remove(np.array([8]))


def test_what_is_no_index(folder: Path, tmp_path: Path) -> None:
    sidecar = folder / "index.json"
    values = json.loads(sidecar.read_text())
    cases = [
        ("{", "not JSON"),
        ("[]", "not of the form"),
        (json.dumps(values | {"format": "x"}), "not of the form"),
        (json.dumps(values | {"dimension": "16"}), "dimension must be a int"),
        (json.dumps(values | {"file": "../x"}), "file must be a name"),
        (json.dumps(values | {"file": "gone.faiss"}), "gone.faiss is missing"),
        (json.dumps(values | {"count": 3}), "holds 200 vectors"),
    ]
    for text, message in cases:
        sidecar.write_text(text)
        with pytest.raises(SearchIndexError, match=message):
            load_index(folder)
    with pytest.raises(SearchIndexError, match="holds no index"):
        load_index(tmp_path)


def test_a_file_that_faiss_cannot_read(folder: Path) -> None:
    values = read_sidecar(folder)
    path = folder / values["file"]
    path.write_bytes(b"no index")
    stat = path.stat()
    text = json.dumps(values | {"size": stat.st_size, "mtime_ns": stat.st_mtime_ns})
    (folder / "index.json").write_text(text)
    with pytest.raises(SearchIndexError, match="cannot be read by FAISS"):
        load_index(folder)
