"""Answers read leniently: what a person would take `Yes, it is.` or `a) summer` for.

The official rule (`wfa.tasks.marks`) takes the bare answer alone. This one looks for the one answer
that a text gives, in the official form, and gives up where it gives none or two:

- yes/no: the text begins with `yes` or `no`, and the other one is not said later on;
- multiple choice: a letter in front, the text of one option, or both where they agree;
- box: four numbers and no more, in the image, in the order x1 y1 x2 y2;
- caption: as it stands.
"""

import re

from wfa.bigearthnet.rows import LETTERS, Choice, Located, Options
from wfa.captions.folding import fold
from wfa.tasks.questions import Question

# "The answer is", "Answer:", "My answer would be", "I think it is", "Option", "It is".
_OPENING = re.compile(
    r"^(?:(?:the |my )?(?:correct |right |final |best )?(?:answer|option|choice|box|bounding box)"
    r"(?: (?:is|would be))?|it is|it's|i (?:think|believe|would say)(?: that)?(?: it is)?)\s*:?\s+",
    re.IGNORECASE,
)
_DECORATION = " \t\r\n*_`\"'"
_VERDICT = re.compile(
    r"(?:^|[.;:!?\n]\s*|\bor\s+|/\s*)(yes|no)\b(?=\s*(?:[,.;:!?*\u2013\u2014-]|$)"
    r"|\s+(?:it|there|they|this|that|these|the|i|you|we)\b|\s*/|\s+or\b)",
    re.IGNORECASE,
)
_LAST_WORD = re.compile(r"\b(yes|no)\W*$", re.IGNORECASE)
_LETTER = re.compile(
    rf"^\(?([{LETTERS}])(?:[).:,]+\s*|\s*[\u2013\u2014-]\s*|\s*$)(.*)$", re.I | re.S
)
_NUMBER = re.compile(r"(?<![\w.])-?\d+(?:\.\d+)?(?![\w.]*%)(?!\w)|(?<![\w.])\.\d+")


def official_form(question: Question, text: str) -> str | None:
    """Return the one answer that a text gives, as the official rule wants it, or None.

    Args:
        question: What was asked; of multiple choice, its options are looked for.
        text: Any answer. One of the official form gives itself, or the same answer.
    """
    bare = _bare(text)
    if isinstance(question.answer, bool):
        return _verdict(bare)
    if isinstance(question.answer, Choice):
        return _letter(bare, question.answer.options)
    if isinstance(question.answer, Located):
        return _corners(bare)
    return text if text.strip() else None


def _bare(text: str) -> str:
    """Take off marks of emphasis, quotes and the words before an answer."""
    before = None
    while text != before:
        before = text
        text = _OPENING.sub("", text.strip(_DECORATION))
    return text


def _verdict(text: str) -> str | None:
    first = _VERDICT.match(text)
    said = {found.lower() for found in [*_VERDICT.findall(text), *_LAST_WORD.findall(text)]}
    return said.pop() if first is not None and len(said) == 1 else None


def _letter(text: str, options: Options) -> str | None:
    named = _options_in(text, options)
    found = _LETTER.match(text)
    if found is None:
        return LETTERS[named.pop()] if len(named) == 1 else None
    letter, rest = found[1].lower(), found[2].strip(_DECORATION)
    place = LETTERS.index(letter)
    if place >= len(options.texts) or re.match(rf"^[{LETTERS}]\b", rest, re.IGNORECASE):
        return None
    named = _options_in(rest, options)
    return letter if not named or place in named else None


def _options_in(text: str, options: Options) -> set[int]:
    """Return the options whose text is said, without those that stand within a longer one."""
    said = _spaced(text)
    own = {place: _spaced(option) for place, option in enumerate(options.texts)}
    whole = {place for place, option in own.items() if option == said}
    if whole:
        return whole
    for option in sorted(set(own.values()), key=len, reverse=True):
        if option in said:
            whole |= {place for place, other in own.items() if other == option}
            said = said.replace(option, " | ")
    return whole


def _spaced(text: str) -> str:
    """Return the folded words of a text between blanks, so that words are found whole."""
    words = re.findall(r"[^\W_]+|[%.]", fold(text))
    return f" {' '.join(words)} "


def _corners(text: str) -> str | None:
    numbers = _NUMBER.findall(text)
    if len(numbers) != 4:
        return None
    x1, y1, x2, y2 = numbers
    return f"[{x1} {y1}, {x2} {y2}]"
