"""The errors a person can cause, each with a message that says what to do.

Every message names what was found, where, and the remedy. The command line prints it and leaves
with code 2; anything that is not a `UserError` is our fault and leaves with code 1.
"""

from collections.abc import Iterable, Sequence
from difflib import get_close_matches
from typing import Any

_LISTED = 160
"""Letters of names that a message lists beside the nearest one; of more, that says enough."""


class UserError(Exception):
    """The user's input is wrong; the message says what was found, where and what to do."""


class ConfigError(UserError):
    """A key, value or name in a config does not exist or has the wrong type."""


class DataError(UserError):
    """A data set is missing, incomplete, or holds something that cannot be read."""


class ModelError(UserError):
    """A checkpoint, model name or weight file does not fit."""


class RunError(UserError):
    """A run folder cannot be used as asked: unfinished, finished, or another run's."""


class SearchIndexError(UserError):
    """An index folder is damaged or was made by another model."""


class ArgumentError(UserError, ValueError):
    """What was handed to a function of the package does not fit; nothing was computed."""


def unknown(what: str, given: str, known: Iterable[str], where: str = "") -> ConfigError:
    """Return the error for a name that does not exist: the nearest known one, and what there is.

    Args:
        what: What is named: `key`, `aggregation`, `index family` ...
        given: The name that does not exist.
        known: Those that do.
        where: The file or recipe that names it, for the message.
    """
    names = list(known)
    near = nearest(given, names)
    hint = f"did you mean {near!r}?" if near else ""
    every = ", ".join(names)
    listed = f"known: {every}" if not near or len(every) <= _LISTED else ""
    return ConfigError(
        f"{where + ': ' if where else ''}there is no {what} {given!r}; "
        + " ".join(part for part in (hint, listed) if part)
    )


def check_known(what: str, given: Iterable[str], known: Sequence[str]) -> None:
    """Refuse names that do not exist.

    Raises:
        ConfigError: As `unknown`, about the first.
    """
    for name in given:
        if name not in known:
            raise unknown(what, name, known)


def some_of(items: Sequence[object], shown: int = 5, separator: str = ", ") -> str:
    """Name the first of several, and say how many there are beside them.

    >>> some_of(["a", "b", "c"], shown=2)
    'a, b and 1 more'
    """
    rest = len(items) - shown
    return separator.join(map(str, items[:shown])) + (f" and {rest} more" if rest > 0 else "")


def some_rows(rows: Any) -> str:
    """Name the first of some rows, a vector as arrays and tensors are: `row 4`, `rows 4, 7`."""
    return f"{'rows' if len(rows) > 1 else 'row'} {some_of(rows.tolist())}"


def nearest(given: str, known: Iterable[str]) -> str | None:
    """Return the known name that a misspelt one was meant to be, None where none is like it.

    Of a dotted name the last part counts alone where the part before it is known, and else as well:
    `epochs` was meant to be `train.epochs`.
    """
    names = list(known)
    section, dot, last = given.rpartition(".")
    beside = [name for name in names if dot and name.rpartition(".")[0] == section]
    if not beside and (near := get_close_matches(given, names, n=1)):
        return near[0]
    tails = {name.rpartition(".")[2]: name for name in beside or names}
    tail = get_close_matches(last, list(tails), n=1)
    return tails[tail[0]] if tail else None
