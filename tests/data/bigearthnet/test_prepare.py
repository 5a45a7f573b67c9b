from pathlib import Path
from typing import Any

import lmdb
import numpy as np
import pytest
import tifffile
from safetensors.numpy import load

from tests.data.bigearthnet.made import names, write_geotiffs
from wfa.data._bigearthnet.blobs import decode
from wfa.data._bigearthnet.stores import GeoTiffStore
from wfa.data.prepare import bigearthnet
from wfa.data.prepare.bigearthnet import build_lmdb, instructions
from wfa.errors import DataError


def content(path: Path) -> dict[str, bytes]:
    with lmdb.open(str(path), readonly=True, lock=False) as env, env.begin() as transaction:
        return {bytes(key).decode(): bytes(value) for key, value in transaction.cursor()}


def test_the_real_blobs_come_back_byte_for_byte(real_imagery: Path, tmp_path: Path) -> None:
    official = content(real_imagery / "BigEarthNet-V2-LMDB")
    for name, blob in list(official.items())[::6]:
        sensor = "BigEarthNet-S1" if name.startswith("S1") else "BigEarthNet-S2"
        folder = tmp_path / sensor / GeoTiffStore(tmp_path).folder(name).parent.name / name
        folder.mkdir(parents=True)
        for band, array in decode(memoryview(blob)).items():
            tifffile.imwrite(folder / f"{name}_{band}.tif", array)
    assert build_lmdb(tmp_path, workers=2) == 8
    built = content(tmp_path / "BigEarthNet-V2-LMDB")
    assert built.keys() == set(list(official)[::6])
    assert all(official[name] == blob for name, blob in built.items())


def test_real_geotiffs_keep_their_values(real_imagery: Path, tmp_path: Path) -> None:
    assert build_lmdb(real_imagery, tmp_path / "lmdb", workers=0) == 3
    built = content(tmp_path / "lmdb")
    files = [*real_imagery.glob("BigEarthNet-S?/*/*/*.tif"), *real_imagery.glob("Ref*/*/*/*.tif")]
    assert len(files) == 15
    for path in files:
        is_map = path.stem.endswith("_reference_map")
        key = path.stem if is_map else path.parent.name
        stored = load(built[key])["Data" if is_map else path.stem.rpartition("_")[2]]
        with tifffile.TiffFile(path) as file:
            values = file.asarray()
        assert stored.dtype == values.dtype
        np.testing.assert_array_equal(stored, values)


def test_a_build_goes_on_where_it_stopped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for pair in range(3):
        write_geotiffs(tmp_path, pair)
    monkeypatch.setattr(bigearthnet, "_COMMIT", 2)
    seen: list[tuple[str, int, int]] = []

    def interrupt(*done: Any) -> None:
        seen.append(done)
        if len(seen) == 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        build_lmdb(tmp_path, workers=0, progress=interrupt)
    assert seen == [("BigEarthNet-V2-LMDB", 2, 6), ("BigEarthNet-V2-LMDB", 4, 6)]
    assert build_lmdb(tmp_path, workers=0) == 2
    assert build_lmdb(tmp_path, workers=0) == 0
    assert content(tmp_path / "BigEarthNet-V2-LMDB").keys() == {
        n for p in range(3) for n in names(p)
    }


def test_a_full_map_grows(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for pair in range(3):
        write_geotiffs(tmp_path, pair)
    monkeypatch.setattr(bigearthnet, "_BYTES_AT_LEAST", 1 << 17)
    monkeypatch.setattr(bigearthnet, "_BYTES_A_PATCH", 1 << 10)
    assert build_lmdb(tmp_path, workers=0) == 6
    assert len(content(tmp_path / "BigEarthNet-V2-LMDB")) == 6


def test_a_missing_band_is_named(tmp_path: Path) -> None:
    write_geotiffs(tmp_path, 0)
    next(tmp_path.glob("BigEarthNet-S2/*/*/*_B8A.tif")).unlink()
    with pytest.raises(DataError, match=rf"{names(0)[0]}_B8A\.tif is missing"):
        build_lmdb(tmp_path, workers=0)


def test_nothing_to_build_from_is_explained(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="holds no patches in BigEarthNet-S1/"):
        build_lmdb(tmp_path)


def test_instructions_name_every_file_with_its_size(tmp_path: Path) -> None:
    text = instructions(tmp_path / "bigearthnet_txt")
    for word in (
        "BigEarthNet-S2.tar.zst", "63,251,710,377", "BigEarthNet-S1.tar.zst", "54,439,153,171",
        "metadata.parquet", "metadata_for_patches_with_snow_cloud_or_shadow.parquet",
        str(tmp_path / "bigearthnet_v2"), "10891137",
    ):  # fmt: skip
        assert word in text
