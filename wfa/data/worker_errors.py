"""Errors met in a loader's worker processes, brought to the user as they were meant.

What is raised in a worker reaches the main process as the text of a traceback. So a worker gives
the error in place of what it could not make, and the loader raises it.
"""

import time
from collections.abc import Sequence
from functools import cached_property
from typing import Any, NamedTuple

from torch.utils.data import DataLoader, Dataset, default_collate, get_worker_info

from wfa.data.streamed import LeftOut
from wfa.errors import UserError


class Noted(NamedTuple):
    """An item, and what was left out on the way to it.

    Attributes:
        item: The item.
        left_out: What could not be read.
    """

    item: Any
    left_out: LeftOut

    def pin_memory(self) -> "Noted":
        """Return it with the item in page-locked memory."""
        return self._replace(item=self.item.pin_memory())


class Telling(Dataset[Any]):
    """A data set's items; in a worker process, in place of an item the error that stopped it.

    Args:
        dataset: What makes the items.
    """

    def __init__(self, dataset: Dataset[Any]) -> None:
        self._dataset = dataset

    def __len__(self) -> int:
        items: Any = self._dataset
        return len(items)

    def __getitem__(self, key: Any) -> Any:
        """Return an item, or the error.

        Raises:
            UserError: In the main process: the item cannot be made.
        """
        try:
            return self._dataset[key]
        except UserError as error:
            if get_worker_info() is None:
                raise
            return error


def collate_told(items: Sequence[Any]) -> Any:
    """Put items together as torch does, or give the first error among them."""
    return next((item for item in items if isinstance(item, UserError)), None) or default_collate(
        list(items)
    )


class TellingLoader(DataLoader[Any]):
    """A loader of a `Telling` data set: raises the errors among its items, and times its waits."""

    _waited = 0.0

    @cached_property
    def left_out(self) -> LeftOut:
        """What could not be read and was left out, as far as items were `Noted`."""
        return LeftOut()

    def __iter__(self) -> Any:
        """Give the items, or batches put together by `collate_told`.

        Raises:
            UserError: A worker could not make it; the message is the worker's.
        """
        items = super().__iter__()
        while True:
            start = time.perf_counter()
            try:
                item = next(items)
            except StopIteration:
                return
            finally:
                self._waited = self._waited + time.perf_counter() - start
            if isinstance(item, UserError):
                raise item
            if isinstance(item, Noted):
                self.left_out.merge(item.left_out)
                item = item.item
            yield item

    def take_waited(self) -> float:
        """Return the seconds spent waiting for items since this was last asked."""
        waited, self._waited = self._waited, 0.0
        return waited
