from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import tifffile

from tests.bigearthnet.annotate.made import PATCH, random_codes, write_maps
from wfa.bigearthnet.annotate.reference_maps import open_maps
from wfa.bigearthnet.build import build_lmdb
from wfa.errors import DataError

MAPS = {PATCH.format(number): random_codes(number) for number in range(3)}


@pytest.mark.parametrize("form", ["folders", "flat", "lmdb"])
def test_all_forms_hold_the_same_maps(tmp_path: Path, form: str) -> None:
    if form == "flat":
        for patch, codes in MAPS.items():
            tifffile.imwrite(tmp_path / f"{patch}_reference_map.tif", codes)
        folder = tmp_path
    else:
        folder = write_maps(tmp_path / "Reference_Maps", MAPS)
    if form == "lmdb":
        build_lmdb(tmp_path, tmp_path / "other" / "lmdb", workers=0)
        folder = tmp_path / "other"
    store = open_maps(folder)
    assert sorted(store.patches()) == sorted(MAPS)
    for patch, codes in MAPS.items():
        found = store.read(patch)
        np.testing.assert_array_equal(found.codes, codes)
        assert found.codes.dtype == np.uint16
        assert found.latitude is None


def test_the_real_map_says_where_it_lies(data_dir: Callable[[str], Path]) -> None:
    store = open_maps(data_dir("bigearthnet_v2"))
    (patch,) = store.patches()
    found = store.read(patch)
    assert (found.latitude, found.longitude) == pytest.approx(
        (48.11003471465957, 12.740300299577253), abs=1e-8
    )


def test_a_broken_file_is_named(tmp_path: Path) -> None:
    write_maps(tmp_path, MAPS)
    path = next(tmp_path.rglob("*_00_57_reference_map.tif"))
    path.write_bytes(path.read_bytes()[:100])
    with pytest.raises(DataError, match=r"_00_57_reference_map\.tif cannot be read"):
        open_maps(tmp_path).read(PATCH.format(0))


def test_a_folder_without_maps_is_told(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="holds no reference maps: wanted are <patch_id>"):
        open_maps(tmp_path)
    with pytest.raises(DataError, match="there is no folder"):
        open_maps(tmp_path / "none")
