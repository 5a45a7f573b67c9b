"""What a yes/no question asks for, whatever its words: classes, a bound, a number of regions.

The category says which of these to look for. A question that denies something, or that names other
than the classes its category has, is not read.
"""

import re
from collections.abc import Callable
from typing import NamedTuple

from wfa.bigearthnet.class_names import CLASS, is_plural, land_cover

UNIT = (
    r"(?:%|percent|per cent|m\^?2|m\u00b2|sqm|sq\.? ?m|sq(?:uare|\.)? met(?:er|re)s?|hectares?|ha|"
    r"km\^?2|km\u00b2|square kilomet(?:er|re)s?)(?![a-z])"
)
"""A regular expression of every unit of area."""

_HOW = {
    "more than": r"(?:more|greater|larger|bigger|higher) than|over|above|exceed(?:s|ing)?|"
    r"in excess of|beyond",
    "at least": r"at least|(?:no|not) (?:less|smaller|fewer|lower) than|(?:a )?minimum(?: of)?|"
    r"not (?:below|under)",
    "less than": r"(?:less|smaller|lower|fewer) than|below|under",
    "at most": r"at most|(?:no|not) (?:more|greater|larger|bigger|higher) than|up to|"
    r"(?:a )?maximum(?: of)?|not (?:above|over|exceed(?:s|ing)?)",
    "exactly": r"exactly|precisely|equal(?:s|ling)?(?: to)?|only|just",
}
_WORDS = (
    "zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten",
)  # fmt: skip
_NUMBER = rf"(?:\d[\d,]*(?:\.\d+)?|{'|'.join(_WORDS)}|an?)"
_SHARE = r"(?:half|a half|a quarter|a third|one third|one quarter|two thirds|three quarters)"
_LIMIT = rf"(?:\d[\d,]*(?:\.\d+)? ?{UNIT}|{_SHARE})"


def _how_much(value: str) -> re.Pattern[str]:
    """Match a bound; the longer words first, since `not more than` holds `more than`."""
    named = "|".join(
        f"(?P<{key.replace(' ', '_')}>{_HOW[key]})"
        for key in ("at most", "at least", "more than", "less than", "exactly")
    )
    return re.compile(rf"\b(?:{named})\s+(?P<value>{value})(?![a-z])", re.IGNORECASE)


_BOUND = _how_much(_LIMIT)
_BETWEEN = re.compile(
    rf"\b(?:between|from|within) (?P<low>\d[\d,.]*) ?(?P<unit>{UNIT})? ?(?:and|to|-|\u2013) ?"
    rf"(?P<high>\d[\d,.]*) ?(?P<last>{UNIT})",
    re.IGNORECASE,
)
_WHOLE = re.compile(
    r"\b(?:fully|entirely|completely|wholly|totally|exclusively)\b"
    r"|\b(?:whole|entire|all of the) (?:image|scene)",
    re.IGNORECASE,
)
_COUNTED = _how_much(rf"(?:{_NUMBER})")
_RANGE_OF_COUNTS = re.compile(rf"\bbetween (?P<low>{_NUMBER}) and (?P<high>{_NUMBER})\b", re.I)
_OR_MORE = re.compile(rf"\b(?P<value>{_NUMBER}) or (?P<how>more|fewer|less)\b", re.IGNORECASE)
_SINGLE = re.compile(r"\ba single\b|\bone single\b", re.IGNORECASE)
_SEVERAL = re.compile(r"\b(?:several|multiple)\b", re.IGNORECASE)
_BARE_COUNT = re.compile(rf"\b(?P<value>\d+|{'|'.join(_WORDS)})\b", re.IGNORECASE)
_DENIES = re.compile(
    r"\b(?:not|no|never|without|lacks?|absent|absence|missing|free of|devoid|except|other than"
    r"|outside|apart|separated|neither|nor|isolated)\b|n't\b",
    re.IGNORECASE,
)
_CLASS = re.compile(rf"\b{CLASS}\b", re.IGNORECASE)


class _Asked(NamedTuple):
    """A question: what stands between its classes, and how these are written."""

    words: str
    classes: tuple[str, ...]


