"""The images of a split with their texts, each made from its rows only when it is asked for."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from wfa.bigearthnet.annotation_table import AnnotationTable
from wfa.bigearthnet.image_texts import KINDS, texts_of
from wfa.bigearthnet.rows import CAPTION
from wfa.data.dataset import Record
from wfa.data.made_on_access import MadeOnAccess


class TextRecords(MadeOnAccess[Record]):
    """The patches that have a text, as records; nothing is kept of a record once it is given.

    Args:
        table: The rows.
        kinds: Which texts are made.
        patches: The places in `table` to choose from, ascending.

    Attributes:
        patches: (B,) the places in `table` of the records.
        without_text: The places that were left out since no text can be made for them.
    """

    def __init__(
        self, table: AnnotationTable, kinds: Sequence[str], patches: NDArray[np.int64]
    ) -> None:
        self._table = table
        self._kinds = tuple(kinds)
        # A caption always gives a text; where there is none, the rows are tried until one does.
        sure = table.has_type([CAPTION] if {KINDS[kind][0] for kind in kinds} & {CAPTION} else [])
        has_text = [bool(sure[patch]) or self._has_text(patch) for patch in patches.tolist()]
        keep = np.array(has_text, bool)
        self.patches = patches[keep]
        self.without_text = patches[~keep]

    def __len__(self) -> int:
        return len(self.patches)

    def make(self, index: int) -> Record:
        """Return one record."""
        patch = int(self.patches[index])
        texts = texts_of(self._table.rows(patch), self._kinds)
        return Record(self._table.patch_ids[patch].as_py(), tuple(texts))

    def _has_text(self, patch: int) -> bool:
        return next(texts_of(self._table.rows(patch), self._kinds), None) is not None
