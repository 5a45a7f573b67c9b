"""Many lines as one array of characters: finds the few lines that need care, fast."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from wfa.captions.segments import Bools


def latin_1(lines: Sequence[str]) -> NDArray[np.uint8]:
    """Give the characters of all lines, one byte each; one outside Latin-1 becomes "?"."""
    return np.frombuffer("".join(lines).encode("latin-1", "replace"), np.uint8)


def table_of(characters: str) -> Bools:
    """Give a table (256,) that is true for these Latin-1 characters."""
    table = np.zeros(256, np.bool_)
    table[latin_1([characters])] = True
    return table


def lines_at(lines: Sequence[str], flagged: Bools) -> list[int]:
    """Give the places, ascending, of the lines that hold a flagged character of `latin_1`."""
    ends = np.cumsum(np.fromiter(map(len, lines), np.int64, len(lines)))
    found = np.searchsorted(ends, np.flatnonzero(flagged), side="right")
    places: list[int] = np.unique(found).tolist()
    return places
