import pytest
from hypothesis import given
from hypothesis import strategies as st

from wfa.bigearthnet.rows import (
    BOX,
    CAPTION,
    CHOICE,
    YES_NO,
    Box,
    Choice,
    Located,
    Options,
    Point,
    Row,
    parse_box,
    parse_letter,
    parse_options,
    parse_row,
    parse_yes_no,
)
from wfa.errors import DataError

LETTERS = "a) Transitional woodland, shrub, b) Beaches, dunes, sands, c) Pastures, d) Urban fabric"


def row(kind: str, category: str, question: str, answer: str) -> Row:
    return Row(7, "S2_patch", "S1_patch", question, answer, kind, category)


def test_each_type_gives_what_it_says() -> None:
    assert parse_row(row(YES_NO, "area", "Is it?", "yes")) is True
    assert parse_row(row(YES_NO, "count", "Is it?", "No.")) is False
    assert parse_row(row(CAPTION, "None", "Describe.", " A lake. ")) == "A lake."
    options = ("Transitional woodland, shrub", "Beaches, dunes, sands", "Pastures", "Urban fabric")
    question = f"Which class is shown? {LETTERS}"
    expected = Choice(Options("Which class is shown?", options), 1)
    assert parse_row(row(CHOICE, "presence", question, "b")) == expected
    question = "Identify the <ref>largest patch of arable land</ref>."
    box = Box(0.0, 0.33, 0.28, 0.8)
    expected_box = Located("largest patch of arable land", box)
    assert parse_row(row(BOX, "reference", question, "[0.0 0.33, 0.28 0.8]")) == expected_box
    question = "Box the instance at <point>(0.82, 0.28)</point> in the image."
    expected_box = Located(Point(0.82, 0.28), box)
    assert parse_row(row(BOX, "point", question, "[0.0 0.33, 0.28 0.8]")) == expected_box


@pytest.mark.parametrize(
    ("kind", "category", "question", "answer", "words"),
    [
        ("vqa", "area", "Is it?", "yes", "type 'vqa' is unknown"),
        (YES_NO, "colour", "Is it?", "yes", "category 'colour' is unknown for type binary"),
        (YES_NO, "season", "Is it?", "yes", "category 'season'"),
        (YES_NO, "area", "Is it?", "maybe", "neither yes nor no"),
        (CAPTION, "None", "Describe.", "  ", "caption is blank"),
        (CHOICE, "area", "Which? a) X", "a", "options .* do not parse"),
        (CHOICE, "area", "Which? X, Y, Z", "a", "letter marks found are none"),
        (CHOICE, "area", "Which? a) X, c) Y, b) Z", "a", "found are a, c, b"),
        (CHOICE, "area", "Which? a) X, b) , c) Z", "a", "blank"),
        (CHOICE, "area", "a) X, b) Y", "a", "blank"),
        (CHOICE, "area", "Which? a) X, b) Y", "c", "none of the letters a, b"),
        (CHOICE, "area", "Which? a) X, b) Y", "X", "none of the letters"),
        (BOX, "reference", "The <ref>lake</ref>.", "[0.2 0.1, 0.1 0.3]", "reversed"),
        (BOX, "reference", "The <ref>lake</ref>.", "[0.1 0.3, 0.2 0.3]", "empty"),
        (BOX, "reference", "The <ref>lake</ref>.", "[0.1 0.1, 1.2 0.3]", "leaves the image"),
        (BOX, "reference", "The <ref>lake</ref>.", "[-0.1 0.1, 0.2 0.3]", "not of the form"),
        (BOX, "reference", "The <ref>lake</ref>.", "[0.1, 0.1, 0.2, 0.3]", "not of the form"),
        (BOX, "reference", "The lake.", "[0.1 0.1, 0.2 0.3]", "no <ref>"),
        (BOX, "point", "The <ref>lake</ref>.", "[0.1 0.1, 0.2 0.3]", "no <point>"),
        (BOX, "point", "At <point>(3, 0.1)</point>.", "[0.1 0.1, 0.2 0.3]", "leaves the image"),
    ],
)
def test_a_bad_row_is_refused_by_its_id(
    kind: str, category: str, question: str, answer: str, words: str
) -> None:
    with pytest.raises(DataError, match=rf"row ID 7 \(patch S2_patch\): .*{words}"):
        parse_row(row(kind, category, question, answer))


@pytest.mark.parametrize("text", ["b", "B", " b ", "b)", "(b)", "b."])
def test_letters_in_their_usual_forms(text: str) -> None:
    assert parse_letter(text) == 1


@pytest.mark.parametrize("text", ["", "bc", "e", "b) Pastures", "2"])
def test_other_answers_are_no_letters(text: str) -> None:
    with pytest.raises(ValueError, match="none of the letters"):
        parse_letter(text)


WORDS = st.text("abcdefgh XYZ,-().%012", min_size=1, max_size=20).map(str.strip).filter(
    lambda text: text.strip(", ") == text and text and ")" not in text
)  # fmt: skip


@given(stem=WORDS, texts=st.lists(WORDS, min_size=2, max_size=8))
def test_options_come_back_whole(stem: str, texts: list[str]) -> None:
    marked = ", ".join(f"{letter}) {text}" for letter, text in zip("abcdefgh", texts, strict=False))
    assert parse_options(f"{stem}? {marked}") == Options(f"{stem}?", tuple(texts))


@given(st.lists(st.integers(0, 100), min_size=4, max_size=4))
def test_boxes_come_back_or_are_refused(corners: list[int]) -> None:
    x1, y1, x2, y2 = (value / 100 for value in corners)
    text = f"[{x1} {y1}, {x2} {y2}]"
    if x1 < x2 and y1 < y2:
        assert parse_box(text) == (x1, y1, x2, y2)
    else:
        with pytest.raises(ValueError, match="reversed or empty"):
            parse_box(text)


@given(st.text())
def test_any_other_text_is_refused_and_not_crashed_on(text: str) -> None:
    for parse in (parse_yes_no, parse_box, parse_options, parse_letter):
        try:
            answer = parse(text)
        except ValueError:
            continue
        assert answer is not None
