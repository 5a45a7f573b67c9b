from pathlib import Path

import numpy as np
import pytest

from wfa.bigearthnet.blobs import encode
from wfa.bigearthnet.patch_stores import LmdbStore, read_geotiff
from wfa.bigearthnet.patch_writing import Count, write_geotiffs, write_lmdb
from wfa.errors import UserError

BANDS = {"B02": np.arange(9, dtype=np.uint16).reshape(3, 3), "VV": np.full((2, 2), -1.5, "f4")}


def test_geotiffs_keep_values_and_types(tmp_path: Path) -> None:
    for folder in (tmp_path / "a" / "patch", tmp_path / "b" / "patch"):
        write_geotiffs(folder, BANDS)
    for band, values in BANDS.items():
        path = tmp_path / "a" / "patch" / f"patch_{band}.tif"
        found = read_geotiff(path)
        assert found.dtype == values.dtype
        np.testing.assert_array_equal(found, values)
        assert path.read_bytes() == (tmp_path / "b" / "patch" / path.name).read_bytes()


def test_blobs_are_added_to_what_is_there(
    tmp_path: Path, shown: list[tuple[str, int, int]]
) -> None:
    blob = encode(BANDS)
    write_lmdb(tmp_path / "l", [("b", blob), ("a", blob)], Count(0, 2))
    write_lmdb(tmp_path / "l", [("c", blob)], Count(2, 3))
    store = LmdbStore(tmp_path / "l")
    assert store.names() == ["a", "b", "c"]
    assert shown[2:] == [("BigEarthNet-V2-LMDB", 3, 3)]
    with store.patch("c", ("VV",)) as found:
        np.testing.assert_array_equal(found["VV"], BANDS["VV"])


def test_a_folder_that_cannot_be_made_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(UserError, match="cannot be made"):
        write_lmdb(tmp_path / "file" / "l", [], Count(0, 0))
