"""The captions of records that are made on access."""

from collections.abc import Sequence
from typing import overload

from wfa.data.dataset import Record


class Captions(Sequence[tuple[str, ...]]):
    """The texts of each record, made on access.

    Args:
        records: The records.
    """

    def __init__(self, records: Sequence[Record]) -> None:
        self._records = records

    def __len__(self) -> int:
        return len(self._records)

    @overload
    def __getitem__(self, index: int) -> tuple[str, ...]: ...

    @overload
    def __getitem__(self, index: slice) -> tuple[tuple[str, ...], ...]: ...

    def __getitem__(self, index: int | slice) -> tuple[str, ...] | tuple[tuple[str, ...], ...]:
        """Return the texts of one record, or of those of a slice."""
        if isinstance(index, slice):
            return tuple(record.captions for record in self._records[index])
        return self._records[index].captions
