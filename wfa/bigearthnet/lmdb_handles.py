"""One handle for each LMDB and process, as LMDB demands, for all stores and threads there."""

import os
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import lmdb

from wfa.errors import DataError

_Owner = tuple[int, int]
"""The process that opened a handle, and the number of the file on its disk."""

_handles: dict[Path, tuple[_Owner, Any]] = {}
_readers: Counter[Path] = Counter()
_lock = threading.Lock()


@contextmanager
def reading(path: Path) -> Iterator[Any]:
    """Give a transaction that reads; its buffers are valid inside the block only.

    Args:
        path: The folder with `data.mdb`.

    Raises:
        DataError: The LMDB cannot be opened, is cut short, or LMDB itself finds it damaged.
    """
    with _lock:
        handle = _handle(path)
        _readers[path] += 1
    try:
        with handle.begin(buffers=True) as transaction:
            yield transaction
    except lmdb.Error as error:
        raise DataError(f"the LMDB {path} cannot be read: {error}") from error
    finally:
        with _lock:
            _readers[path] -= 1


def close_environments() -> None:
    """Close every handle of this process, so that other code may open the same files."""
    with _lock:
        for (process, _), handle in _handles.values():
            if process == os.getpid():
                handle.close()
        _handles.clear()


def _handle(path: Path) -> Any:
    try:
        owner = os.getpid(), (path / "data.mdb").stat().st_ino
    except OSError as error:
        raise DataError(f"the LMDB {path} cannot be opened: {error}") from error
    opened_by, handle = _handles.get(path, ((0, 0), None))
    if opened_by == owner:
        return handle
    if handle is not None:
        # Either the parent's, inherited by fork, whose own stays open, or that of a file whose
        # place another one took.
        if opened_by[0] == owner[0] and _readers[path]:
            raise DataError(f"the LMDB {path} was replaced while it was read: start again")
        handle.close()
        _readers[path] = 0
        del _handles[path]
    handle = _open(path)
    _handles[path] = (owner, handle)
    return handle


def _open(path: Path) -> Any:
    try:
        # Read-ahead stays on: a patch spans forty pages, and they lie side by side.
        handle = lmdb.open(str(path), readonly=True, lock=False)
    except lmdb.Error as error:
        raise DataError(f"the LMDB {path} cannot be opened: {error}") from error
    used = (handle.info()["last_pgno"] + 1) * handle.stat()["psize"]
    size = (path / "data.mdb").stat().st_size
    if size < used:  # to read behind the end of a mapped file would kill the process
        handle.close()
        raise DataError(
            f"the LMDB {path} is cut short: its file has {size:,} bytes of {used:,}; build it anew"
        )
    return handle


def _forget_lock() -> None:
    """Free the lock in a child: a thread of the parent may have held it while it forked."""
    global _lock
    _lock = threading.Lock()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forget_lock)
