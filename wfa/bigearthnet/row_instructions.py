"""Rows as a decoder learns and answers them: an instruction and an answer in plain words.

Boxes and points are places in whole percents: `[0.0 0.33, 0.28 0.8]` is `<0%><33%><28%><80%>`.

The decoder says what it sees long before it can compare what it is told with it, so answers that
can be chosen from are put into words. Of multiple choice it is asked the question alone, and says
the right option; the options are ranked afterwards, as in Li et al. 2022, "BLIP" (arXiv:2201.12086,
section 5.3). Of yes and no it learns to ask what is true and what is not; the answer is the one
under which the question is likelier, after Lewis and Fan 2019, "Generative Question Answering:
Learning to Answer the Whole Question" (ICLR). Before the question is read both are held to be
equally likely, as BigEarthNet.txt balances them.
"""

import re
from typing import NamedTuple

from wfa.bigearthnet.rows import (
    BOX,
    CAPTION,
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
    parse_yes_no,
)
from wfa.data.instruction import Instruction, place

_TAG = re.compile(r"</?(?:ref|point)>")
_POINT = re.compile(r"<point>.*?</point>")
_BOX = re.compile(4 * r"<(\d{1,3})%>")


_ASK = {
    "yes": "Ask a question whose answer is yes.",
    "no": "Ask a question whose answer is no.",
}


class Allowed(NamedTuple):
    """An answer that a question allows, in the official form; the instruction if it is right."""

    official: str
    instruction: Instruction


def instruction_of(row: Row) -> Instruction:
    """Return a row that parses as a instruction; its topic is the row's task."""
    if row.type == YES_NO:
        return allowed_answers(row)[0 if parse_yes_no(row.answer) else 1].instruction
    if row.type == CHOICE:
        allowed = allowed_answers(row)
        return allowed[parse_letter(row.answer, len(allowed))].instruction
    if row.type == BOX:
        box = "".join(_place(value) for value in parse_box(row.answer))
        return Instruction(_topic(row), question_of(row), box)
    return Instruction(row.type, question_of(row), row.answer.strip())


def as_written(row: Row) -> Instruction:
    """Return a row in the file's own words; its topic is the row's task."""
    topic = row.type if row.type == CAPTION else _topic(row)
    return Instruction(topic, row.question.strip(), row.answer.strip())


def question_of(row: Row) -> str:
    """Return the question of a row whose answer is written: no marks, its point in percents."""
    question = row.question.strip()
    if row.type == BOX and row.category == "point":
        target = parse_target(question, row.category)
        if isinstance(target, Point):
            question = _POINT.sub(_place(target.x) + _place(target.y), question)
    return _plain(question)


def allowed_answers(row: Row) -> list[Allowed]:
    """Return the answers that a row's question leaves to choose from; none where any text is."""
    if row.type == YES_NO:
        question = _plain(row.question)
        return [
            Allowed(word, Instruction(_topic(row), ask, question)) for word, ask in _ASK.items()
        ]
    if row.type == CHOICE:
        options = parse_options(row.question)
        instructions = [
            Instruction(_topic(row), _plain(options.stem), text.lower()) for text in options.texts
        ]
        return [Allowed(*both) for both in zip(LETTERS, instructions, strict=False)]
    return []


def read_box(text: str) -> Box | None:
    """Read the box that a decoder wrote; None where it is none with an area."""
    found = _BOX.fullmatch(text)
    if found is None:
        return None
    box = Box(*(int(percent) / 100 for percent in found.groups()))
    whole = max(box) <= 1 and box.x1 < box.x2 and box.y1 < box.y2
    return box if whole else None


def _plain(text: str) -> str:
    return _TAG.sub("", text).strip()


def _topic(row: Row) -> str:
    return f"{row.type}/{row.category}"


def _place(share: float) -> str:
    return place(round(100 * share))
