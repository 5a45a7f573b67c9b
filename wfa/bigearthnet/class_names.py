"""The 19 land-cover classes as running English names them, in the singular and the plural."""

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


def _simple(name: str, plural: bool = False) -> LandCover:
    """Make a class whose other number differs by a final s only."""
    words = name.lower()
    return LandCover(name, words, plural, f"{re.escape(words.removesuffix('s'))}s?")


CLASSES = (
    _simple("Urban fabric"),
    _simple("Industrial or commercial units", plural=True),
    _simple("Arable land"),
    _simple("Permanent crops", plural=True),
    _simple("Pastures", plural=True),
    _simple("Complex cultivation patterns", plural=True),
    LandCover(
        "Land principally occupied by agriculture, with significant areas of natural vegetation",
        "land principally occupied by agriculture with significant areas of natural vegetation",
        False,
        "lands? principally occupied by agriculture,? with significant areas of natural vegetation",
    ),
    _simple("Agro-forestry areas", plural=True),
    _simple("Broad-leaved forest"),
    _simple("Coniferous forest"),
    _simple("Mixed forest"),
    LandCover(
        "Natural grassland and sparsely vegetated areas",
        "natural grassland and sparsely vegetated areas",
        True,
        "natural grasslands?,? (?:and|or) sparsely vegetated areas?",
    ),
    LandCover(
        "Moors, heathland and sclerophyllous vegetation",
        "moors, heathland and sclerophyllous vegetation",
        True,
        "moors?, heathlands?,? (?:and|or) sclerophyllous vegetations?",
    ),
    LandCover(
        "Transitional woodland, shrub",
        "transitional woodland or shrub",
        False,
        "transitional woodlands?(?:,? (?:and|or)|,) shrubs?",
    ),
    LandCover(
        "Beaches, dunes, sands",
        "beaches, dunes or sands",
        True,
        "(?:beach|beaches), dunes?(?:,? (?:and|or)|,) sands?",
    ),
    _simple("Inland wetlands", plural=True),
    _simple("Coastal wetlands", plural=True),
    _simple("Inland waters", plural=True),
    _simple("Marine waters", plural=True),
)

CLASS = "(?:" + "|".join(land.pattern for land in CLASSES) + ")"
"""A regular expression of any class; to be compiled with `re.IGNORECASE`."""


@cache
def land_cover(words: str) -> LandCover | None:
    """Return the class that the words name, official name or not, or None."""
    for land in CLASSES:
        if re.fullmatch(land.pattern, words.strip(), re.IGNORECASE):
            return land
    return None


def is_plural(words: str) -> bool:
    """Say whether a class takes a plural verb as it is written here: `arable lands` does."""
    land = land_cover(words)
    if land is None or words.lower() == land.words:
        return land is not None and land.plural
    first = re.split(r"[ ,]", words.strip().lower())[0]
    return first in ("lands", "moors", "beaches") or words.strip().lower().endswith("s")
