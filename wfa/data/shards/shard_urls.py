"""From what a person writes to the addresses of shards."""

import re
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from webdataset.shardlists import expand_urls

from wfa.errors import ConfigError, DataError
from wfa.options.typed_options import list_items

_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]+:")
_WILD = re.compile(r"[*?\[]")


def read_patterns(value: Any, key: str) -> tuple[str, ...]:
    """Read an option that holds a pattern of shards, or a list of patterns `[a, b]`.

    Raises:
        ConfigError: It is neither.
    """
    if isinstance(value, str) and not value.lstrip().startswith("["):
        return (value,) if value else ()
    items = list_items(value, key)
    if any(isinstance(one, list | dict) for one in items):
        raise ConfigError(f"{key} wants patterns of shards, [a, b], but is {value!r}")
    return tuple(map(str, items))


def expand(patterns: Sequence[str], root: Path | None, key: str) -> tuple[str, ...]:
    """Return the addresses that patterns stand for, in their order.

    Braces count as in `train-{00000..00099}.tar`, `::` stands between patterns, and in a path `*`
    and `?` stand for what is there.

    Args:
        patterns: As they were written; `pipe:` takes a command as it is, but for braces.
        root: The folder that paths are relative to; None for the current one.
        key: The option, for messages.

    Raises:
        ConfigError: A pattern cannot be read.
        DataError: One matches nothing, or a shard is named twice.
    """
    found: list[str] = []
    for pattern in patterns:
        try:
            urls = expand_urls(pattern)
        except (ValueError, AssertionError) as error:
            raise ConfigError(f"{key}={pattern!r} is no pattern of shards ({error})") from error
        own = [path for url in urls for path in _local(url, root)]
        if not own:
            raise DataError(f"{key}={pattern!r} matches nothing{_where(root)}")
        found += own
    repeated = [url for url, often in Counter(found).items() if often > 1]
    if repeated:
        raise DataError(f"{key} names {repeated[0]} more than once: name each shard once")
    return tuple(found)


def is_local(url: str) -> bool:
    """Say whether a shard is a path on a disk."""
    return not _SCHEME.match(url)


def _local(url: str, root: Path | None) -> list[str]:
    if not is_local(url) or not url.strip():
        return [url] if url.strip() else []
    path = (root or Path()) / Path(url).expanduser()
    if not _WILD.search(url):
        return [str(path)]
    anchor = Path(path.anchor)
    return sorted(map(str, anchor.glob(str(path.relative_to(anchor)))))


def _where(root: Path | None) -> str:
    return f" in {root}" if root else ""
