from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from wfa.data.tables.caption_cells import captions_in, is_missing, text_of
from wfa.errors import DataError

TWO = ["a lake", "a field"]


@pytest.mark.parametrize(
    ("cell", "wanted"),
    [
        ("a lake", ["a lake"]),
        (b"a lake", ["a lake"]),
        (TWO, TWO),
        (tuple(TWO), TWO),
        ([b"a lake", "a field"], TWO),
        ({"raw": "a lake", "tokens": ["a"]}, ["a lake"]),
        ({"raw": None, "caption": "a lake"}, ["a lake"]),
        ({"raw": "a lake", "raw_1": "a field", "imgid": 3}, TWO),
        ({"raw": TWO, "sentid": [1, 2]}, TWO),
        ([{"caption": "a lake"}, {"sentence": "a field"}], TWO),
        ([], []),
        # as JSON, Python and NumPy write lists
        ('["a lake", "a field"]', TWO),
        ("['a lake', 'a field']", TWO),
        (" ['a lake', 'a field'] ", TWO),
        ("['a lake',\n 'a field',]", TWO),
        ("('a lake', 'a field')", TWO),
        ("['a lake' 'a field']", TWO),
        ("['a lake'\n 'a field']", TWO),
        ("array(['a lake', 'a field'], dtype=object)", TWO),
        ("np.array(['a lake', 'a field'])", TWO),
        ("array(['a lake', 'a field'], dtype='<U7')", TWO),
        ("[b'a lake', b'a field']", TWO),
        ('["it\'s a lake", \'a "blue" one\']', ["it's a lake", 'a "blue" one']),
        ('[{"raw": "a lake"}, {"raw": "a field"}]', TWO),
        ("[{'raw': 'a lake', 'tokens': ['a']}, {'raw': 'a field'}]", TWO),
        ("{'raw': 'a lake'}", ["a lake"]),
        ("[]", []),
        ("['a\\nb']", ["a\nb"]),
        ('["\\u00e9"]', ["é"]),
        # what is not known
        (None, [""]),
        (float("nan"), [""]),
        ("nan", [""]),
        (" NULL ", [""]),
        ("['a lake', None]", ["a lake", ""]),
        ("['a lake', nan]", ["a lake", ""]),
        ('["a lake", null]', ["a lake", ""]),
        ("['a lake' nan]", ["a lake", ""]),
        (["a lake", None, float("nan")], ["a lake", "", ""]),
        # captions that begin like a list
        ("[north up] a lake", ["[north up] a lake"]),
        ("[north up] a lake [sic]", ["[north up] a lake [sic]"]),
        ("[north up a lake", ["[north up a lake"]),
        ('["Blue"] lake', ['["Blue"] lake']),
        ("(seen from above)", ["(seen from above)"]),
        ('("Blue Lake" seen from above)', ['("Blue Lake" seen from above)']),
        ("{sic", ["{sic"]),
        ("array of boats", ["array of boats"]),
    ],
)
def test_captions_in_a_cell(cell: Any, wanted: list[str]) -> None:
    assert captions_in(cell, "t.csv, row 1") == wanted


@pytest.mark.parametrize(
    "cell",
    [
        "['it's a lake', 'a field']",
        "['it's a lake', 'it's a field']",
        "[\u2018a lake\u2019, \u2018a field\u2019]",
        "['a lake', 'a fie",
        "['a lake''s shore', 'a field']",
        "['a lake' 'a field', 'a town']",
        "[a lake, a field]",
        "['a lake' 'a town' ... 'a field']",
        "['\\x']",
        "{'a lake', 'a field'}",
        '{"a lake","a field"}',
    ],
)
def test_half_a_list_is_refused_by_its_place(cell: str) -> None:
    with pytest.raises(
        DataError, match=r"^t\.csv, row 7 looks like a list of captions, but .*JSON"
    ):
        captions_in(cell, "t.csv, row 7")


@pytest.mark.parametrize(
    ("cell", "message"),
    [
        (3, "neither a text nor a list of texts: 3"),
        (True, "neither a text nor a list of texts: True"),
        (["a lake", 5], "neither a text nor a list of texts: 5"),
        ("['a lake', 5]", "neither a text nor a list of texts: 5"),
        (b"\xff\xd8\xff", "neither a text nor a list of texts"),
        ("array(['a lake', ..., 'a field'], dtype=object)", "nor a list of texts: Ellipsis"),
        ([["a lake"]], "neither a text nor a list of texts"),
        ([("key", "value")], "neither a text nor a list of texts"),
        ("[['a lake'], ['a field']]", "neither a text nor a list of texts"),
        (["['a lake', 'a field']"], "a list of captions holds another list"),
        ({"en": "a lake", "de": "ein See"}, "no caption under raw nor .* keys are: en, de"),
        ([{}], "keys are: none"),
    ],
)
def test_what_is_no_caption_is_refused(cell: Any, message: str) -> None:
    with pytest.raises(DataError, match=rf"^t\.csv, row 7: .*{message}"):
        captions_in(cell, "t.csv, row 7")


texts = st.text(st.characters(exclude_categories=["Cs"]), min_size=1).filter(
    lambda text: text[0] not in "[({" and not is_missing(text) and "array" not in text
)


@given(st.lists(texts, min_size=1, max_size=5))
def test_printed_lists_are_what_they_were(listed: list[str]) -> None:
    for printed in (repr(listed), str(np.array(listed, object)), repr(np.array(listed, object))):
        assert captions_in(printed, "") == listed


@given(st.text(max_size=40))
def test_no_text_breaks_it(text: str) -> None:
    for cell in (text, f"['{text}", f"[{text}]", f"array([{text}])", f"({text},)", f"{{{text}}}"):
        try:
            found = captions_in(cell, "t.csv, row 7")
        except DataError as error:
            assert "t.csv, row 7" in str(error)
        else:
            assert all(isinstance(caption, str) for caption in found)


def test_text_of_a_cell() -> None:
    assert [text_of(cell) for cell in ("a", b"a", None, "NaN", b"nan")] == ["a", "a", "", "", ""]
    assert [text_of(cell) for cell in (3, ["a"], b"\xff", True)] == [None] * 4
