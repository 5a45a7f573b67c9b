"""Rows of BigEarthNet.txt: their types and categories, and answers parsed into what they mean.

The same parsing reads a model's answers: whatever is not of the one agreed form is no answer.
"""

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple

from wfa.errors import DataError

YES_NO, CHOICE, BOX, CAPTION = "binary", "mcq", "bounding box", "captioning"

CATEGORIES = {
    YES_NO: ("presence", "area", "count", "adjacency"),
    CHOICE: (
        "presence",
        "area",
        "count",
        "adjacency",
        "relative pos",
        "country",
        "season",
        "climate zone",
    ),
    BOX: ("reference", "point"),
    CAPTION: ("None",),
}
"""Type -> its categories: 15 tasks in all."""

LETTERS = "abcdefgh"
"""Of the options of a multiple-choice question, in their order."""

# An option starts at its letter mark: at the start of the text, or after a blank.
_MARK = re.compile(r"(?:^|(?<=[ \t\r\n\x0b\x0c]))([a-h])\)\s*")
_NUMBER = r"(\d+(?:\.\d+)?|\.\d+)"
BOX_PATTERN = rf"^\[{_NUMBER} {_NUMBER}, {_NUMBER} {_NUMBER}\]$"
_BOX = re.compile(BOX_PATTERN)
_REFERENCE = re.compile(r"<ref>\s*(.+?)\s*</ref>")
_POINT = re.compile(rf"<point>\s*\({_NUMBER},? {_NUMBER}\)\s*</point>")


class Row(NamedTuple):
    """One annotation as it stands in the file.

    Attributes:
        id: The row's ID.
        patch_id: The Sentinel-2 patch.
        s1_name: The Sentinel-1 patch of the same place.
        question: The column `input`.
        answer: The column `output`.
        type: A key of `CATEGORIES`.
        category: One of that type's categories.
    """

    id: int
    patch_id: str
    s1_name: str
    question: str
    answer: str
    type: str
    category: str


class Box(NamedTuple):
    """A rectangle in shares of the image's width and height; the origin is the top left corner."""

    x1: float
    y1: float
    x2: float
    y2: float


class Point(NamedTuple):
    """A place in shares of the image's width and height; the origin is the top left corner."""

    x: float
    y: float


@dataclass(frozen=True)
class Options:
    """A multiple-choice question taken apart.

    Attributes:
        stem: What stands before the options.
        texts: The options' texts, in the order of their letters.
    """

    stem: str
    texts: tuple[str, ...]


@dataclass(frozen=True)
class Choice:
    """A multiple-choice question with its answer.

    Attributes:
        options: The question.
        right: The place of the right option.
    """

    options: Options
    right: int


@dataclass(frozen=True)
class Located:
    """A referring question with its answer.

    Attributes:
        target: The phrase or the point that is asked for.
        box: Where it is.
    """

    target: str | Point
    box: Box


Answer = bool | Choice | Located | str
"""What a row says, by its type: yes or no, a choice, a located target, a caption."""


def parse_row(row: Row) -> Answer:
    """Return what a row says.

    Raises:
        DataError: The type or category is unknown, or question or answer are not of the form that
            the type asks for; the message names the row's ID.
    """
    try:
        return _parse(row.type, row.category, row.question, row.answer)
    except ValueError as error:
        raise DataError(f"row ID {row.id} (patch {row.patch_id}): {error}") from error


@lru_cache(maxsize=1 << 18)
def _parse(kind: str, category: str, question: str, answer: str) -> Answer:
    """Parse a row's texts; each different one once, however often it is asked for."""
    if kind not in CATEGORIES:
        raise ValueError(f"type {kind!r} is unknown; known are: {', '.join(CATEGORIES)}")
    if category not in CATEGORIES[kind]:
        raise ValueError(
            f"category {category!r} is unknown for type {kind}; known are: "
            f"{', '.join(CATEGORIES[kind])}"
        )
    if kind == YES_NO:
        return parse_yes_no(answer)
    if kind == CHOICE:
        options = parse_options(question)
        return Choice(options, parse_letter(answer, len(options.texts)))
    if kind == BOX:
        return Located(parse_target(question, category), parse_box(answer))
    if not answer.strip():
        raise ValueError("the caption is blank")
    return answer.strip()


