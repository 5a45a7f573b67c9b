"""How questions and captions name classes, numbers and sizes."""

from collections.abc import Sequence

from wfa.bigearthnet.annotate.patch_facts import area
from wfa.bigearthnet.class_names import CLASSES, LandCover

NUMBERS = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten")
SQUARE_METRES = ("square meters", "m2", "m^2")
"""How the data set spells the unit."""


def named(land: int) -> LandCover:
    """Return the class of a place in `CLASSES`."""
    return CLASSES[land]


def many(land: LandCover) -> str:
    """Return a class in the plural, as questions about amounts mostly have it."""
    if land.plural:
        return land.words
    if land.words.startswith("land "):
        return f"lands{land.words.removeprefix('land')}"
    return f"{land.words.replace('woodland ', 'woodlands ')}s"


def number(count: int) -> str:
    """Return a number as a word up to ten, in digits above."""
    return NUMBERS[count] if count < len(NUMBERS) else str(count)


def capital(words: str) -> str:
    """Return words with their first letter in the upper case."""
    return words[0].upper() + words[1:]


def does(land: LandCover) -> str:
    """Return the auxiliary that begins a question about a class."""
    return "Do" if land.plural else "Does"


def verb(land: LandCover, plain: str, third: str) -> str:
    """Return the form of a verb that goes with a class."""
    return plain if land.plural else third


def metres(pixels: int, unit: str = "square meters") -> str:
    """Return a size in words, rounded to thousands of square metres."""
    rounded = area(pixels)
    return f"{rounded:,} {unit}" if rounded else f"less than 1,000 {unit}"


def listed(parts: Sequence[str]) -> str:
    """Join parts as a list in running English."""
    *first, last = parts
    return f"{', '.join(first)} and {last}" if first else last
