"""The 19 land-cover classes as running English names them, in the singular and the plural.

Questions and captions write a class in many forms: in either number, with `and`, `or`, a slash or
nothing between its parts, without its commas, with half of a long name.
"""

import re
from dataclasses import dataclass
from functools import cache


@dataclass(frozen=True)
class LandCover:
    """One class of the 19.

    Attributes:
        name: The official name, as options of multiple-choice questions write it.
        words: The name inside a sentence.
        plural: Whether `words` take a plural verb.
        pattern: A regular expression of every way the data set writes it inside a sentence.
    """

    name: str
    words: str
    plural: bool
    pattern: str


_JOIN = r"(?:,? ?(?:and|or|&|/) ?|, ?| )"
"""What stands between the parts of a name."""
_WOODS = r"(?:forest|woodland)s?"


def _named(name: str, pattern: str, plural: bool = False, words: str = "") -> LandCover:
    return LandCover(name, words or name.lower(), plural, pattern)


CLASSES = (
    _named("Urban fabric", r"urban (?:fabric|area)s?"),
    _named(
        "Industrial or commercial units",
        rf"industrial(?:{_JOIN}commercial)? (?:unit|area|zone)s?|commercial (?:unit|area|zone)s?",
        plural=True,
    ),
    _named("Arable land", r"arable (?:land|field|area)s?"),
    _named("Permanent crops", r"permanent crops?", plural=True),
    _named("Pastures", r"pasture(?:s| ?lands?)?", plural=True),
    _named("Complex cultivation patterns", r"complex cultivation patterns?", plural=True),
    _named(
        "Land principally occupied by agriculture, with significant areas of natural vegetation",
        r"lands? principally occupied by agriculture"
        r"(?:,? (?:and |along )?with (?:significant )?(?:areas? of )?natural vegetation)?",
        words="land principally occupied by agriculture with significant areas of natural "
        "vegetation",
    ),
    _named("Agro-forestry areas", r"agro[- ]?forestry(?: areas?)?", plural=True),
    _named("Broad-leaved forest", rf"broad[- ]?leaved {_WOODS}"),
    _named("Coniferous forest", rf"coniferous {_WOODS}"),
    _named("Mixed forest", rf"mixed {_WOODS}"),
    _named(
        "Natural grassland and sparsely vegetated areas",
        rf"natural grasslands?(?:{_JOIN}sparsely vegetated (?:area|land)s?)?"
        r"|sparsely vegetated (?:area|land)s?",
        plural=True,
    ),
    _named(
        "Moors, heathland and sclerophyllous vegetation",
        rf"moor(?:land)?s?(?:{_JOIN}heath(?:land)?s?)?(?:{_JOIN}sclerophyllous vegetations?)?"
        rf"|heathlands?(?:{_JOIN}sclerophyllous vegetations?)?|sclerophyllous vegetations?",
        plural=True,
    ),
    _named(
        "Transitional woodland, shrub",
        rf"transitional woodlands?(?:{_JOIN}(?:transitional )?shrub(?:land)?s?)?"
        r"|transitional shrub(?:land)?s?",
        words="transitional woodland or shrub",
    ),
    _named(
        "Beaches, dunes, sands",
        rf"beach(?:es)?(?:{_JOIN}(?:sand )?dunes?)?(?:{_JOIN}sands?)?"
        rf"|(?:sand )?dunes?{_JOIN}sands?",
        plural=True,
        words="beaches, dunes or sands",
    ),
    _named("Inland wetlands", r"inland wetlands?", plural=True),
    _named("Coastal wetlands", r"coastal wetlands?", plural=True),
    _named("Inland waters", r"inland water(?:s| bod(?:y|ies))?", plural=True),
    _named("Marine waters", r"marine water(?:s| bod(?:y|ies))?", plural=True),
)

CLASS = "(?:" + "|".join(land.pattern for land in CLASSES) + ")"
"""A regular expression of any class; to be compiled with `re.IGNORECASE`."""

_MENTION = re.compile(rf"\b{CLASS}\b", re.IGNORECASE)
_KIND = r"(?:broad[- ]?leaved|coniferous|mixed|inland|coastal|marine)"
_ELIDED = re.compile(
    rf"\b(?P<first>{_KIND}(?:, {_KIND})*),? (?P<link>and|or) (?P<last>{_KIND}) "
    r"(?P<noun>forests?|woodlands?|wetlands?|waters)\b",
    re.IGNORECASE,
)


@cache
def land_cover(words: str) -> LandCover | None:
    """Return the class that the words name, official name or not, or None."""
    for land in CLASSES:
        if re.fullmatch(land.pattern, words.strip(), re.IGNORECASE):
            return land
    return None


def classes_in(text: str) -> frozenset[str]:
    """Return the official names of the classes that a text names, in whatever form.

    `broad-leaved and mixed forests` are two. A group of CORINE's, such as `forest and seminatural
    areas`, `agricultural areas` or `water bodies`, is no class.

    Example:
        >>> sorted(classes_in("Pastures border transitional woodlands and shrubs."))
        ['Pastures', 'Transitional woodland, shrub']
    """
    whole = _ELIDED.sub(_spelled_out, " ".join(text.split()))
    found = (land_cover(mention[0]) for mention in _MENTION.finditer(whole))
    return frozenset(land.name for land in found if land is not None)


def is_plural(words: str) -> bool:
    """Say whether a class takes a plural verb as it is written here: `arable lands` does."""
    land = land_cover(words)
    if land is None or words.lower() == land.words:
        return land is not None and land.plural
    first = re.split(r"[ ,]", words.strip().lower())[0]
    return first in ("lands", "moors", "beaches") or words.strip().lower().endswith("s")


def _spelled_out(found: re.Match[str]) -> str:
    """Give each kind its noun: `mixed and coniferous forest`."""
    first, link, last, noun = found.group("first", "link", "last", "noun")
    return f"{', '.join(f'{kind} {noun}' for kind in first.split(', '))} {link} {last} {noun}"
