"""Arrays in npy files: made whole or not at all, read through a memory map, small to pickle."""

import errno
import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from numpy.lib import format as npy
from numpy.typing import DTypeLike, NDArray

from wfa.files import FULL, NoRoomError, atomic_write, remove_leftovers

_BLOCK = 1 << 20


class MappedArray:
    """A read-only array in an npy file; a pickle holds its path, not its values.

    Args:
        path: The file.

    Attributes:
        values: The array, mapped into memory.

    Raises:
        OSError: The file is missing.
        ValueError: It is no npy file, or a part of one.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self.values: NDArray[Any] = np.load(path, mmap_mode="r", allow_pickle=False)

    def __reduce__(self) -> tuple[type["MappedArray"], tuple[Path]]:
        """Map the file again where this is unpickled."""
        return type(self), (self._path,)


def mapped(path: Path, rows: int) -> MappedArray | None:
    """Map the array in `path`; None where it is missing, damaged or has not as many rows."""
    try:
        found = MappedArray(path)
    except (OSError, ValueError, EOFError):
        return None
    return found if found.values.shape[:1] == (rows,) else None


def make_array(
    path: Path, shape: tuple[int, ...], dtype: DTypeLike, fill: Callable[[NDArray[Any]], None]
) -> MappedArray:
    """Write an array to an npy file, whole or not at all, and map it.

    The room on the disk is set aside before anything is computed: a disk that is too small is
    told at once, and one that fills up meanwhile does no harm. Two processes that make the same
    file each write their own; the later one stays.

    Args:
        path: The file; its folder is made when missing.
        shape: The array's shape.
        dtype: Its type.
        fill: Writes every value of the array that it is given.

    Raises:
        UserError: The disk is full or the folder may not be written to.
    """
    remove_leftovers(path.parent)
    wanted = np.dtype(dtype)
    with atomic_write(path) as temporary:
        with temporary.open("wb") as file:
            header = {"descr": wanted.str, "fortran_order": False, "shape": shape}
            npy.write_array_header_1_0(file, header)
            size = file.tell() + int(np.prod(shape, dtype=np.int64)) * wanted.itemsize
        reserve(temporary, size)
        target = npy.open_memmap(temporary, "r+")
        fill(target)
        target.flush()
        del target
    return MappedArray(path)


def reserve(path: Path, size: int) -> None:
    """Make a file `size` bytes long and have the disk set them aside.

    Needed before a file is written through a memory map: a disk that fills up meanwhile would
    kill the process. Copy-on-write file systems may not keep what they promise here.

    Raises:
        NoRoomError: The disk has not that much.
        OSError: The file cannot be written.
    """
    with path.open("r+b") as file:
        try:
            if hasattr(os, "posix_fallocate"):
                os.posix_fallocate(file.fileno(), 0, size)
                return
        except OSError as error:
            if error.errno in FULL:
                free = shutil.disk_usage(path.parent).free
                raise NoRoomError(
                    error.errno, f"it needs {size:,} bytes, {free:,} are free"
                ) from error
            if error.errno not in (errno.EOPNOTSUPP, errno.EINVAL, errno.ENOSYS):
                raise
        _fill(file.fileno(), size)


def _fill(descriptor: int, size: int) -> None:
    left = size - os.lseek(descriptor, 0, os.SEEK_END)
    block = bytes(_BLOCK)
    while left > 0:
        left -= os.write(descriptor, block[:left])
