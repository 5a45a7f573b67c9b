"""Writing files so that a crash or a full disk never leaves half of one."""

import errno
import os
import shutil
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from wfa.errors import UserError

_FULL = 2**20
"""A disk with fewer bytes free than this counts as full."""


@contextmanager
def atomic_write(path: Path) -> Iterator[Path]:
    """Give a temporary path in the same folder; move it onto `path` when the block ends well.

    Readers see the old file or the new one, never a part. The folder is made when it is missing.

    Args:
        path: The file to write.

    Yields:
        An empty file in the same folder; write the whole content there.

    Raises:
        UserError: The disk is full or the folder may not be written to.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
        os.close(descriptor)
    except OSError as error:
        raise _explained(error, path) from error
    temporary = Path(name)
    try:
        yield temporary
        # mkstemp makes files private; results are as readable as any other file of the user.
        temporary.chmod(0o666 & ~_umask())
        temporary.replace(path)
    except OSError as error:
        raise _explained(error, path) from error
    except Exception as error:
        # torch and safetensors report a full disk by errors of their own.
        if shutil.disk_usage(path.parent).free < _FULL:
            raise _explained(OSError(errno.ENOSPC, ""), path) from error
        raise
    finally:
        temporary.unlink(missing_ok=True)


def write_text(path: Path, text: str) -> None:
    """Write `text` as UTF-8 to `path`, whole or not at all.

    Raises:
        UserError: The disk is full or the folder may not be written to.
    """
    with atomic_write(path) as temporary:
        temporary.write_text(text, encoding="utf-8")


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


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask


def _explained(error: OSError, path: Path) -> OSError | UserError:
    """Turn the failures that a person can mend into a `UserError`; hand back any other."""
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return UserError(f"no space left on the disk while writing {path}: free some and run again")
    # A folder that cannot be made, such as one below /proc, reports itself as missing.
    if error.errno in (errno.EACCES, errno.EPERM, errno.EROFS, errno.ENOENT, errno.EINVAL):
        return UserError(f"{path.parent} may not be written to: choose another folder with out=DIR")
    if error.errno in (errno.ENOTDIR, errno.EEXIST, errno.EISDIR):
        return UserError(f"{path} cannot be written: a file stands where a folder is wanted")
    return error