def parse_yes_no(text: str) -> bool:
    """Return True for `yes` and False for `no`, in any case and with a final full stop or not.

    Raises:
        ValueError: It is neither.
    """
    word = text.strip().rstrip(".").lower()
    if word not in ("yes", "no"):
        raise ValueError(f"the answer {text!r} is neither yes nor no")
    return word == "yes"


def parse_options(question: str) -> Options:
    """Take `Which ...? a) X, b) Y, c) Z, d) W` apart at the letter marks; X may have commas.

    Raises:
        ValueError: There are no two options, their letters do not run from a on, or the stem or an
            option is blank.
    """
    marks = list(_MARK.finditer(question))
    letters = "".join(mark[1] for mark in marks)
    if len(letters) < 2 or letters != LETTERS[: len(letters)]:
        raise ValueError(
            f"the options of {question!r} do not parse: wanted is `a) X, b) Y, ...`, the letter "
            f"marks found are {', '.join(letters) or 'none'}"
        )
    ends = [mark.start() for mark in marks[1:]] + [len(question)]
    texts = [question[mark.end() : end] for mark, end in zip(marks, ends, strict=True)]
    texts = [text.strip().rstrip(",;").rstrip() for text in texts[:-1]] + [texts[-1].strip()]
    stem = question[: marks[0].start()].strip()
    if not stem or not all(texts):
        raise ValueError(f"the question or an option of {question!r} is blank")
    return Options(stem, tuple(texts))


def parse_letter(text: str, count: int = 4) -> int:
    """Return the place of an option from its letter: `b`, `B`, `b)`, `(b)` or `b.`.

    Args:
        text: The answer.
        count: How many options there are.

    Raises:
        ValueError: It is no letter, or there is no such option.
    """
    letter = text.strip().lower().removeprefix("(").rstrip(").")
    place = LETTERS[:count].find(letter)
    if len(letter) != 1 or place < 0:
        raise ValueError(f"the answer {text!r} is none of the letters {', '.join(LETTERS[:count])}")
    return place


def parse_box(text: str) -> Box:
    """Read `[x1 y1, x2 y2]`.

    Raises:
        ValueError: It is not of this form, leaves the image (0 to 1), or its second corner does
            not lie right of and below the first.
    """
    found = _BOX.match(text.strip())
    if found is None:
        raise ValueError(f"the box {text!r} is not of the form [x1 y1, x2 y2]")
    box = Box(*map(float, found.groups()))
    if max(box) > 1:
        raise ValueError(f"the box {text!r} leaves the image: coordinates run from 0 to 1")
    if box.x1 >= box.x2 or box.y1 >= box.y2:
        raise ValueError(f"the box {text!r} is reversed or empty: x1 < x2 and y1 < y2 are wanted")
    return box


def parse_target(question: str, category: str) -> str | Point:
    """Return the phrase in `<ref>..</ref>`, or the place in `<point>(x, y)</point>`.

    Raises:
        ValueError: The question does not have it, or the point lies outside of the image.
    """
    if category == "reference":
        phrase = _REFERENCE.search(question)
        if phrase is None:
            raise ValueError(f"the question {question!r} has no <ref>..</ref>")
        return phrase[1]
    found = _POINT.search(question)
    if found is None:
        raise ValueError(f"the question {question!r} has no <point>(x, y)</point>")
    point = Point(*map(float, found.groups()))
    if max(point) > 1:
        raise ValueError(f"the point in {question!r} leaves the image: it runs from 0 to 1")
    return point
