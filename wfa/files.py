"""Files that are written whole or not at all, what to tell where they cannot be, their checksum."""

import ctypes
import errno
import hashlib
import os
import shutil
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from itertools import count
from pathlib import Path

import platformdirs
from filelock import BaseFileLock, FileLock, Timeout

from wfa.errors import UserError

TEMPORARY_SUFFIX = ".wfa-part"
"""The ending of files that are being written; their names begin with a dot."""

_LOCK_SUFFIX = f".lock{TEMPORARY_SUFFIX}"

FULL = {
    errno.ENOSPC: "no space left on the disk",
    errno.EDQUOT: "the quota of the disk is used up",
    errno.EFBIG: "the largest file that is allowed here (see `ulimit -f`) is too small",
}
"""Error numbers of a disk that takes no more -> what to tell the user."""

_FORBIDDEN = (errno.EACCES, errno.EPERM, errno.EROFS)
_PROBE = 2**20
"""Bytes that a disk must still take to be believed when a writer failed for no stated reason."""


class NoRoomError(OSError):
    """The disk has not the room that a file needs; its words say how much that is.

    `atomic_write` tells it with them.
    """


@contextmanager
def atomic_write(path: Path) -> Iterator[Path]:
    """Give a temporary path in the same folder; move it onto `path` when the block ends well.

    Readers see the old file or the new one, never a part, also after a loss of power: the content
    is on the disk before it takes its name. The folder is made when it is missing. What a killed
    process left behind is taken over by the next one that writes the same file.

    Args:
        path: The file to write.

    Yields:
        An empty file in the same folder; write the whole content there.

    Raises:
        UserError: The disk is full or the folder may not be written to; whatever error the writer
            itself makes of that.
    """
    with _claimed(_file(path)) as temporary:
        try:
            temporary.write_bytes(b"")
            mode = temporary.stat().st_mode
            with _told(path, temporary):
                yield temporary
                with temporary.open("r+b") as written:
                    os.fsync(written.fileno())
                temporary.chmod(mode)  # some writers put a file in its place that is theirs alone
                temporary.replace(path)
        finally:
            temporary.unlink(missing_ok=True)


def check_writable(path: Path) -> None:
    """Find out before long work whether `atomic_write` can open `path`; its folder is made.

    Raises:
        UserError: It is a folder, the disk is full or the folder may not be written to.
    """
    with _claimed(_file(path)):
        pass


@contextmanager
def temporary_folder(path: Path) -> Iterator[Path]:
    """Give an empty folder beside `path` to make it in; what is not moved away is removed.

    Raises:
        UserError: The disk is full or the folder may not be written to.
    """
    with _claimed(path) as temporary:
        try:
            shutil.rmtree(temporary, ignore_errors=True)
            with _told(path, temporary):
                temporary.mkdir()
                yield temporary
        finally:
            shutil.rmtree(temporary, ignore_errors=True)


def replace_folder(made: Path, folder: Path) -> None:
    """Give a folder that is whole its name; what had the name before is removed, or left in `made`.

    On Linux both change places at once: readers, and whoever comes after a crash, find the old
    folder or the new one. Where the system or the disk cannot do that, the old one steps aside
    first, and a crash right then leaves no folder of that name. The files become as readable as
    any new one; some writers make theirs their owner's alone.

    Args:
        made: Of `temporary_folder(folder)`, which removes what is left there.
        folder: The name, free or not.

    Raises:
        OSError: It may not be renamed.
    """
    for file in filter(Path.is_file, made.rglob("*")):
        file.chmod(made.stat().st_mode & 0o666)
    if not folder.exists():
        made.replace(folder)
    elif not _exchanged(made, folder):
        with temporary_folder(folder) as old:
            folder.replace(old / folder.name)
            made.replace(folder)


def write_text(path: Path, text: str) -> None:
    """Write `text` as UTF-8 to `path`, whole or not at all; a lone surrogate becomes "?".

    Raises:
        UserError: The disk is full or the folder may not be written to.
    """
    with atomic_write(path) as temporary:
        temporary.write_text(text, encoding="utf-8", errors="replace")


def is_temporary(path: Path) -> bool:
    """Return whether a file is one that `atomic_write` is writing, or was when it was killed."""
    return path.name.startswith(".") and path.name.endswith(TEMPORARY_SUFFIX)


def remove_leftovers(folder: Path) -> None:
    """Remove the temporary files and folders in `folder` that killed processes left behind.

    Those that are being written stay. Nothing happens where the folder is missing.
    """
    for path in folder.glob(f".*{_LOCK_SUFFIX}"):
        temporary = path.with_name(f"{path.name.removesuffix(_LOCK_SUFFIX)}{TEMPORARY_SUFFIX}")
        with suppress(OSError):  # held by its writer (Timeout is one), removed, or not ours
            lock = FileLock(path, blocking=False)
            lock.acquire()
            shutil.rmtree(temporary, ignore_errors=True)  # of a folder
            with suppress(OSError):
                temporary.unlink()
            _give_back(lock)


