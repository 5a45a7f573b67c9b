"""The same images, captions and splits in every form of table are the same records."""

import tempfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.data.tables.forms import FORMS, Annotated, Images, Write
from wfa.data.sets.captions_folder import CaptionsFolder, Config
from wfa.errors import DataError

Records = dict[str, tuple[str, tuple[str, ...]]]
"""Image -> its split and its captions that are not blank."""

ODD = [
    "[north up] a lake", "[a] lake [b]", "['a', 'b']", '["a"]', "['it's a lake', 'b']", "(a lake)",
    "{a}", "nan", "None", "", " ", '"', '"a" lake', "a 5\" pipe", "it's", "a,b;c\td|e",
    "two\nlines", "cr\r\nlf", "\u2018a\u2019", "[5]", "[]", "array(['a'])", "=1+1", "#", "\\",
    "\\n",     "\ufeffa", "\x85", "\u2028", "\0", "🛰", "'a' 'b'", "a\\'b", "{'raw': 'a'}",
]  # fmt: skip
captions = st.lists(
    st.one_of(
        st.sampled_from(ODD),
        st.text(st.characters(exclude_categories=["Cs"]), max_size=12),
        st.text("[]()'\", \\\nab", max_size=12),
    ),
    min_size=1,
    max_size=4,
)
plain = st.lists(st.text("abc ,;'\"\t\n|é🛰", min_size=1, max_size=9), min_size=1, max_size=4)
names = st.lists(st.text("abcé/ .,'", min_size=1, max_size=6).map(lambda text: f"x{text}.png"),
                 min_size=3, max_size=6, unique=True)  # fmt: skip
splits = st.sampled_from(["train", "val", "test", "Test ", "dev", "training", "bench"])


@st.composite
def data_sets(
    draw: st.DrawFn, texts: st.SearchStrategy[list[str]] = captions, split: bool = True
) -> Images:
    own = draw(names)
    has_splits = split and draw(st.booleans())
    return [Annotated(name, draw(splits) if has_splits else "", tuple(draw(texts))) for name in own]


def read(write: Write, images: Images) -> Records:
    with tempfile.TemporaryDirectory() as folder:
        write(Path(folder), images)
        entries = CaptionsFolder.open(Config(root=folder)).entries
        return {e.image: (e.split, tuple(filter(str.strip, e.captions))) for e in entries}


@given(data_sets())
@settings(deadline=None, max_examples=25)
def test_forms_agree_or_refuse(images: Images) -> None:
    found: dict[str, Records] = {}
    for form, write in FORMS.items():
        try:
            found[form] = read(write, images)
        except DataError as error:
            assert str(error)
    for form, records in found.items():
        assert records == next(iter(found.values())), (form, next(iter(found)))


def is_ordinary(images: Images) -> bool:
    return all(text.strip() and text[0] not in "[({" for item in images for text in item.captions)


@given(data_sets(plain).filter(is_ordinary))
@settings(deadline=None, max_examples=25)
def test_ordinary_captions_are_read_in_every_form(images: Images) -> None:
    wanted = read(FORMS["json lists"], images)
    assert wanted.keys() == {str(Path(item.name)) for item in images}
    for form, write in FORMS.items():
        # A tab-separated file in which a quote may be a quote is the one that cannot be told.
        if form != "tsv":
            assert read(write, images) == wanted, form


@pytest.mark.parametrize("form", FORMS)
def test_records_are_those_that_were_written(form: str) -> None:
    images = [
        Annotated("a.png", "train", ("a lake", 'a "blue" lake, [north up]')),
        Annotated("b/c.png", "val", ("it's a field\nwith boats",)),
        Annotated("d.png", "Test ", ("one", "two", "three")),
    ]
    assert read(FORMS[form], images) == {
        "a.png": ("train", ("a lake", 'a "blue" lake, [north up]')),
        "b/c.png": ("validation", ("it's a field\nwith boats",)),
        "d.png": ("test", ("one", "two", "three")),
    }
