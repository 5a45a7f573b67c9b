from pathlib import Path

import pytest

from tests.bigearthnet.made import row, write_rows
from wfa.tasks.lenient_answers import official_form
from wfa.tasks.marks import mark_or_none
from wfa.tasks.questions import Question, Questions
from wfa.tasks.score import score


def question(path: Path, rid: int) -> Question:
    return next(q for q in Questions(path, "bench") if q.row.id == rid)


@pytest.mark.parametrize(
    ("rid", "text", "read"),
    [
        (1, "Yes, it is.", "yes"), (1, "No.", "no"), (1, "**Yes**", "yes"), (1, "yes", "yes"),
        (1, "Yes, there are no clouds over the pastures", "yes"), (1, "No - nothing of it", "no"),
        (1, "The answer is: no.", "no"), (1, "Answer: Yes", "yes"), (1, '"no"', "no"),
        (1, "Yes the image shows pastures", "yes"),
        (1, "yes no", None), (1, "yes or no", None), (1, "Yes. No.", None), (1, "yes/no", None),
        (1, "Yes, no", None), (1, "not yes", None), (1, "I cannot tell", None), (1, "", None),
        (1, "1", None), (1, "yesterday", None), (1, "Nowhere", None),
        (4, "a) summer", "a"), (4, "d) Fall", "d"), (4, "(d) Fall.", "d"), (4, "Fall", "d"),
        (4, "The season is winter", "b"), (4, "Answer: c", "c"), (4, "The answer is b.", "b"),
        (4, "option d", "d"), (4, "**C**", "c"), (4, "b: Winter", "b"), (4, "d, since leaves", "d"),
        (4, "It is the fall.", "d"), (4, "A summer day", "a"),
        (4, "a) winter", None), (4, "a, d", None), (4, "summer or winter", None), (4, "ad", None),
        (4, "e", None), (4, "4", None), (4, "", None),
        (5, "Austria", "a"), (5, "b) Serbia, not Austria", "b"), (5, "c", None),
        (6, "[0.0, 0.33, 0.28, 0.8]", "[0.0 0.33, 0.28 0.8]"),
        (6, "(0.0, 0.33), (0.28, 0.8)", "[0.0 0.33, 0.28 0.8]"),
        (6, "[0.0 0.0, 0.5 0.5] is the lake", "[0.0 0.0, 0.5 0.5]"),
        (6, '{"x1": 0.1, "y1": 0.2, "x2": 0.3, "y2": 0.4}', "[0.1 0.2, 0.3 0.4]"),
        (6, "[0, 0, 1, 1]", "[0 0, 1 1]"),
        (6, "[0.0, 0.5, 0.5]", None), (6, "0.1 0.2 0.3 0.4 0.5", None), (6, "lake", None),
        (6, "[-0.1, 0.0, 0.5, 0.5]", None), (6, "[10%, 20%, 30%, 40%]", None),
        (6, "[0, 0, 60, 60]", None), (6, "[0.5, 0.5, 0.1, 0.1]", None),
        (10, "A lake.", "A lake."), (10, "  ", None),
    ],
)  # fmt: skip
def test_what_is_read_leniently(bench: Path, rid: int, text: str, read: str | None) -> None:
    asked = question(bench, rid)
    found = official_form(asked, text)
    # What is no answer after all, such as a box outside the image, is as good as none.
    assert (found if mark_or_none(asked, found) is not None else None) == read


@pytest.mark.parametrize("rid", [1, 4, 6, 10])
def test_an_official_answer_is_read_as_itself(bench: Path, rid: int) -> None:
    asked = question(bench, rid)
    for text in ("yes", "No.", "d", "(B)", "[0.0 0.0, 0.5 0.5]", "A lake."):
        mark = mark_or_none(asked, text)
        if mark is not None:
            assert mark_or_none(asked, official_form(asked, text)) == mark


def test_an_option_within_another_one_is_not_said(tmp_path: Path) -> None:
    options = "a) 5, b) More than five, c) 1, d) More than 5"
    rows = [row(1, 0, "mcq", "count", f"How many regions of pastures? {options}", "b")]
    (asked,) = Questions(write_rows(tmp_path / "r.parquet", rows), "test")
    assert official_form(asked, "There are more than five of them") == "b"
    assert official_form(asked, "More than 5.") == "d"
    assert official_form(asked, "15") is None


def test_both_rules_are_counted_with_examples(bench: Path) -> None:
    answers = {1: "Yes, it is.", 2: "No.", 3: "maybe", 4: "d) Fall", 5: "a", 6: "[0, 0, 0.5, 0.5]"}
    found = score(Questions(bench, "bench"), answers)
    strict = {f.task: f for f in found.figures if f.metric in ("accuracy", "mIoU")}
    lenient = {f.task: f for f in found.lenient if f.metric in ("accuracy", "mIoU")}
    assert strict.keys() == lenient.keys()
    assert (strict["binary"].value, lenient["binary"].value) == pytest.approx((1 / 3, 2 / 3))
    assert (strict["binary"].unparsed, lenient["binary"].unparsed) == (2, 1)
    assert (strict["mcq"].value, lenient["mcq"].value) == (0.5, 1.0)
    assert (strict["referring"].value, lenient["referring"].value) == (0.0, 0.5)
    assert lenient["referring"].missing == 1
    examples = {one.ID: (one.task, one.output, one.lenient) for one in found.examples}
    assert examples == {
        1: ("binary/presence", "Yes, it is.", "yes"), 3: ("binary/area", "maybe", None),
        4: ("mcq/season", "d) Fall", "d"),
        6: ("referring/reference", "[0, 0, 0.5, 0.5]", "[0 0, 0.5 0.5]"),
    }  # fmt: skip
