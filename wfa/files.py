"""Writing files so that a crash or a full disk never leaves half of one."""

import errno
import os
import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import NamedTuple

from wfa.errors import UserError

if sys.platform != "win32":
    import fcntl

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
    claim = _open(path)
    temporary = claim.temporary
    try:
        temporary.write_bytes(b"")
        yield temporary
        with temporary.open("r+b") as written:
            os.fsync(written.fileno())
        temporary.replace(path)
    except BaseException as error:
        found = _explained(error, temporary, path)
        temporary.unlink(missing_ok=True)
        if found is error:
            raise
        raise found from error
    finally:
        claim.release()


def check_writable(path: Path) -> None:
    """Find out before long work whether `atomic_write` can open `path`; its folder is made.

    Raises:
        UserError: It is a folder, the disk is full or the folder may not be written to.
    """
    _open(path).release()


@contextmanager
def temporary_folder(path: Path) -> Iterator[Path]:
    """Give an empty folder beside `path` to make it in; what is not moved away is removed.

    Raises:
        UserError: The disk is full or the folder may not be written to.
    """
    claim = _open(path, is_file=False)
    try:
        shutil.rmtree(claim.temporary, ignore_errors=True)
        claim.temporary.mkdir()
        yield claim.temporary
    finally:
        shutil.rmtree(claim.temporary, ignore_errors=True)
        claim.release()


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
    for lock in folder.glob(f".*{_LOCK_SUFFIX}"):
        temporary = lock.with_name(f"{lock.name.removesuffix(_LOCK_SUFFIX)}{TEMPORARY_SUFFIX}")
        with suppress(OSError):  # another process was faster, or the folder is not ours
            descriptor = os.open(lock, os.O_RDWR)
            try:
                if _lock(descriptor):
                    shutil.rmtree(temporary, ignore_errors=True)  # of a folder
                    temporary.unlink(missing_ok=True)
                    lock.unlink(missing_ok=True)
            finally:
                os.close(descriptor)


def cache_dir() -> Path:
    """Return the folder for what can be made again: `$WFA_CACHE_DIR`, else the platform's own.

    It need not exist yet. Without the variable it is `wfa` below `$XDG_CACHE_HOME` or `~/.cache`,
    `~/Library/Caches` on macOS, `%LOCALAPPDATA%` on Windows.
    """
    own = os.environ.get("WFA_CACHE_DIR")
    if own:
        return Path(own)
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Caches" / "wfa"
    variable = "LOCALAPPDATA" if sys.platform == "win32" else "XDG_CACHE_HOME"
    return Path(os.environ.get(variable) or Path.home() / ".cache") / "wfa"


class _Claim(NamedTuple):
    """The right to write one temporary file.

    The lock is a file of its own, since some writers put a new file in the place of theirs. It
    goes with its process, however that ends.
    """

    temporary: Path
    lock: Path
    descriptor: int

    def release(self) -> None:
        """Let others have the temporary file's name."""
        if sys.platform == "win32":  # which removes no file that is open
            os.close(self.descriptor)
            self.lock.unlink(missing_ok=True)
        else:
            self.lock.unlink(missing_ok=True)
            os.close(self.descriptor)


def _open(path: Path, is_file: bool = True) -> _Claim:
    if is_file and path.is_dir():
        raise UserError(f"{path} cannot be written: it is a folder; name a file")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        return _claim(path)
    except OSError as error:
        raise _explained_opening(error, path) from error


def _claim(path: Path) -> _Claim:
    """Claim the first temporary file of `path` that no other writer has.

    The names are numbered and not random, so that one left behind is used again.
    """
    flags = os.O_RDWR | os.O_CREAT | (os.O_EXCL if sys.platform == "win32" else 0)
    number = 0
    while True:
        temporary = path.with_name(f".{path.name}.{number}{TEMPORARY_SUFFIX}")
        lock = temporary.with_name(f".{path.name}.{number}{_LOCK_SUFFIX}")
        try:
            descriptor = os.open(lock, flags, 0o666)
        except (FileExistsError, PermissionError):
            if not lock.exists():
                raise  # the folder is what may not be written to
            number += 1
            continue
        if not _lock(descriptor):
            number += 1
        elif _is_still(lock, descriptor):
            return _Claim(temporary, lock, descriptor)
        os.close(descriptor)  # taken, or given back between our two steps


def _lock(descriptor: int) -> bool:
    """Take the lock of an open file if nobody has it; Windows keeps files in use by itself."""
    if sys.platform == "win32":
        return True
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError as error:  # a file system without locks
        return error.errno in (errno.ENOLCK, errno.ENOSYS, errno.EOPNOTSUPP)
    return True


def _is_still(path: Path, descriptor: int) -> bool:
    try:
        return os.path.samestat(path.stat(), os.fstat(descriptor))
    except FileNotFoundError:
        return False


def _explained(error: BaseException, temporary: Path, path: Path) -> BaseException:
    """Turn a writer's failure into a `UserError` where a person can mend it; else hand it back."""
    if isinstance(error, UserError) or not isinstance(error, Exception):
        return error
    code = _code(error, path.parent)
    if code is None and (not isinstance(error, OSError) or error.errno is None):
        # torch, safetensors and NumPy report a full disk by errors of their own: ask the disk.
        code = _probe(temporary)
    if code in FULL:
        written = temporary.stat().st_size if temporary.exists() else 0
        detail = f" (after {written:,} bytes)" if written else ""
        if isinstance(error, NoRoomError):
            detail = f" ({error.strerror})"
        return UserError(
            f"{FULL[code]} while writing {path}{detail}: free some {_elsewhere(path)} and run "
            "the same command again; nothing was left half-written"
        )
    if code in _FORBIDDEN:
        return _forbidden(path)
    return error


def _code(error: BaseException | None, folder: Path) -> int | None:
    """Return the error number that is behind a writer's error, if it says one about `folder`."""
    codes = (*FULL, *_FORBIDDEN)
    while error is not None:
        if isinstance(error, OSError) and error.errno in codes:
            named = error.filename
            ours = not isinstance(named, str) or Path(named).parent == folder
            return error.errno if ours else None
        for code in FULL:
            if os.strerror(code) in str(error):
                return code
        error = error.__cause__ or error.__context__
    return None


def _probe(path: Path) -> int | None:
    try:
        with path.open("ab", buffering=0) as file:
            file.write(bytes(_PROBE))
            os.fsync(file.fileno())
    except OSError as error:
        return error.errno
    return None


def _explained_opening(error: OSError, path: Path) -> OSError | UserError:
    """As `_explained`, of the failure to make the folder or the temporary file."""
    if error.errno in FULL:
        return UserError(
            f"{FULL[error.errno]} while making {path}: free some {_elsewhere(path)} and run the "
            "same command again"
        )
    # A folder that cannot be made, such as one below /proc, reports itself as missing.
    if error.errno in (*_FORBIDDEN, errno.ENOENT, errno.EINVAL):
        return _forbidden(path)
    if error.errno == errno.ENAMETOOLONG:
        return UserError(f"{path} has a name that is too long for the disk: choose a shorter one")
    if error.errno in (errno.ENOTDIR, errno.EEXIST, errno.EISDIR):
        return UserError(f"{path} cannot be written: a file stands where a folder is wanted")
    return error


def _forbidden(path: Path) -> UserError:
    return UserError(f"{path.parent} may not be written to: change that {_elsewhere(path)}")


def _elsewhere(path: Path) -> str:
    if path.is_relative_to(cache_dir()):
        return "or set WFA_CACHE_DIR=DIR to another folder for caches"
    return "or name another file or folder"
