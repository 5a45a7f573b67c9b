"""Rows as a decoder learns and answers them: an instruction and an answer in plain words.

Tokenizers take numbers apart, and CLIP's loses the spaces: boxes and points are whole percents of
the image's sides, which any of them gives back. `[0.0 0.33, 0.28 0.8]` is `0, 33, 28, 80`.
"""

import re

from wfa.data._bigearthnet.rows import (
    BOX,
    CHOICE,
    LETTERS,
    YES_NO,
    Box,
    Point,
    Row,
    parse_box,
    parse_options,
    parse_target,
)
from wfa.data.lesson import Lesson

_TAG = re.compile(r"</?(?:ref|point)>")
_POINT = re.compile(r"<point>.*?</point>")


def lesson_of(row: Row) -> Lesson:
    """Return a row that parses as a lesson; its topic is the row's task."""
    answer = row.answer.strip()
    if row.type == BOX:
        box = parse_box(answer)
        answer = ", ".join(str(_percent(value)) for value in box)
    elif row.type != YES_NO and row.type != CHOICE:
        return Lesson(row.type, instruction_of(row), answer)
    return Lesson(f"{row.type}/{row.category}", instruction_of(row), answer.lower().strip("()."))


def instruction_of(row: Row) -> str:
    """Return a row's question without marks, its point in percents."""
    question = row.question.strip()
    if row.type == BOX and row.category == "point":
        target = parse_target(question, row.category)
        if isinstance(target, Point):
            place = f"({_percent(target.x)}, {_percent(target.y)})"
            question = _POINT.sub(place, question)
    return _TAG.sub("", question)


def allowed_answers(row: Row) -> tuple[str, ...]:
    """Return the answers that a row's question leaves to choose from; none where any text is."""
    if row.type == YES_NO:
        return ("yes", "no")
    if row.type == CHOICE:
        return tuple(LETTERS[: len(parse_options(row.question).texts)])
    return ()


def read_box(text: str) -> Box | None:
    """Read a box in percents, whatever the spaces; None where it is none with an area.

    Args:
        text: What a decoder wrote.
    """
    parts = re.sub(r"\s", "", text).split(",")
    if len(parts) != 4 or not all(re.fullmatch(r"\d{1,3}", part) for part in parts):
        return None
    box = Box(*(int(part) / 100 for part in parts))
    whole = max(box) <= 1 and box.x1 < box.x2 and box.y1 < box.y2
    return box if whole else None


def _percent(share: float) -> int:
    return round(100 * share)
