"""Files that are read again and again in one process: once for every split, and before."""

from collections.abc import Callable
from functools import lru_cache, wraps
from pathlib import Path
from typing import Any, TypeVar, cast

from wfa.data.file_hashes import Stamp, stamp

Reader = TypeVar("Reader", bound=Callable[..., Any])
_KEPT = 8
"""Files of each reader that are kept: those of a data set, and not all that a process ever read."""


def read_once(read: Reader) -> Reader:
    """Keep what a reader made of its last files, until they change.

    Args:
        read: Takes the file and what else it needs, by place and hashable. What it returns is
            shared by all callers, who must not change it.
    """

    @lru_cache(maxsize=_KEPT)
    def known(now: Stamp, path: Path, *rest: Any) -> Any:
        del now
        return read(path, *rest)

    @wraps(read)
    def reader(path: Path, *rest: Any) -> Any:
        try:
            now = stamp(path)
        except OSError:  # the reader says it better
            return read(path, *rest)
        # What has only just changed could change again unseen.
        return known(now, path, *rest) if now.settled else read(path, *rest)

    return cast(Reader, reader)