def cache_dir() -> Path:
    """Return the folder for what can be made again: `$WFA_CACHE_DIR`, else the platform's own.

    It need not exist yet. Without the variable it is `wfa` below `$XDG_CACHE_HOME` or `~/.cache`,
    `~/Library/Caches` on macOS, `%LOCALAPPDATA%` on Windows.
    """
    own = os.environ.get("WFA_CACHE_DIR")
    return Path(own) if own else platformdirs.user_cache_path("wfa", False, opinion=False)


def file_hash(*paths: Path, method: str = "sha256") -> str:
    """Return the checksum (hex) of the content of files, one after the other.

    Args:
        paths: The files.
        method: As hashlib names it: `sha256`, or `md5` where a publisher gives no better one.

    Raises:
        OSError: A file cannot be read.
    """
    digest = hashlib.new(method, usedforsecurity=False)
    for path in paths:
        with path.open("rb") as file:
            hashlib.file_digest(file, lambda: digest)
    return digest.hexdigest()


def _exchanged(one: Path, other: Path) -> bool:
    """Let two folders change places by renameat2(2), for which Python has no name; say if so."""
    rename = getattr(ctypes.CDLL(None), "renameat2", None) if sys.platform == "linux" else None
    here, swap = -100, 2  # AT_FDCWD, RENAME_EXCHANGE
    return rename is not None and not rename(here, os.fsencode(one), here, os.fsencode(other), swap)


def _file(path: Path) -> Path:
    if path.is_dir():
        raise UserError(f"{path} cannot be written: it is a folder; name a file")
    return path


@contextmanager
def _claimed(path: Path) -> Iterator[Path]:
    """Hold the first temporary name of `path` that no other writer has.

    The names are numbered and not random, so that one left behind is used again. The lock is a
    file of its own, since some writers put a new file in the place of theirs.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        temporary, lock = _claim(path)
    except OSError as error:
        message = _message(error.errno, path)
        if message is None:
            raise
        raise UserError(message) from error
    try:
        yield temporary
    finally:
        _give_back(lock)


def _claim(path: Path) -> tuple[Path, BaseFileLock]:
    for number in count():
        temporary = path.with_name(f".{path.name}.{number}{TEMPORARY_SUFFIX}")
        lock = FileLock(path.with_name(f".{path.name}.{number}{_LOCK_SUFFIX}"), blocking=False)
        try:
            lock.acquire()
        except Timeout:
            if not Path(lock.lock_file).exists():  # given back just now, or it cannot be made
                tempfile.TemporaryFile(dir=path.parent).close()
            continue  # another writer's
        except PermissionError:
            if not Path(lock.lock_file).exists():
                raise  # the folder is what may not be written to
            continue  # another person's
        return temporary, lock
    raise AssertionError("numbers do not end")


def _give_back(lock: BaseFileLock) -> None:
    if os.name == "posix":  # Windows removes no file that is open, and this one by itself
        Path(lock.lock_file).unlink(missing_ok=True)
    lock.release()


@contextmanager
def _told(path: Path, temporary: Path) -> Iterator[None]:
    """Say what a person can do where a disk stops a writer of `path`, whatever error it makes."""
    try:
        yield
    except UserError:
        raise
    except Exception as error:
        detail = f" ({error.strerror})" if isinstance(error, NoRoomError) else ""
        message = _message(_code(error, temporary), path, detail)
        if message is None:
            raise
        raise UserError(message) from error


def _code(error: BaseException | None, temporary: Path) -> int | None:
    """Return the number of the disk's error behind a writer's, if it is about our folder."""
    unsaid = not isinstance(error, OSError) or error.errno is None
    while error is not None:
        if isinstance(error, OSError) and error.errno in (*FULL, *_FORBIDDEN):
            named = error.filename
            ours = not isinstance(named, str) or Path(named).is_relative_to(temporary.parent)
            return error.errno if ours else None
        for code in FULL:
            if os.strerror(code) in str(error):
                return code
        error = error.__cause__ or error.__context__
    if unsaid:  # torch, safetensors and NumPy tell no number of a full disk: ask the disk
        probe = temporary / "probe" if temporary.is_dir() else temporary
        try:
            with probe.open("ab", buffering=0) as file:
                file.write(bytes(_PROBE))
                os.fsync(file.fileno())
        except OSError as refused:
            return refused.errno if refused.errno in (*FULL, *_FORBIDDEN) else None
    return None


def _message(code: int | None, path: Path, detail: str = "") -> str | None:
    """Say how a person can mend what stopped a writer; None where it is not theirs to mend."""
    other = "or name another file or folder"
    if path.is_relative_to(cache_dir()):
        other = "or set WFA_CACHE_DIR=DIR to another folder for caches"
    if code in FULL:
        return (
            f"{FULL[code]} while writing {path}{detail}: free some {other} and run the same "
            "command again; nothing was left half-written"
        )
    if code == errno.ENAMETOOLONG:
        return f"{path} has a name that is too long for the disk: choose a shorter one"
    if code in (errno.ENOTDIR, errno.EEXIST, errno.EISDIR):
        return f"{path} cannot be written: a file stands where a folder is wanted"
    # A folder that cannot be made, such as one below /proc, reports itself as missing.
    if code in (*_FORBIDDEN, errno.ENOENT, errno.EINVAL):
        return f"{path.parent} may not be written to: change that {other}"
    return None
