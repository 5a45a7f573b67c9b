"""How far long work is: told by whoever works, shown by whoever asks for it.

Work goes through `track(steps, label)`. Nothing is shown until `shown_by` names a display, as the
command line does; a library call stays silent.
"""

from collections.abc import Callable, Iterable, Iterator, Sized
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, TypeVar

Item = TypeVar("Item")
Display = Callable[[Iterable[Any], str, int | None, int], Iterable[Any]]
"""Gives the steps one by one and shows how far they are: (steps, label, in all, done before)."""

_display: ContextVar[Display | None] = ContextVar("display", default=None)


def track(
    steps: Iterable[Item], label: str, total: int | None = None, done: int = 0
) -> Iterable[Item]:
    """Give the steps one by one, and tell the display how far they are.

    Args:
        steps: What to go through.
        label: What is being done, a few words.
        total: How many steps there are in all, where `steps` has no such length.
        done: How many of them an earlier call has done.

    Example:
        >>> [step * 2 for step in track([1, 2], "doubling")]
        [2, 4]
    """
    display = _display.get()
    if display is None:
        return steps
    if total is None and isinstance(steps, Sized):
        total = len(steps)
    return display(steps, label, total, done)


@contextmanager
def shown_by(display: Display | None) -> Iterator[None]:
    """Let a display, or none, show what `track` goes through in this thread during the block."""
    token = _display.set(display)
    try:
        yield
    finally:
        _display.reset(token)
