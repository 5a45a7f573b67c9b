"""Arrays in files: whole or not there, mapped, and small to pickle."""

import errno
import multiprocessing
import os
import pickle
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from tests.data.tiny import SPEC, TinyDataset, tokenize
from wfa.data.arrays import MappedArray, make_array, mapped, reserve
from wfa.data.pixel_inputs import PixelInputs
from wfa.errors import DataError, UserError


def count_up(target: NDArray[Any]) -> None:
    target[:] = np.arange(target.size).reshape(target.shape)


@pytest.mark.parametrize("dtype", ["uint8", "float32"])
def test_numpy_reads_what_was_made(tmp_path: Path, dtype: str) -> None:
    made = make_array(tmp_path / "a" / "x.npy", (5, 3), dtype, count_up)
    alone = np.load(tmp_path / "a" / "x.npy", allow_pickle=False)
    assert alone.dtype == dtype
    assert np.array_equal(alone, np.arange(15).reshape(5, 3))
    assert np.array_equal(made.values, alone)
    assert not made.values.flags.writeable


def test_what_is_damaged_is_not_mapped(tmp_path: Path) -> None:
    path = tmp_path / "x.npy"
    assert mapped(path, 5) is None
    make_array(path, (5, 3), np.float32, count_up)
    found = mapped(path, 5)
    assert found is not None
    assert found.values.shape == (5, 3)
    assert mapped(path, 6) is None
    path.write_bytes(path.read_bytes()[:-4])
    assert mapped(path, 5) is None
    path.write_bytes(b"")
    assert mapped(path, 5) is None


def test_a_failure_leaves_nothing(tmp_path: Path) -> None:
    def fail(target: NDArray[Any]) -> None:
        raise DataError("an image is truncated")

    with pytest.raises(DataError, match="is truncated"):
        make_array(tmp_path / "x.npy", (5, 3), np.float32, fail)
    assert list(tmp_path.iterdir()) == []


LIMITED = """
import resource, sys
from pathlib import Path
import numpy as np
from wfa.data.arrays import make_array
from wfa.errors import UserError
resource.setrlimit(resource.RLIMIT_FSIZE, (1 << 20, 1 << 20))
try:
    make_array(Path(sys.argv[1]), (1 << 20,), np.float32, lambda target: sys.exit(3))
except UserError as error:
    sys.exit(print(error) or 0)
"""


def test_room_is_looked_for_before_anything_is_computed(tmp_path: Path) -> None:
    path = tmp_path / "x.npy"
    done = subprocess.run(
        [sys.executable, "-c", LIMITED, str(path)], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert f"while writing {path} (it needs 4,194,432 bytes" in done.stdout
    assert list(tmp_path.iterdir()) == []


@pytest.mark.skipif(not hasattr(os, "posix_fallocate"), reason="nothing to refuse")
@pytest.mark.parametrize("code", ["EOPNOTSUPP", "EINVAL"])
def test_disks_that_cannot_set_room_aside_are_filled(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, code: str
) -> None:

    def refuse(*_: int) -> None:
        raise OSError(getattr(errno, code), "no")

    monkeypatch.setattr(os, "posix_fallocate", refuse)
    blocks: list[int] = []

    def look(target: NDArray[Any]) -> None:
        (file,) = tmp_path.glob(".x.npy.0.wfa-part")
        blocks.append(file.stat().st_blocks * 512)
        count_up(target)

    made = make_array(tmp_path / "x.npy", (700_000,), np.float32, look)
    assert blocks[0] >= 2_800_000
    assert made.values[-1] == 699_999


@pytest.mark.slow
def test_inputs_travel_without_their_pixels(tmp_path: Path) -> None:
    dataset = TinyDataset([["a"]] * 500)
    inputs = PixelInputs(dataset, SPEC, tokenize, cache=tmp_path, augment="none")
    (file,) = (tmp_path / "images").iterdir()
    pickled = pickle.dumps(inputs)
    empty = pickle.dumps(dataset)
    assert file.stat().st_size > 20_000
    assert len(pickled) - len(empty) < 2_000
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        found = pool.apply(PixelInputs.image, (inputs, 7, None))
    assert torch.equal(found, inputs.image(7, None))


def test_a_mapped_array_survives_a_pickle(tmp_path: Path) -> None:
    made = make_array(tmp_path / "x.npy", (1000, 100), np.float32, count_up)
    pickled = pickle.dumps(made)
    assert len(pickled) < 500
    again: MappedArray = pickle.loads(pickled)  # noqa: S301
    assert np.array_equal(again.values, made.values)
    assert isinstance(again.values, np.memmap)


def test_no_room_is_the_users_to_mend(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:

    def full(*_: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "posix_fallocate", full)
    monkeypatch.setenv("WFA_CACHE_DIR", str(tmp_path))
    with pytest.raises(UserError, match=r"needs 188 bytes, [\d,]+ are free\).*WFA_CACHE_DIR=DIR"):
        make_array(tmp_path / "x.npy", (5, 3), np.float32, count_up)
    assert list(tmp_path.iterdir()) == []


def test_room_is_set_aside(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"start")
    reserve(path, 300_000)
    assert path.stat().st_size == 300_000
    assert path.stat().st_blocks * 512 >= 300_000
    assert path.read_bytes()[:5] == b"start"
