import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import replace
from itertools import islice
from pathlib import Path
from typing import Any

import lmdb
import numpy as np
import pytest
import tifffile
from safetensors.numpy import load

from tests.bigearthnet.made import names, three_pairs, write_geotiffs, write_rows
from wfa.bigearthnet import patch_writing
from wfa.bigearthnet.blobs import decode
from wfa.bigearthnet.build import build_lmdb, how_to_get
from wfa.bigearthnet.lmdb_handles import close_environments
from wfa.bigearthnet.patch_stores import GeoTiffStore
from wfa.bigearthnet.sets.bigearthnet_txt import BigEarthNetTxt, Config
from wfa.data.prepare import prepare
from wfa.errors import DataError, UserError
from wfa.progress import shown_by


def content(path: Path) -> dict[str, bytes]:
    with lmdb.open(str(path), readonly=True, lock=False) as env, env.begin() as transaction:
        return {bytes(key).decode(): bytes(value) for key, value in transaction.cursor()}


def test_the_real_blobs_come_back_byte_for_byte(real_imagery: Path, tmp_path: Path) -> None:
    official = content(real_imagery / "BigEarthNet-V2-LMDB")
    some = {name: official[name] for name in list(official)[::6]}
    for name, blob in some.items():
        sensor = "BigEarthNet-S1" if name.startswith("S1") else "BigEarthNet-S2"
        folder = tmp_path / sensor / GeoTiffStore(tmp_path).folder(name).parent.name / name
        folder.mkdir(parents=True)
        for band, array in decode(memoryview(blob)).items():
            tifffile.imwrite(folder / f"{name}_{band}.tif", array)
    assert build_lmdb(tmp_path, workers=2) == len(some) == 9
    built = content(tmp_path / "BigEarthNet-V2-LMDB")
    assert built.keys() == some.keys()
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
    monkeypatch.setattr(patch_writing, "_COMMIT", 2)

    def interrupt(steps: Iterable[Any], label: str, total: int | None, done: int) -> Iterator[Any]:
        assert (label, total, done) == ("BigEarthNet-V2-LMDB", 6, 0)
        yield from islice(steps, 4)
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt), shown_by(interrupt):
        build_lmdb(tmp_path, workers=0)
    assert build_lmdb(tmp_path, workers=0) == 2
    assert build_lmdb(tmp_path, workers=0) == 0
    assert content(tmp_path / "BigEarthNet-V2-LMDB").keys() == {
        n for p in range(3) for n in names(p)
    }


def test_a_full_map_grows(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for pair in range(3):
        write_geotiffs(tmp_path, pair)
    monkeypatch.setattr(patch_writing, "_BYTES_AT_LEAST", 1 << 17)
    monkeypatch.setattr(patch_writing, "_BYTES_A_PATCH", 1 << 10)
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


def test_prepare_builds_what_is_unpacked_and_goes_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, shown: list[tuple[str, int, int]]
) -> None:
    root, imagery = tmp_path / "bigearthnet_txt", tmp_path / "bigearthnet_v2"
    path = write_rows(root / "BigEarthNet.txt.parquet", three_pairs())
    digest = f"sha256:{hashlib.sha256(path.read_bytes()).hexdigest()}"
    (published,) = BigEarthNetTxt.facts.downloads
    ours = replace(BigEarthNetTxt.facts, downloads=(replace(published, checksum=digest),))
    monkeypatch.setattr(BigEarthNetTxt, "facts", ours)
    for pairs in ([0, 1], [2]):
        for pair in pairs:
            write_geotiffs(imagery, pair)
        prepare("bigearthnet_txt", root)
    told = [(done, total) for label, done, total in shown if label == "BigEarthNet-V2-LMDB"]
    assert told == [(1, 4), (2, 4), (3, 4), (4, 4), (5, 6), (6, 6)]
    built = imagery / "BigEarthNet-V2-LMDB"
    close_environments()
    assert content(built).keys() == {n for pair in range(3) for n in names(pair)}
    stamp = (built / "data.mdb").stat().st_mtime_ns
    prepare("bigearthnet_txt", root)
    assert (built / "data.mdb").stat().st_mtime_ns == stamp


def test_prepare_leaves_geotiffs_and_other_lmdbs_alone(tmp_path: Path) -> None:
    imagery = tmp_path / "v2"
    write_geotiffs(imagery, 0)
    options = Config(root=str(tmp_path / "txt"), images_root=str(imagery), images="geotiff")
    BigEarthNetTxt.build(options)
    assert not (imagery / "BigEarthNet-V2-LMDB").exists()
    build_lmdb(imagery, imagery / "mine", workers=0)
    BigEarthNetTxt.build(replace(options, images="auto"))
    assert not (imagery / "BigEarthNet-V2-LMDB").exists()


def test_prepare_says_what_to_get_and_what_is_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    root, imagery = tmp_path / "bigearthnet_txt", tmp_path / "bigearthnet_v2"
    write_rows(root / "BigEarthNet.txt.parquet", three_pairs())
    imagery.mkdir()
    (imagery / "BigEarthNet-S2.tar.zst").write_bytes(b"part")
    monkeypatch.setattr(BigEarthNetTxt, "facts", replace(BigEarthNetTxt.facts, downloads=()))
    with pytest.raises(DataError) as error:
        prepare("bigearthnet_txt", root)
    text = str(error.value)
    assert "63,251,710,377 bytes  not whole, 4 bytes" in text
    assert "54,439,153,171 bytes  missing" in text
    assert "d3b97f999456016bb13c2a8e94b8f47825654f07a0394a6b266a38b750ca1554" in text
    assert str(imagery) in text


def test_an_lmdb_that_cannot_be_written(tmp_path: Path) -> None:
    write_geotiffs(tmp_path, 0)
    (tmp_path / "BigEarthNet-V2-LMDB").write_text("a file")
    with pytest.raises(UserError, match=r"LMDB .*BigEarthNet-V2-LMDB cannot be made"):
        build_lmdb(tmp_path, workers=0)


def test_a_damaged_lmdb(tmp_path: Path) -> None:
    write_geotiffs(tmp_path, 0)
    (tmp_path / "BigEarthNet-V2-LMDB").mkdir()
    (tmp_path / "BigEarthNet-V2-LMDB" / "data.mdb").write_bytes(b"x" * 9000)
    with pytest.raises(DataError, match=r"is damaged .*: delete it"):
        build_lmdb(tmp_path, workers=0)


def test_instructions_name_every_file_with_its_size(tmp_path: Path) -> None:
    text = how_to_get(tmp_path / "bigearthnet_txt")
    for word in (
        "BigEarthNet-S2.tar.zst", "63,251,710,377", "BigEarthNet-S1.tar.zst", "54,439,153,171",
        "metadata.parquet", "metadata_for_patches_with_snow_cloud_or_shadow.parquet",
        str(tmp_path / "bigearthnet_v2"), "10891137",
    ):  # fmt: skip
        assert word in text
