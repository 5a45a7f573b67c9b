"""A first look at many rows at once: most are plainly right, the rest is parsed one by one."""

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from wfa.bigearthnet.rows import BOX, CAPTION, CATEGORIES, CHOICE, YES_NO

# Each is narrower than what `rows` accepts: a row that fits one is right, one that does not may be.
_STEM_AND_OPTIONS = "".join(
    [r"^[A-Za-z][^\n]* a\) ?[A-Za-z0-9]"]
    + [rf"[^\n]*, {letter}\) ?[A-Za-z0-9]" for letter in "bcd"]
)
_MARKS = r"(?:^|[ \t\r\n\x0b\x0c])[a-h]\)"
_SHARE = r"(?:0(?:\.[0-9]+)?|1(?:\.0+)?)"
_CORNERS = rf"^\[(?P<x1>{_SHARE}) (?P<y1>{_SHARE}), (?P<x2>{_SHARE}) (?P<y2>{_SHARE})\]$"
_TARGETS = {
    "reference": r"<ref>[A-Za-z][^<>\n]*</ref>",
    "point": rf"<point>\({_SHARE}, {_SHARE}\)</point>",
}


def doubtful(batch: pa.RecordBatch, types: frozenset[str]) -> NDArray[np.int64]:
    """Return the places of rows that may not parse.

    Args:
        batch: Rows with `input`, `output`, `type` and `category`.
        types: The types whose rows matter; of other known types nothing is checked.

    Returns:
        Ascending places: all rows of unknown type or category, and of the wanted types those whose
        question or answer is not of the most usual form.
    """
    kind = batch["type"].cast(pa.string())
    category = batch["category"].cast(pa.string())
    task = pc.binary_join_element_wise(kind, category, "|")
    known = [f"{name}|{one}" for name, own in CATEGORIES.items() for one in own]
    doubt = ~_numpy(pc.is_in(task, pa.array(known)))
    for name in types & CATEGORIES.keys():
        own = np.flatnonzero(_numpy(pc.equal(kind, name)))
        if len(own):
            right = _RIGHT[name](partial(_cells, batch, pa.array(own)))
            doubt[own[~right]] = True
    return np.flatnonzero(doubt)


def _cells(batch: pa.RecordBatch, places: Any, column: str) -> Any:
    return batch[column].take(places)


_Cells = Callable[[str], Any]
"""Column -> its cells of the rows of one type."""


def _yes_no(cells: _Cells) -> NDArray[np.bool_]:
    answer = cells("output")
    return _numpy(pc.is_in(answer, pa.array(["yes", "no"], answer.type)))


def _choice(cells: _Cells) -> NDArray[np.bool_]:
    question, answer = cells("input"), cells("output")
    letter = pc.is_in(answer, pa.array(list("abcd"), answer.type))
    marks = pc.equal(pc.count_substring_regex(question, _MARKS), 4)
    form = pc.match_substring_regex(question, _STEM_AND_OPTIONS)
    return _numpy(pc.and_(pc.and_(letter, marks), form))


def _box(cells: _Cells) -> NDArray[np.bool_]:
    question, category = cells("input"), cells("category").cast(pa.string())
    corners = pc.extract_regex(cells("output"), _CORNERS)
    x1, y1, x2, y2 = (
        pc.cast(pc.struct_field(corners, name), pa.float64()).to_numpy(zero_copy_only=False)
        for name in ("x1", "y1", "x2", "y2")
    )
    ordered = (x1 < x2) & (y1 < y2)  # false where nothing was found: then they are NaN
    target = [
        pc.and_(pc.equal(category, name), pc.match_substring_regex(question, pattern))
        for name, pattern in _TARGETS.items()
    ]
    fits: NDArray[np.bool_] = ordered & _numpy(pc.or_(*target))
    return fits


def _caption(cells: _Cells) -> NDArray[np.bool_]:
    return _numpy(pc.match_substring_regex(cells("output"), "[A-Za-z0-9]"))


_RIGHT = {YES_NO: _yes_no, CHOICE: _choice, BOX: _box, CAPTION: _caption}


def _numpy(mask: Any) -> NDArray[np.bool_]:
    """Take null for no."""
    found: NDArray[np.bool_] = pc.fill_null(mask, False).to_numpy(zero_copy_only=False)
    return found.astype(bool)
