import struct
from pathlib import Path
from typing import Any

import lmdb
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from safetensors.numpy import load, save

from wfa.bigearthnet.blobs import decode, encode


def test_decode_equals_safetensors_and_copies_nothing() -> None:
    rng = np.random.default_rng(0)
    bands: dict[str, NDArray[Any]] = {
        "B01": rng.integers(0, 9, (20, 20)).astype(np.uint16),
        "VV": rng.normal(size=(120, 120)).astype(np.float32),
    }
    blob = memoryview(save(bands))
    found = decode(blob)
    expected = load(bytes(blob))
    assert found.keys() == expected.keys()
    for band, array in found.items():
        np.testing.assert_array_equal(array, expected[band])
        assert array.dtype == expected[band].dtype
        assert not array.flags.owndata


@pytest.mark.parametrize(
    "blob",
    [
        b"",
        b"\0" * 8,
        struct.pack("<Q", 10**9) + b"{}",
        struct.pack("<Q", 2) + b"no" + b"\0" * 8,
        struct.pack("<Q", 2) + b"[]",
        save({"B01": np.zeros((20, 20), np.uint16)})[:-1],
        save({"B01": np.zeros((20, 20), np.float64)}),
    ],
)
def test_a_broken_blob_is_refused(blob: bytes) -> None:
    with pytest.raises(ValueError, match=r"safetensors|JSON|Expecting"):
        decode(memoryview(blob))


@settings(max_examples=200)
@given(st.data())
def test_a_changed_header_never_reads_beyond_the_blob(data: st.DataObject) -> None:
    blob = bytearray(save({"B01": np.arange(400, dtype=np.uint16).reshape(20, 20)}))
    place = data.draw(st.integers(0, len(blob) - 801))
    blob[place] = data.draw(st.integers(0, 255))
    try:
        found = decode(memoryview(blob))
    except ValueError:
        return
    assert all(array.nbytes <= 800 for array in found.values())


def test_encode_gives_the_official_bytes(real_imagery: Path) -> None:
    path = real_imagery / "BigEarthNet-V2-LMDB"
    with lmdb.open(str(path), readonly=True, lock=False) as env, env.begin() as transaction:
        blobs = [value for _, value in transaction.cursor()]
    assert len(blobs) == 51
    assert all(encode(decode(memoryview(blob))) == blob for blob in blobs)
