"""Wrong answers that are hard to tell from right ones: classes like those that a patch has."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from wfa.bigearthnet.class_names import CLASSES
from wfa.draws import Draws

_ALIKE = (
    ("Urban fabric", "Industrial or commercial units"),
    (
        "Arable land", "Permanent crops", "Pastures", "Complex cultivation patterns",
        "Land principally occupied by agriculture, with significant areas of natural vegetation",
        "Agro-forestry areas",
    ),
    (
        "Broad-leaved forest", "Coniferous forest", "Mixed forest", "Agro-forestry areas",
        "Transitional woodland, shrub",
    ),
    (
        "Pastures", "Natural grassland and sparsely vegetated areas",
        "Moors, heathland and sclerophyllous vegetation", "Transitional woodland, shrub",
    ),
    (
        "Beaches, dunes, sands", "Natural grassland and sparsely vegetated areas",
        "Coastal wetlands", "Marine waters",
    ),
    ("Inland wetlands", "Coastal wetlands", "Inland waters", "Marine waters"),
)  # fmt: skip
_PLACE = {land.name: place for place, land in enumerate(CLASSES)}
_GROUPS = [frozenset(_PLACE[name] for name in group) for group in _ALIKE]

SIMILAR = tuple(
    frozenset().union(*(group for group in _GROUPS if land in group)) - {land}
    for land in range(len(CLASSES))
)
"""The classes that each class is easily taken for, in the order of `CLASSES`."""


_PREFERRED = 4  # times as likely as other classes of the same frequency


@dataclass(frozen=True)
class Universe:
    """How likely each class is to be asked for where it is missing, in any unit, none below 1.

    Weights that follow the odds of a class make it as frequent among wrong answers as among right
    ones: its name alone then tells nothing. A class that no patch has is rarely asked for.
    """

    weights: tuple[int, ...] = (1,) * len(CLASSES)

    def draw(self, draws: Draws, unwanted: Collection[int], near: int | None = None) -> int | None:
        """Draw a class by its weight, preferably one like `near`.

        Args:
            draws: Random numbers.
            unwanted: Classes that must not come out.
            near: The class that the wrong answer shall be taken for.

        Returns:
            The class, or None when all are unwanted.
        """
        alike = frozenset() if near is None else SIMILAR[near]
        lands = [land for land in range(len(CLASSES)) if land not in unwanted]
        weights = [self.weights[land] * (_PREFERRED if land in alike else 1) for land in lands]
        if not lands:
            return None
        lot = draws.below(sum(weights))
        place = 0
        while lot >= weights[place]:
            lot -= weights[place]
            place += 1
        return lands[place]


def universe_of(counts: Sequence[int], patches: int) -> Universe:
    """Make a universe of a data set.

    Args:
        counts: How many patches have each class, in the order of `CLASSES`.
        patches: How many there are.
    """
    return Universe(tuple(max(1, 100 * count // (patches - count + 1)) for count in counts))
