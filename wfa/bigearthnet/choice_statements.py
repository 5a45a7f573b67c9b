"""Multiple-choice questions turned into statements, one for each option.

The statement of the right option is true of the image. A question whose meaning is not known for
certain gives None: what it asks for, of which class, and which way round a position runs.
"""

import re
from functools import lru_cache

from wfa.bigearthnet.class_names import CLASS, LandCover, is_plural, land_cover
from wfa.bigearthnet.question_meanings import UNIT

_DENIES = re.compile(
    r"\b(?:not|no|absent|missing|except|without|lacks?|least|other than)\b|n't\b", re.IGNORECASE
)
_ONE_CLASS = re.compile(rf"\b{CLASS}\b", re.IGNORECASE)
_PAIR = re.compile(rf"({CLASS})(?:,? (?:and|&|with) |, ?| ?[/\u2013-] ?)({CLASS})", re.IGNORECASE)

_SEASONS = {"spring": "spring", "summer": "summer", "winter": "winter"} | dict.fromkeys(
    ("autumn", "fall"), "autumn"
)

_AMOUNT = r"\d[\d,]*(?:\.\d+)?"
_RANGE = re.compile(
    rf"(?:between |from )?(?P<low>{_AMOUNT}) ?(?:{UNIT})? ?(?:to|-|\u2013|and) ?"
    rf"(?P<high>{_AMOUNT}) ?(?P<unit>{UNIT})(?: of the (?:image|patch|scene))?",
    re.IGNORECASE,
)
_LIMIT = re.compile(
    r"(?P<how>more than|less than|at least|at most|over|under|above|below|up to|exactly|about|"
    rf"around|approximately|~)? ?(?P<value>{_AMOUNT}) ?(?P<unit>{UNIT})"
    r"(?: of the (?:image|patch|scene))?",
    re.IGNORECASE,
)

_NUMBERS = ("no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten")
_COUNT = re.compile(
    r"(?:(?P<how>exactly|at least|at most|more than|fewer than|less than|over) )?"
    rf"(?P<number>{'|'.join(_NUMBERS)}|zero|none|\d+)"
    r"(?P<rest> or (?:more|fewer|less)|\+)?(?: [a-z-]+){0,3}",
    re.IGNORECASE,
)

_DIRECTIONS = {
    "left": "to the left of",
    "right": "to the right of",
    "top": "above",
    "bottom": "below",
    "top-left": "above and to the left of",
    "top-right": "above and to the right of",
    "bottom-left": "below and to the left of",
    "bottom-right": "below and to the right of",
}
_DIRECTION = re.compile(
    r"(?:(?:to|at|in|on|towards?) )?(?:the )?((?:top|bottom)?[- ]?(?:left|right)?)"
    r"(?: (?:side|corner|of it))?",
    re.IGNORECASE,
)
_OF = (
    r"(?:any |the |an? |some )?"
    r"(?:(?:position|location|region|area)s? of (?:the |any )?|that of (?:the )?)?"
)
_FIRST_MARK = (
    r"(?:from|against|versus|vs\.?|considering|taking|using|given|regarding|relative to"
    r"|in (?:relation|reference|respect) to|(?:as )?compared (?:to|with)|in comparison (?:to|with)"
    r"|with (?:respect|regard|reference|relation) to|starting (?:at|from))"
)
_SECOND_MARK = r"(?:to|with|of)"
"""Markers of what a position is relative to; the second kind counts where none of the first is."""
_SENTENCE = re.compile(r"(?<=[?.!:])\s*(?=[A-Z])")


@lru_cache(maxsize=1 << 16)
def choice_statement(category: str, stem: str, option: str) -> str | None:
    """Return what is true when this option is the right one, or None.

    Args:
        category: The category of the question, as `rows.CATEGORIES` has it for `mcq`.
        stem: The question without its options.
        option: The text of one option.

    Returns:
        One English sentence with its full stop, or None when no rule knows question and option.
    """
    rule = _RULES.get(category)
    if rule is None:
        return None
    return rule(" ".join(stem.split()), " ".join(option.split()).rstrip("."))


def _season(stem: str, option: str) -> str | None:
    season = _SEASONS.get(option.lower())
    if season is None or not _asks(stem, "seasons?", "time of (?:the )?year", "when", "seasonal"):
        return None
    return f"The image was taken in {season}."


def _country(stem: str, option: str) -> str | None:
    asked = _asks(stem, "country", "countries", "nation", "state", "where", "location")
    return f"The image was taken in {option}." if asked and option[:1].isupper() else None


def _climate(stem: str, option: str) -> str | None:
    if not _asks(stem, "climat[a-z]*", "weather"):
        return None
    return f'The image lies in the climate zone "{option}".'


