"""Patches that cannot be read or hold NaN are named, listed, or left out and counted."""

import shutil
from pathlib import Path

import lmdb
import numpy as np
import pytest

from tests.bigearthnet.damaged import compress_and_damage
from tests.bigearthnet.made import names
from wfa.bigearthnet.blobs import decode, encode
from wfa.bigearthnet.lmdb_handles import close_environments
from wfa.bigearthnet.sets.bigearthnet_txt import BigEarthNetTxt, Config
from wfa.data.verify import verify
from wfa.errors import DataError

BAD = names(0)


def put(folder: Path, name: str, blob: bytes) -> None:
    close_environments()
    path = str(folder / "BigEarthNet-V2-LMDB")
    with lmdb.open(path, map_size=1 << 28) as env, env.begin(write=True) as transaction:
        transaction.put(name.encode(), blob)


def blob_of(folder: Path, name: str) -> bytes:
    close_environments()
    path = str(folder / "BigEarthNet-V2-LMDB")
    with lmdb.open(path, readonly=True, lock=False) as env, env.begin() as transaction:
        return bytes(transaction.get(name.encode()) or b"")


def with_holes(folder: Path) -> None:
    bands = {k: v.copy() for k, v in decode(memoryview(blob_of(folder, BAD[1]))).items()}
    bands["VV"][60], bands["VH"][0, 0] = np.nan, -np.inf
    put(folder, BAD[1], encode(bands))


def cut_short(folder: Path) -> None:
    put(folder, BAD[0], blob_of(folder, BAD[0])[:5000])


def nested(folder: Path) -> None:
    header = b'{"B02":{"dtype":"U16","shape":[120.5,120],"data_offsets":[0,28920]}}'
    put(folder, BAD[0], len(header).to_bytes(8, "little") + header + bytes(28920))


def damaged_band(folder: Path) -> None:
    compress_and_damage(next(folder.glob(f"BigEarthNet-S2/*/{BAD[0]}/*_B02.tif")))


CASES = {
    "holes": (with_holes, "lmdb", rf"VV of patch {BAD[1]} has 120 values that are NaN or infinite"),
    "cut": (cut_short, "lmdb", rf"patch {BAD[0]} in the LMDB"),
    "header": (nested, "lmdb", rf"patch {BAD[0]} in the LMDB"),
    "geotiff": (damaged_band, "geotiff", rf"{BAD[0]}_B02\.tif cannot be read"),
}


@pytest.mark.parametrize("case", CASES)
@pytest.mark.usefixtures("cache_dir")
def test_a_bad_patch_is_named_listed_or_left_out(
    made: Path, imagery: Path, tmp_path: Path, case: str
) -> None:
    spoil, images, words = CASES[case]
    own = tmp_path / "own"
    shutil.copytree(imagery, own)
    spoil(own)
    options = Config(root=str(made), images_root=str(own), images=images)
    dataset = BigEarthNetTxt(options, "test")
    bad = [record.image for record in dataset.records].index(BAD[0])
    dataset.read_image(1 - bad)
    with pytest.raises(DataError, match=words):
        dataset.read_image(bad)
    (problem,) = [line for line in verify(BigEarthNetTxt, options).problems if BAD[0] in line]
    assert problem.startswith(f"test: {BAD[0]}")
    lenient = Config(**{**vars(options), "on_bad_image": "skip"})
    for _ in range(2):
        kept = BigEarthNetTxt(lenient, "test")
        assert [record.image for record in kept.records] == [names(1)[0]]
        assert kept.skipped[0].startswith(f"{BAD[0]}: ")


@pytest.mark.usefixtures("cache_dir")
def test_the_sensor_that_is_not_read_may_be_bad(made: Path, imagery: Path, tmp_path: Path) -> None:
    own = tmp_path / "own"
    shutil.copytree(imagery, own)
    with_holes(own)
    options = Config(root=str(made), images_root=str(own), bands="rgb", on_bad_image="skip")
    assert len(BigEarthNetTxt(options, "test")) == 2
