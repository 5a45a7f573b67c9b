from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from wfa.errors import SearchIndexError
from wfa.search.index_rows import Rows, digest_of, model_of, read_paths, read_rows, write_rows


def example(count: int = 7, seed: int = 0) -> Rows:
    rng = np.random.default_rng(seed)
    return Rows(
        ids=np.arange(10, 10 + count),
        paths=tuple(f"folder/ü {k}.png" for k in range(count)),
        sizes=rng.integers(1, 10**12, count),
        changed=rng.integers(1, 2**62, count),
        sha256=tuple(rng.bytes(32).hex() for _ in range(count)),
        features=rng.normal(size=(count, 6)).astype(np.float32),
    )


def equal(one: Rows, other: Rows) -> bool:
    arrays = ("ids", "sizes", "changed", "features")
    same = all(np.array_equal(getattr(one, name), getattr(other, name)) for name in arrays)
    return same and one.paths == other.paths and one.sha256 == other.sha256


@pytest.mark.parametrize("count", [0, 1, 7, 3000])
def test_what_is_written_is_read(tmp_path: Path, count: int) -> None:
    rows = example(count)
    write_rows(tmp_path / "rows.parquet", rows, "a model")
    found = read_rows(tmp_path / "rows.parquet")
    assert equal(found, rows)
    assert found.features.shape == (count, 6)
    assert found.features.dtype == np.float32
    assert model_of(tmp_path / "rows.parquet") == "a model"
    assert digest_of(tmp_path / "rows.parquet") == rows.digest == found.digest
    ids, paths = read_paths(tmp_path / "rows.parquet")
    assert np.array_equal(ids, rows.ids)
    assert paths == rows.paths


def test_the_digest_tells_which_images_these_are() -> None:
    rows = example()
    others = [
        Rows(rows.ids + 1, rows.paths, rows.sizes, rows.changed, rows.sha256, rows.features),
        Rows(rows.ids, rows.paths[::-1], rows.sizes, rows.changed, rows.sha256, rows.features),
        Rows(rows.ids, rows.paths, rows.sizes, rows.changed, rows.sha256[::-1], rows.features),
    ]
    assert len({rows.digest, *(other.digest for other in others)}) == 4


def test_a_changed_byte_never_goes_unseen(tmp_path: Path) -> None:
    path = tmp_path / "rows.parquet"
    rows = example(200)
    write_rows(path, rows, "a model")
    content = path.read_bytes()
    rng = np.random.default_rng(1)
    caught = 0
    for place in rng.integers(0, len(content), 120).tolist():
        path.write_bytes(content[:place] + bytes([content[place] ^ 0x55]) + content[place + 1 :])
        try:
            assert equal(read_rows(path), rows), place
        except SearchIndexError:
            caught += 1
    assert caught > 60


@pytest.mark.parametrize("length", [0, 3, 100, -1, -40])
def test_a_truncated_file_is_named(tmp_path: Path, length: int) -> None:
    path = tmp_path / "rows.parquet"
    write_rows(path, example(), "a model")
    path.write_bytes(path.read_bytes()[:length])
    with pytest.raises(SearchIndexError, match=r"rows\.parquet"):
        read_rows(path)


def test_other_files_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "rows.parquet"
    with pytest.raises(SearchIndexError, match="is missing"):
        read_rows(path)
    pq.write_table(pa.table({"id": [1]}), path)
    with pytest.raises(SearchIndexError, match="holds no images"):
        read_rows(path)
    header = {"format": "wfa-images-1", "model": "m", "digest": "d"}
    pq.write_table(pa.table({"id": [1], "path": [None]}).replace_schema_metadata(header), path)
    with pytest.raises(SearchIndexError, match="truncated or was edited"):
        read_rows(path)
    with pytest.raises(SearchIndexError, match="a value or a column is missing"):
        read_paths(path)