def _presence(stem: str, option: str) -> str | None:
    land = land_cover(option)
    if land is None or _DENIES.search(stem) or _ONE_CLASS.search(stem):
        return None
    return f"{_capital(land.words)} {_be(land)} present in the image."


def _adjacency(stem: str, option: str) -> str | None:
    pair, own = _PAIR.fullmatch(option), _only_class(stem)
    classes = [own or "", option] if pair is None else [pair[1], pair[2]]
    first, second = map(land_cover, classes)
    if first is None or second is None or first is second or _DENIES.search(stem):
        return None
    if pair is not None and _ONE_CLASS.search(stem):
        return None
    return f"{_capital(first.words)} and {second.words} share a boundary in the image."


def _area(stem: str, option: str) -> str | None:
    words, found = _only_class(stem), _RANGE.fullmatch(option)
    if words is None or _DENIES.search(stem):
        return None
    verb = "cover" if is_plural(words) else "covers"
    if found is not None:
        amount = f"between {found['low']} and {found['high']}{_unit(found['unit'])}"
        return f"{_capital(words)} {verb} {amount} of the image."
    found = _LIMIT.fullmatch(option)
    if found is None:
        return None
    how = f"{found['how'].lower().replace('~', 'about')} " if found["how"] else ""
    return f"{_capital(words)} {verb} {how}{found['value']}{_unit(found['unit'])} of the image."


def _unit(unit: str) -> str:
    if unit.lower() in ("%", "percent", "per cent"):
        return "%"
    large = re.match(r"h|km|square k", unit, re.IGNORECASE)
    return f" {unit.lower()}" if large else " square metres"


def _number(stem: str, option: str) -> str | None:
    found, words = _COUNT.fullmatch(option), _only_class(stem)
    if found is None or words is None or _DENIES.search(stem):
        return None
    how = f"{found['how'].lower()} " if found["how"] else ""
    number = found["number"].lower()
    number = "no" if number in ("zero", "none", "0") else number
    if number.isdigit() and int(number) < len(_NUMBERS):
        number = _NUMBERS[int(number)]
    rest = " or more" if found["rest"] == "+" else found["rest"] or ""
    one = number == "one" and not rest
    regions = "connected region" if one else "connected regions"
    be = "is" if one and how not in ("more than ", "over ") else "are"
    return f"There {be} {how}{number}{rest} {regions} of {words} in the image."


def _position(stem: str, option: str) -> str | None:
    found = _DIRECTION.fullmatch(option)
    direction = _DIRECTIONS.get(found[1].lower().replace(" ", "-")) if found else None
    if direction is None or _DENIES.search(stem):
        return None
    for sentence in reversed(_SENTENCE.split(stem)):
        between = _target_and_other(sentence)
        if between is not None:
            target, other = between
            be = "are" if is_plural(target) else "is"
            return f"The {target} {be} {direction} the {other}."
    return None


def _target_and_other(stem: str) -> tuple[str, str] | None:
    """Return which of two classes is located, and which the other one is that it is told from."""
    found = list(_ONE_CLASS.finditer(stem))
    if len(found) != 2:
        return None
    for mark in (_FIRST_MARK, _SECOND_MARK):
        before = re.compile(rf"\b{mark} {_OF}$", re.IGNORECASE)
        marked = [before.search(stem[: one.start()]) is not None for one in found]
        # "The position of the one to the other": of two that are marked the later one is it.
        if mark == _SECOND_MARK and marked[1]:
            marked[0] = False
        if sum(marked) == 1:
            other = marked.index(True)
            return found[1 - other][0].lower(), found[other][0].lower()
    return None


_RULES = {
    "season": _season,
    "country": _country,
    "climate zone": _climate,
    "presence": _presence,
    "adjacency": _adjacency,
    "area": _area,
    "count": _number,
    "relative pos": _position,
}


def _asks(stem: str, *words: str) -> bool:
    """Say whether the stem has one of the words and denies nothing."""
    wanted = re.compile(rf"\b(?:{'|'.join(words)})\b", re.IGNORECASE)
    return wanted.search(stem) is not None and not _DENIES.search(stem)


def _only_class(stem: str) -> str | None:
    """Return how the one class of a stem is written there, or None when there is not just one."""
    found = {land_cover(match[0]): match[0].lower() for match in _ONE_CLASS.finditer(stem)}
    return next(iter(found.values())) if len(found) == 1 else None


def _be(land: LandCover) -> str:
    return "are" if land.plural else "is"


def _capital(words: str) -> str:
    return words[0].upper() + words[1:]
