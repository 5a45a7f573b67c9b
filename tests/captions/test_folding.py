import sys

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.captions.strategies import captions
from wfa.captions.folding import caption_ids, fold, fold_all


@pytest.mark.parametrize(
    ("text", "folded"),
    [
        ("A Road .", "a road"),
        ("a  road", "a road"),
        ("\ta\u2003road\u00a0!?\n", "a road"),
        ("a road, .", "a road"),
        ("STRASSE", "stra\u00dfe".casefold()),
        ("\u4e00\u6761\u8def\u3002", "\u4e00\u6761\u8def"),
        ("3.5 km", "3.5 km"),
        ("50 %", "50 %"),
        (". start", ". start"),
        ("...", ""),
        ("", ""),
        ("\ud800 road.", "\ud800 road"),
    ],
)
def test_hand_cases(text: str, folded: str) -> None:
    assert fold(text) == folded


def test_case_can_be_kept() -> None:
    assert fold("A Road.", lowercase=False) == "A Road"


def test_folding_every_character_twice_changes_nothing() -> None:
    for point in range(sys.maxunicode + 1):
        folded = fold(chr(point))
        assert fold(folded) == folded


@given(captions, st.booleans())
def test_folding_twice_changes_nothing(text: str, lowercase: bool) -> None:
    assert fold(fold(text, lowercase), lowercase) == fold(text, lowercase)


@given(st.lists(captions, max_size=6), st.booleans())
def test_many_at_once_equal_one_by_one(texts: list[str], lowercase: bool) -> None:
    assert fold_all(texts, lowercase) == [fold(text, lowercase) for text in texts]


def test_many_at_once_with_the_joining_character_inside() -> None:
    assert fold_all(["A\0B.", "c"]) == ["a\0b", "c"]


def test_ids_in_order_of_first_sight() -> None:
    ids = caption_ids(["b.", "A", "B", "a ", "c", ""])
    assert ids.tolist() == [0, 1, 0, 1, 2, 3]
    assert ids.dtype == np.int64
    assert caption_ids([]).shape == (0,)


@given(st.lists(captions, max_size=8))
def test_ids_are_equal_where_folded_captions_are(texts: list[str]) -> None:
    ids = caption_ids(texts).tolist()
    assert [[a == b for a in ids] for b in ids] == [
        [fold(a) == fold(b) for a in texts] for b in texts
    ]
