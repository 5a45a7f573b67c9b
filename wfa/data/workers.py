"""Errors met in a loader's worker processes, brought to the user as they were meant.

What is raised in a worker reaches the main process as the text of a traceback. So a worker gives
the error in place of what it could not make, and the loader raises it.
"""

from collections.abc import Callable, Sequence
from typing import Any, TypeVar

from torch.utils.data import DataLoader, default_collate, get_worker_info

from wfa.errors import UserError

Item = TypeVar("Item")


def made(make: Callable[[], Item]) -> Item | UserError:
    """Return what `make` gives; in a worker process the `UserError` that stops it.

    Raises:
        UserError: As `make`, in the main process.
    """
    try:
        return make()
    except UserError as error:
        if get_worker_info() is None:
            raise
        return error


def collate_made(items: Sequence[Any]) -> Any:
    """Put items together as torch does, or give the first error among them."""
    return next((item for item in items if isinstance(item, UserError)), None) or default_collate(
        list(items)
    )


class TellingLoader(DataLoader[Any]):
    """A loader of what `made` gave, which raises the errors among it."""

    def __iter__(self) -> Any:
        """Give what the workers made.

        Raises:
            UserError: A worker could not make it; the message is the worker's.
        """
        for item in super().__iter__():
            if isinstance(item, UserError):
                raise item
            yield item