def meant(category: str, question: str, answer: bool) -> str | None:
    """Return the statement of a yes/no question from what it asks for, or None.

    Args:
        category: One of those of yes/no questions; any other gives None.
        question: In one line.
        answer: False gives the denied statement.

    Returns:
        A clause without a full stop.
    """
    rule = _RULES.get(category)
    found = {land_cover(part[0]): part[0].lower() for part in _CLASS.finditer(question)}
    asked = _Asked(_CLASS.sub(" ", question), tuple(found.values()))
    return None if rule is None else rule(asked, answer)


def _presence(asked: _Asked, answer: bool) -> str | None:
    if len(asked.classes) != 1 or _DENIES.search(asked.words):
        return None
    (land,) = asked.classes
    return f"{land} {_be(land)} present in the image" if answer else f"the image shows no {land}"


def _adjacency(asked: _Asked, answer: bool) -> str | None:
    if len(asked.classes) != 2 or _DENIES.search(asked.words):
        return None
    one, other = asked.classes
    return f"{one} and {other} share {'a' if answer else 'no'} boundary in the image"


def _area(asked: _Asked, answer: bool) -> str | None:
    if len(asked.classes) != 1:
        return None
    (land,), plural = asked.classes, is_plural(asked.classes[0])
    bound, rest = _bound(asked.words)
    if bound is None or _DENIES.search(rest):
        return None
    if answer:
        return f"{land} {'cover' if plural else 'covers'} {bound} of the image"
    return f"{land} {'do' if plural else 'does'} not cover {bound} of the image"


def _bound(words: str) -> tuple[str | None, str]:
    """Return how much is spoken of, and the words around it."""
    found = _BETWEEN.search(words)
    if found is not None:
        unit = found["unit"] or found["last"]
        amount = f"between {_with(found['low'], unit)} and {_with(found['high'], found['last'])}"
        return amount, _around(words, found)
    found = _BOUND.search(words)
    if found is not None:
        return f"{_key(found)} {found['value']}", _around(words, found)
    found = _WHOLE.search(words)
    return ("all", _around(words, found)) if found is not None else (None, words)


def _count(asked: _Asked, answer: bool) -> str | None:
    if len(asked.classes) != 1:
        return None
    number, rest = _number(asked.words)
    if number is None or _DENIES.search(rest):
        return None
    one = number in ("exactly one", "one", "exactly 1", "1", "at least one", "at most one")
    regions = f"{number} connected {'region' if one else 'regions'} of {asked.classes[0]}"
    clause = f"there {'is' if one else 'are'} {regions} in the image"
    return clause if answer else f"it is not true that {clause}"


def _number(words: str) -> tuple[str | None, str]:
    """Return how many are spoken of, and the words around it."""
    found = _RANGE_OF_COUNTS.search(words)
    if found is not None:
        return f"between {found['low'].lower()} and {found['high'].lower()}", _around(words, found)
    found = _OR_MORE.search(words)
    if found is not None:
        return found[0].lower(), _around(words, found)
    found = _COUNTED.search(words)
    if found is not None:
        value = "one" if found["value"].lower() in ("a", "an") else found["value"].lower()
        return f"{_key(found)} {value}", _around(words, found)
    for pattern, said in ((_SINGLE, "exactly one"), (_SEVERAL, "more than one")):
        found = pattern.search(words)
        if found is not None:
            return said, _around(words, found)
    found = _BARE_COUNT.search(words)
    return (found[0].lower(), _around(words, found)) if found is not None else (None, words)


_RULES: dict[str, Callable[[_Asked, bool], str | None]] = {
    "presence": _presence,
    "area": _area,
    "count": _count,
    "adjacency": _adjacency,
}


def _key(found: re.Match[str]) -> str:
    return next(
        key for key in ("at most", "at least", "more than", "less than", "exactly")
        if found[key.replace(" ", "_")] is not None
    )  # fmt: skip


def _around(words: str, found: re.Match[str]) -> str:
    return f"{words[: found.start()]} {words[found.end() :]}"


def _with(number: str, unit: str) -> str:
    return f"{number}{'' if unit == '%' else ' '}{unit}"


def _be(words: str) -> str:
    return "are" if is_plural(words) else "is"
