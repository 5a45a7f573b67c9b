"""What is known of files by their content, remembered until a file changes."""

import hashlib
import json
import time
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

from wfa.files import cache_dir, write_text

_SETTLED = 2 * 10**9
"""Nanoseconds after which a change shows in a file's times on any disk."""


class Stamp(NamedTuple):
    """What changes when a file does.

    Attributes:
        size: In bytes.
        modified: Time of the last change of its content, in ns.
        changed: Time of the last change of anything about it, in ns: shows a file that was moved
            onto another's place with its old time.
        which: Number of the file on its disk: shows another file with equal times. Of several
            files a hash of all their stamps.
    """

    size: int
    modified: int
    changed: int
    which: int = 0

    @property
    def settled(self) -> bool:
        """Whether a further change would give another stamp, however coarse the disk's clock."""
        return time.time_ns() - max(self.modified, self.changed) > _SETTLED


def stamp(path: Path) -> Stamp:
    """Return a file's stamp.

    Raises:
        OSError: The file is missing.
    """
    status = path.stat()
    return Stamp(status.st_size, status.st_mtime_ns, status.st_ctime_ns, status.st_ino)


def stamp_of_all(paths: Sequence[Path]) -> Stamp:
    """Return one stamp of several files: it differs when that of any file does, or the files do.

    Raises:
        OSError: A file is missing.
    """
    with ThreadPoolExecutor() as pool:  # what takes long is a disk in the network
        found = list(pool.map(stamp, paths, chunksize=64))
    digest = hashlib.blake2b(digest_size=7)  # as many bits as a number in JSON holds everywhere
    for path, one in zip(paths, found, strict=True):
        digest.update(f"{path.name} {' '.join(map(str, one))}\n".encode("utf-8", "surrogateescape"))
    return Stamp(
        sum(one.size for one in found),
        max((one.modified for one in found), default=0),
        max((one.changed for one in found), default=0),
        int.from_bytes(digest.digest()),
    )


class FileMemo:
    """One text for each thing in a file, forgotten when the file's stamp changes.

    It is one small JSON file in the cache folder. Two processes that write it at once keep what
    one of them found, and the rest is found again.

    Args:
        kind: What is remembered: the name of a folder.
        root: The data set's folder; each has a memory of its own.
    """

    def __init__(self, kind: str, root: Path) -> None:
        key = hashlib.sha256(str(root.resolve()).encode("utf-8", "surrogateescape")).hexdigest()
        self._path = cache_dir() / kind / f"{key[:16]}.json"
        self._known: dict[str, list[object]] = {}
        self._changed = False
        if self._path.is_file():
            # A damaged file is made anew: all in it can be found again.
            with suppress(ValueError, TypeError):
                self._known = dict(json.loads(self._path.read_text(encoding="utf-8")))

    def known(self, key: str, now: Stamp, find: Callable[[], str]) -> str:
        """Return what is known of `key`, or find it, where its file has changed since or is new.

        What is found of a file that has only just changed is not remembered: it could change again
        unseen.

        Args:
            key: The thing.
            now: The stamp of its file, taken before.
            find: Finds it; what it raises is passed on, and nothing is remembered then.
        """
        *then, text = self._known.get(key, [None])
        if then == list(now):
            return str(text)
        # Asked before: what changes while it is found must show in the stamp.
        settled = now.settled
        found = find()
        if settled:
            self._known[key] = [*now, found]
            self._changed = True
        return found

    def save(self) -> None:
        """Write what is new.

        Raises:
            UserError: The disk is full or the cache folder may not be written to.
        """
        if self._changed:
            write_text(self._path, json.dumps(self._known))
            self._changed = False


def content_hashes(files: Iterable[Path], root: Path) -> dict[Path, str]:
    """Return a hash of the content of each file; later calls read only what has changed.

    Args:
        files: The files; each counts once.
        root: The data set's folder.

    Returns:
        File -> BLAKE2b of 128 bits in hex, or a word where the file cannot be read.

    Raises:
        UserError: The cache folder may not be written to, or its disk is full.
    """
    memo = FileMemo("image_hashes", root)

    def one(path: Path) -> str:
        try:
            return memo.known(str(path), stamp(path), lambda: _hash(path))
        except OSError as error:
            return f"unreadable ({error.strerror})"

    distinct = list(dict.fromkeys(files))
    # Reading and hashing let go of the interpreter, so threads keep disk and cores busy.
    with ThreadPoolExecutor() as pool:
        found = dict(zip(distinct, pool.map(one, distinct), strict=True))
    memo.save()
    return found


def remembered(kind: str, root: Path, key: str, now: Stamp, find: Callable[[], str]) -> str:
    """Return what is known of `key` by its stamp; what is not known is found, and remembered.

    Args:
        kind: What is remembered: the name of a folder.
        root: The folder that it is about; each has a memory of its own.
        key: The thing.
        now: The stamp of what it is found from, taken before.
        find: Finds it.

    Raises:
        UserError: The cache folder may not be written to, or its disk is full.
    """
    memo = FileMemo(kind, root)
    known = memo.known(key, now, find)
    memo.save()
    return known


def _hash(path: Path) -> str:
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, lambda: hashlib.blake2b(digest_size=16))
    return digest.hexdigest()
