"""Multiple-choice questions turned into statements, one for each option.

The statement of the right option is true of the image. A question whose meaning is not known for
certain gives None: what it asks for, of which class, and which way round a position runs.
"""

import re
from functools import lru_cache

from wfa.bigearthnet.class_names import CLASS, LandCover, is_plural, land_cover

_DENIES = re.compile(
    r"\b(?:not|no|n't|absent|missing|except|without|lacks?|least|other than)\b", re.IGNORECASE
)
_ONE_CLASS = re.compile(CLASS, re.IGNORECASE)
_PAIR = re.compile(rf"({CLASS}) (?:and|&) ({CLASS})", re.IGNORECASE)

_SEASONS = {"spring": "spring", "summer": "summer", "winter": "winter"} | dict.fromkeys(
    ("autumn", "fall"), "autumn"
)

_UNIT = r"(?:%|percent|m\^?2|m\u00b2|sqm|sq\.? ?m|square met(?:er|re)s)"
_RANGE = re.compile(
    rf"(?:between )?(?P<low>[\d,.]+) ?{_UNIT}? ?(?:to|-|\u2013|and) ?(?P<high>[\d,.]+) ?"
    rf"(?P<unit>{_UNIT})(?: of the (?:image|patch|scene))?",
    re.IGNORECASE,
)
_AREA_STEM = re.compile(
    r"\b(?:area|cover(?:s|ed|age|ing)?|occup(?:y|ies|ied)|share|percentage|proportion|extent|surface|"
    r"take[ns]? up|size)\b",
    re.IGNORECASE,
)

_COUNT = re.compile(
    r"(?:(?P<how>exactly|at least|at most|more than|fewer than|less than) )?"
    r"(?P<number>one|two|three|four|five|six|seven|eight|nine|ten|zero|no|\d+)"
    r"(?P<rest> or (?:more|fewer|less))?(?: [a-z-]+){0,3}",
    re.IGNORECASE,
)
_COUNT_STEM = re.compile(
    r"\b(?:how many|number of|count of|amount of|quantity of)\b", re.IGNORECASE
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
_DIRECTION = re.compile(r"(?:to|at|in|on) the ((?:top|bottom)?[- ]?(?:left|right)?)", re.IGNORECASE)
_RELATIVE = (
    r"(?:from|against|relative to|in relation to|in reference to|compared (?:to|with)|"
    r"with (?:respect|regard|reference) to|considering|taking|using|given)"
)
_TARGET_FIRST = re.compile(
    rf"\b(?:of|is|are|does|do|for) (?:the |any )?(?P<target>{CLASS})[a-z, ]*? "
    rf"(?:{_RELATIVE}|to) (?:that of )?(?:the |any )?(?P<other>{CLASS})",
    re.IGNORECASE,
)
_OTHER_FIRST = re.compile(
    rf"\b{_RELATIVE} (?:the )?(?P<other>{CLASS})\b.*? (?:the )?(?P<target>{CLASS})", re.IGNORECASE
)


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
    if season is None or not _asks(stem, "seasons?", "time of (?:the )?year"):
        return None
    return f"The image was taken in {season}."


def _country(stem: str, option: str) -> str | None:
    if not _asks(stem, "country", "countries") or not option[:1].isupper():
        return None
    return f"The image was taken in {option}."


def _climate(stem: str, option: str) -> str | None:
    if not _asks(stem, "climates?"):
        return None
    return f'The image lies in the climate zone "{option}".'


def _presence(stem: str, option: str) -> str | None:
    land = land_cover(option)
    asked = _asks(stem, "class(?:es)?", "land cover", "land use", "land-cover", "category")
    if land is None or not asked or _ONE_CLASS.search(stem):
        return None
    return f"{_capital(land.words)} {_be(land)} present in the image."


def _adjacency(stem: str, option: str) -> str | None:
    pair = _PAIR.fullmatch(option)
    classes = [] if pair is None else [land_cover(pair[1]), land_cover(pair[2])]
    first, second = classes if len(classes) == 2 else (None, None)
    asked = _asks(
        stem, "boundar(?:y|ies)", "border(?:s|ing)?", "touch(?:es|ing)?", "adjacent", "adjacency",
        "neighbou?r(?:s|ing)?", "next to", "contact", "adjoin(?:s|ing)?", "side by side", "abut",
        "meet", "connect(?:ed|s)?",
    )  # fmt: skip
    if first is None or second is None or not asked:
        return None
    return f"{_capital(first.words)} and {second.words} share a boundary in the image."


def _area(stem: str, option: str) -> str | None:
    found, words = _RANGE.fullmatch(option), _only_class(stem)
    if found is None or words is None or _DENIES.search(stem) or not _AREA_STEM.search(stem):
        return None
    unit = "%" if found["unit"] in ("%", "percent") else " square metres"
    verb = "cover" if is_plural(words) else "covers"
    return (
        f"{_capital(words)} {verb} between {found['low']} and {found['high']}{unit} of the image."
    )


def _number(stem: str, option: str) -> str | None:
    found, words = _COUNT.fullmatch(option), _only_class(stem)
    if found is None or words is None or _DENIES.search(stem) or not _COUNT_STEM.search(stem):
        return None
    how = f"{found['how'].lower()} " if found["how"] else ""
    number, rest = found["number"].lower(), found["rest"] or ""
    one = number in ("one", "1") and not rest
    regions = "connected region" if one else "connected regions"
    be = "is" if one and how != "more than " else "are"
    return f"There {be} {how}{number}{rest} {regions} of {words} in the image."


def _position(stem: str, option: str) -> str | None:
    found = _DIRECTION.fullmatch(option)
    direction = _DIRECTIONS.get(found[1].lower().replace(" ", "-")) if found else None
    between = _OTHER_FIRST.search(stem) if _starts_with_other(stem) else _TARGET_FIRST.search(stem)
    if direction is None or between is None or len(_ONE_CLASS.findall(stem)) != 2:
        return None
    target, other = between["target"], between["other"]
    be = "are" if is_plural(target) else "is"
    return f"The {target.lower()} {be} {direction} the {other.lower()}."


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


def _starts_with_other(stem: str) -> bool:
    """Say whether the first class of the stem is the reference and not what is located."""
    first = _ONE_CLASS.search(stem)
    before = "" if first is None else stem[: first.start()]
    return re.search(rf"\b{_RELATIVE} (?:the )?$", before, re.IGNORECASE) is not None


def _asks(stem: str, *words: str) -> bool:
    """Say whether the stem has one of the words and denies nothing."""
    wanted = re.compile(rf"\b(?:{'|'.join(words)})\b", re.IGNORECASE)
    return wanted.search(stem) is not None and not _DENIES.search(stem)


def _only_class(stem: str) -> str | None:
    """Return how the one class of a stem is written there, or None when there is not just one."""
    found = [match[0] for match in _ONE_CLASS.finditer(stem)]
    return found[0].lower() if len(found) == 1 else None


def _be(land: LandCover) -> str:
    return "are" if land.plural else "is"


def _capital(words: str) -> str:
    return words[0].upper() + words[1:]
