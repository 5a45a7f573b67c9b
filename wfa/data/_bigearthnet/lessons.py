"""Rows as a decoder learns and answers them: an instruction and an answer in plain words.

Boxes and points are places in whole percents: `[0.0 0.33, 0.28 0.8]` is `<0%><33%><28%><80%>`. Of
multiple choice the decoder is asked the question alone, and answers in the right option's words:
what it learns of them from captions and other questions counts, which it would not for a letter.
The options are ranked afterwards, as in Li et al. 2022, "BLIP" (arXiv:2201.12086, section 5.3).
"""

import re
from typing import NamedTuple

from wfa.data._bigearthnet.rows import (
    BOX,
    CHOICE,
    LETTERS,
    YES_NO,
    Box,
    Point,
    Row,
    parse_box,
    parse_letter,
    parse_options,
    parse_target,
)
from wfa.data.lesson import Lesson, place

_TAG = re.compile(r"</?(?:ref|point)>")
_POINT = re.compile(r"<point>.*?</point>")
_BOX = re.compile(4 * r"<(\d{1,3})%>")


class Allowed(NamedTuple):
    """An answer that a question allows: in the official form, and as the decoder writes it."""

    official: str
    text: str


def lesson_of(row: Row) -> Lesson:
    """Return a row that parses as a lesson; its topic is the row's task."""
    answer = row.answer.strip()
    if row.type == BOX:
        answer = "".join(_place(value) for value in parse_box(answer))
    elif row.type == CHOICE:
        options = parse_options(row.question).texts
        answer = options[parse_letter(answer, len(options))].lower()
    elif row.type == YES_NO:
        answer = answer.lower().rstrip(".")
    else:
        return Lesson(row.type, instruction_of(row), answer)
    return Lesson(f"{row.type}/{row.category}", instruction_of(row), answer)


def instruction_of(row: Row) -> str:
    """Return a row's question without marks and options, its point in percents."""
    question = row.question.strip()
    if row.type == CHOICE:
        return parse_options(question).stem
    if row.type == BOX and row.category == "point":
        target = parse_target(question, row.category)
        if isinstance(target, Point):
            question = _POINT.sub(_place(target.x) + _place(target.y), question)
    return _TAG.sub("", question)


def allowed_answers(row: Row) -> list[Allowed]:
    """Return the answers that a row's question leaves to choose from; none where any text is."""
    if row.type == YES_NO:
        return [Allowed("yes", "yes"), Allowed("no", "no")]
    if row.type == CHOICE:
        options = parse_options(row.question).texts
        return [Allowed(*both) for both in zip(LETTERS, map(str.lower, options), strict=False)]
    return []


def read_box(text: str) -> Box | None:
    """Read the box that a decoder wrote; None where it is none with an area."""
    found = _BOX.fullmatch(text)
    if found is None:
        return None
    box = Box(*(int(percent) / 100 for percent in found.groups()))
    whole = max(box) <= 1 and box.x1 < box.x2 and box.y1 < box.y2
    return box if whole else None


def _place(share: float) -> str:
    return place(round(100 * share))
