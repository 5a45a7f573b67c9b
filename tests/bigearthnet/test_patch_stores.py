import os
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from multiprocessing import get_context
from pathlib import Path

import lmdb
import numpy as np
import pytest
from safetensors.numpy import save

from tests.bigearthnet.made import names
from wfa.bigearthnet.layout import open_store
from wfa.bigearthnet.patch_stores import GeoTiffStore, LmdbStore, PatchStore
from wfa.errors import ConfigError, DataError


def mean_of(store: PatchStore, name: str) -> tuple[int, float]:
    with store.patch(name, ["B02"]) as bands:
        return os.getpid(), float(bands["B02"].mean())


def make_lmdb(path: Path, blobs: dict[str, bytes]) -> LmdbStore:
    with lmdb.open(str(path), map_size=1 << 24) as env, env.begin(write=True) as transaction:
        for name, blob in blobs.items():
            transaction.put(name.encode(), blob)
    return LmdbStore(path)


def test_forked_workers_open_their_own_handle(imagery: Path) -> None:
    store = open_store(imagery, "lmdb")
    patch, _ = names(0)
    here = mean_of(store, patch)
    with ProcessPoolExecutor(2, mp_context=get_context("fork")) as pool:
        found = list(pool.map(mean_of, [store] * 4, [patch] * 4))
    assert {mean for _, mean in found} == {here[1]}
    assert here[0] not in {process for process, _ in found}
    assert mean_of(store, patch) == here  # the children closed their copy, not this one


def test_two_stores_and_many_threads_share_one_handle(imagery: Path) -> None:
    stores = [open_store(imagery, "lmdb") for _ in range(8)]
    patch, _ = names(1)
    with ThreadPoolExecutor(8) as pool:
        assert len(set(pool.map(mean_of, stores, [patch] * 8))) == 1


def test_a_missing_patch_is_named(imagery: Path) -> None:
    for images in ("lmdb", "geotiff"):
        store = open_store(imagery, images)
        assert store.holds([*names(0), names(9)[0]]) == [True, True, False]
        with pytest.raises(DataError, match=names(9)[0]):
            mean_of(store, names(9)[0])


def test_a_missing_band_and_a_broken_blob_are_named(tmp_path: Path) -> None:
    whole = save({"B01": np.zeros((20, 20), np.uint16)})
    store = make_lmdb(tmp_path / "lmdb", {"S2_no_band": whole, "S2_cut": whole[:50]})
    with pytest.raises(DataError, match=r"patch S2_no_band .* has no band B02; it has: B01"):
        mean_of(store, "S2_no_band")
    with pytest.raises(DataError, match=r"patch S2_cut .* safetensors"):
        mean_of(store, "S2_cut")


def test_a_broken_geotiff_is_named(tmp_path: Path) -> None:
    patch, _ = names(0)
    folder = GeoTiffStore(tmp_path).folder(patch)
    folder.mkdir(parents=True)
    (folder / f"{patch}_B02.tif").write_bytes(b"no tiff")
    with pytest.raises(DataError, match=rf"{patch}_B02\.tif cannot be read"):
        mean_of(GeoTiffStore(tmp_path), patch)


def test_real_folders_follow_from_the_names(real_imagery: Path) -> None:
    store = GeoTiffStore(real_imagery)
    pair = (
        "S2A_MSIL2A_20170613T101031_N9999_R022_T33UUP_75_43",
        "S1A_IW_GRDH_1SDV_20170613T165043_33UUP_70_48",
    )
    assert store.holds(pair) == [True, True]


@pytest.mark.parametrize(
    ("images", "present", "words"),
    [
        ("tif", [], "must be auto, lmdb or geotiff"),
        ("auto", [], r"data\.mdb, or BigEarthNet-S1/"),
        ("lmdb", ["BigEarthNet-S2"], r"data\.mdb"),
        ("geotiff", [], "BigEarthNet-S1/ and"),
    ],
)
def test_absent_imagery_is_explained(
    tmp_path: Path, images: str, present: Sequence[str], words: str
) -> None:
    for name in present:
        (tmp_path / name).mkdir()
    with pytest.raises((ConfigError, DataError), match=words):
        open_store(tmp_path, images)


def test_a_file_that_is_no_lmdb_is_named(tmp_path: Path) -> None:
    (tmp_path / "data.mdb").write_bytes(b"x" * 5000)
    read: Callable[[], tuple[int, float]] = lambda: mean_of(LmdbStore(tmp_path), "S2")  # noqa: E731
    with pytest.raises(DataError, match="cannot be opened"):
        read()
    with pytest.raises(DataError, match=r"holds no data\.mdb"):
        LmdbStore(tmp_path / "nowhere")
