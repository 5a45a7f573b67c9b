"""Long lists whose items are made when they are asked for, such as the captions of records."""

from abc import abstractmethod
from collections.abc import Sequence
from typing import TypeVar, overload

from wfa.data.dataset import Record

Item = TypeVar("Item", covariant=True)


class MadeOnAccess(Sequence[Item]):
    """A sequence that holds none of its items; a subclass says how many there are and makes one."""

    @abstractmethod
    def make(self, index: int) -> Item:
        """Make item `index`, 0 or above."""

    @overload
    def __getitem__(self, index: int) -> Item: ...

    @overload
    def __getitem__(self, index: slice) -> tuple[Item, ...]: ...

    def __getitem__(self, index: int | slice) -> Item | tuple[Item, ...]:
        """Return one item, or those of a slice."""
        places = range(len(self))[index]
        return self.make(places) if isinstance(places, int) else tuple(map(self.make, places))


class Captions(MadeOnAccess[tuple[str, ...]]):
    """The texts of each record, made on access.

    Args:
        records: The records.
    """

    def __init__(self, records: Sequence[Record]) -> None:
        self._records = records

    def __len__(self) -> int:
        return len(self._records)

    def make(self, index: int) -> tuple[str, ...]:
        """Return the texts of record `index`."""
        return self._records[index].captions
