"""The images of several data sets as one list, each record made when it is asked for."""

from collections.abc import Collection, Mapping

import numpy as np
from numpy.typing import NDArray

from wfa.data.dataset import ImageTextDataset, Record
from wfa.data.made_on_access import MadeOnAccess


class MixedRecords(MadeOnAccess[Record]):
    """The records of parts one after the other, called `part/name`; only places are held.

    Args:
        parts: Name of a part -> its split.
        without: Name of a part -> places of its images that are left out.
        silent: Name of a part -> (place of an image, place of its caption) that are left out.

    Attributes:
        part: (B,) the number of each image's part.
        row: (B,) its place there.
    """

    def __init__(
        self,
        parts: Mapping[str, ImageTextDataset],
        without: Mapping[str, Collection[int]],
        silent: Mapping[str, Collection[tuple[int, int]]],
    ) -> None:
        self._names = tuple(parts)
        self._parts = tuple(parts.values())
        self._silent = silent
        kept = [
            np.setdiff1d(np.arange(len(part)), np.array(sorted(without.get(name, ())), np.int64))
            for name, part in parts.items()
        ]
        self.row: NDArray[np.int64] = np.concatenate([np.zeros(0, np.int64), *kept])
        self.part: NDArray[np.int64] = np.repeat(np.arange(len(kept)), list(map(len, kept)))

    def __len__(self) -> int:
        return len(self.row)

    def make(self, index: int) -> Record:
        """Return one record."""
        name, part, row = self.place(index)
        record, silent = part.records[row], self._silent.get(name, ())
        captions = record.captions
        if silent:
            captions = tuple(c for place, c in enumerate(captions) if (row, place) not in silent)
        return Record(f"{name}/{record.image}", captions)

    def place(self, index: int) -> tuple[str, ImageTextDataset, int]:
        """Return the name of image `index`'s part, the part, and the image's place there."""
        part = int(self.part[index])
        return self._names[part], self._parts[part], int(self.row[index])
