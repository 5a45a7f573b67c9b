"""What is cached follows what is stored: another content, another key; the same, the same."""

import os
import shutil
from collections.abc import Callable
from pathlib import Path

import lmdb
import numpy as np
import pytest

from tests.bigearthnet.made import names
from wfa.bigearthnet.blobs import decode, encode
from wfa.bigearthnet.lmdb_handles import close_environments
from wfa.bigearthnet.patch_stores import GeoTiffStore, LmdbStore, PatchStore, read_geotiff
from wfa.data import file_hashes
from wfa.data.file_hashes import Stamp
from wfa.errors import DataError

ALL = [name for pair in range(3) for name in names(pair)]


def lmdb_of(imagery: Path, folder: Path, halved: str = "") -> Path:
    """Copy the blobs in one transaction; the bands of one patch halved."""
    close_environments()
    path = str(imagery / "BigEarthNet-V2-LMDB")
    with lmdb.open(path, readonly=True, lock=False) as env, env.begin() as transaction:
        blobs = {bytes(key).decode(): bytes(value) for key, value in transaction.cursor()}
    with lmdb.open(str(folder), map_size=1 << 28) as env, env.begin(write=True) as new:
        for key, blob in blobs.items():
            bands = decode(memoryview(blob))
            if key == halved:
                blob = encode({band: array // 2 for band, array in bands.items()})
            new.put(key.encode(), blob)
    return folder


def geotiffs_of(imagery: Path, folder: Path) -> GeoTiffStore:
    for sensor in ("BigEarthNet-S1", "BigEarthNet-S2"):
        shutil.copytree(imagery / sensor, folder / sensor)
    return GeoTiffStore(folder)


def keep_times(path: Path, content: bytes) -> None:
    """Replace a file by another of the same size and date."""
    status = path.stat()
    new = path.with_name("new")
    new.write_bytes(content)
    assert new.stat().st_size == status.st_size
    os.utime(new, ns=(status.st_atime_ns, status.st_mtime_ns))
    new.replace(path)


@pytest.mark.usefixtures("cache_dir")
@pytest.mark.parametrize("settled", [True, False])
def test_two_lmdbs_built_alike_from_other_pixels_differ(
    imagery: Path, tmp_path: Path, settled: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Stamp, "settled", settled)
    first, same = (LmdbStore(lmdb_of(imagery, tmp_path / name)) for name in ("first", "same"))
    for patch in ALL:
        other = LmdbStore(lmdb_of(imagery, tmp_path / patch, halved=patch))
        assert other.fingerprint(ALL) != first.fingerprint(ALL)
        rest = [name for name in ALL if name != patch]
        assert other.fingerprint(rest) == first.fingerprint(rest)
    assert same.fingerprint(ALL) == first.fingerprint(ALL)


@pytest.mark.usefixtures("cache_dir")
def test_an_lmdb_that_takes_the_place_of_another_is_seen_and_read(
    imagery: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Stamp, "settled", True)
    patch = names(0)[0]
    store = LmdbStore(lmdb_of(imagery, tmp_path / "lmdb"))
    other = lmdb_of(imagery, tmp_path / "other", halved=patch)
    before = store.fingerprint(ALL)
    with store.patch(patch, ["B02"]) as bands:
        old = bands["B02"].copy()
    keep_times(tmp_path / "lmdb" / "data.mdb", (other / "data.mdb").read_bytes())
    assert store.fingerprint(ALL) != before
    with store.patch(patch, ["B02"]) as bands:
        np.testing.assert_array_equal(bands["B02"], old // 2)


@pytest.mark.usefixtures("cache_dir")
def test_any_geotiff_that_changes_is_seen(
    imagery: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Stamp, "settled", True)
    store, same = (geotiffs_of(imagery, tmp_path / name) for name in ("v2", "copy"))
    before = store.fingerprint(ALL)
    assert same.fingerprint(ALL) == before
    for name in ALL:
        band = sorted(store.folder(name).glob("*.tif"))[0]
        content = bytearray(band.read_bytes())
        content[-1] ^= 1
        keep_times(band, bytes(content))
        now = store.fingerprint(ALL)
        assert now != before
        before = now
    (store.folder(ALL[0]) / f"{ALL[0]}_B02.tif").unlink()
    assert store.fingerprint(ALL) != before


@pytest.mark.usefixtures("cache_dir")
@pytest.mark.parametrize("form", ["lmdb", "geotiff"])
def test_what_is_unchanged_is_read_once(
    imagery: Path, tmp_path: Path, form: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Stamp, "settled", True)
    store: PatchStore = (
        LmdbStore(lmdb_of(imagery, tmp_path / "lmdb"))
        if form == "lmdb"
        else geotiffs_of(imagery, tmp_path / "v2")
    )
    found: list[str] = []
    whole = file_hashes.FileMemo.known

    def note(memo: file_hashes.FileMemo, key: str, now: Stamp, find: Callable[[], str]) -> str:
        def noted() -> str:
            found.append(find())
            return found[-1]

        return whole(memo, key, now, noted)

    monkeypatch.setattr(file_hashes.FileMemo, "known", note)
    assert len({store.fingerprint(ALL) for _ in range(3)}) == 1
    assert len(found) == 1
    assert store.fingerprint(ALL[:2]) != found[0]


def test_an_lmdb_that_is_cut_short_is_told(imagery: Path, tmp_path: Path) -> None:
    folder = lmdb_of(imagery, tmp_path / "lmdb")
    with (folder / "data.mdb").open("r+b") as file:
        file.truncate(60_000)  # to read behind its end would kill the process
    with pytest.raises(DataError, match="is cut short: its file has 60,000 bytes"):
        LmdbStore(folder).holds(ALL)
    assert read_geotiff(next(imagery.rglob("*_B02.tif"))).shape == (120, 120)
