"""How frequent countries, months, tiles and sets of classes are among BigEarthNet v2's patches.

`python -m experiments.patch_frequencies` counts them in the official metadata.
"""

import json
from collections.abc import Mapping, Sequence
from functools import cache
from itertools import accumulate
from pathlib import Path
from typing import Generic, NamedTuple, TypeVar

from wfa.bigearthnet.class_names import CLASSES
from wfa.draws import Draws

T = TypeVar("T")

FILE = Path(__file__).with_name("patch_frequencies.json")
LETTERS = "abcdefghijklmnopqrs"
"""One letter a class, in the order of `CLASSES`."""
assert len(LETTERS) == len(CLASSES)


class Lot(Generic[T]):
    """Things that are drawn as often as they were counted."""

    def __init__(self, counts: Mapping[T, int]) -> None:
        self._things = tuple(counts)
        self._ends = tuple(accumulate(counts.values()))

    def draw(self, draws: Draws) -> T:
        """Draw one."""
        return self._things[draws.place(self._ends)]


class Tile(NamedTuple):
    """A square of the Sentinel-2 grid: its name, and its upper left corner in degrees."""

    name: str
    latitude: float
    longitude: float


class CountryLots(NamedTuple):
    """What is drawn of one country.

    Attributes:
        months: 1 to 12.
        tiles: Its tiles.
        lands: Sets of classes, as ascending places in `CLASSES`.
    """

    months: Lot[int]
    tiles: Lot[Tile]
    lands: Lot[Sequence[int]]


@cache
def patch_lots() -> tuple[Lot[str], Mapping[str, CountryLots]]:
    """Return what draws a country, and what is drawn of each."""
    countries = json.loads(FILE.read_text(encoding="utf-8"))["countries"]
    return Lot({name: own["patches"] for name, own in countries.items()}), {
        name: CountryLots(
            Lot({int(month): count for month, count in own["months"].items()}),
            Lot({Tile(tile, *at): count for tile, (count, *at) in own["tiles"].items()}),
            Lot({_lands(letters): count for letters, count in own["lands"].items()}),
        )
        for name, own in countries.items()
    }


def _lands(letters: str) -> Sequence[int]:
    return tuple(LETTERS.index(letter) for letter in letters)
