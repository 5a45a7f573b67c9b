"""Wrong answers that are hard to tell from right ones: classes like those that a patch has."""

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import accumulate, combinations

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


Pair = tuple[int, int]
Lands = tuple[int, ...]
_PAIRS = tuple(combinations(range(len(CLASSES)), 2))
_SCALE = 1000
_PREFERRED = 4  # times as likely as other classes of the same frequency


@dataclass(frozen=True)
class Universe:
    """How likely each class is to be asked for where it is missing, in any unit, none below 1.

    Weights that follow the odds of a class make it as frequent among wrong answers as among right
    ones: its name alone then tells nothing. A class that no patch has is rarely asked for. The same
    holds for pairs of classes, countries and climate zones.

    Attributes:
        weights: Of each class.
        pairs: Of each two classes in one patch, the lower place first; 1 for those not in it.
        words: Of each country and climate zone; 1 for those not in it.
    """

    weights: tuple[int, ...] = (1,) * len(CLASSES)
    pairs: Mapping[Pair, int] = field(default_factory=dict)
    words: Mapping[str, int] = field(default_factory=dict)

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
        return lands[drawn(weights, draws)] if lands else None

    def draw_pair(
        self,
        draws: Draws,
        unwanted: Collection[Pair],
        near: Collection[int],
        of: int | None = None,
    ) -> Pair | None:
        """Draw two classes by the weight of their pair, preferably with one of `near`.

        Args:
            draws: Random numbers.
            unwanted: Pairs that must not come out, the lower place first.
            near: Classes that the patch has.
            of: A class that is one of the two; None for any.

        Returns:
            The pair, the lower place first, or None when all are unwanted.
        """
        pairs = [pair for pair in _PAIRS if pair not in unwanted and (of is None or of in pair)]
        weights = [
            self.pairs.get(pair, 1) * (_PREFERRED if pair[0] in near or pair[1] in near else 1)
            for pair in pairs
        ]
        return pairs[drawn(weights, draws)] if pairs else None

    def wrong_words(self, right: str, known: Sequence[str], count: int, draws: Draws) -> list[str]:
        """Draw different words other than the right one, each by its weight."""
        left = [text for text in known if text != right]
        found: list[str] = []
        while left and len(found) < count:
            found.append(left.pop(drawn([self.words.get(text, 1) for text in left], draws)))
        return found


def drawn(weights: Sequence[int], draws: Draws) -> int:
    """Draw a place in `weights`, each as often as its weight says."""
    return draws.place(list(accumulate(weights)))


def universe_of(sets: Mapping[Lands, int], words: Mapping[str, int] | None = None) -> Universe:
    """Make a universe of a data set.

    A right answer is one of a patch's classes or pairs, each as likely as the others of the patch;
    a wrong one comes from the patches that lack it.

    Args:
        sets: Classes of a patch, ascending places in `CLASSES` -> how many patches have these.
        words: How many patches lie in each country and in each climate zone.
    """
    patches = sum(sets.values())
    lands, pairs = _odds(sets, 1, patches), _odds(sets, 2, patches)
    return Universe(
        tuple(lands.get((land,), 1) for land in range(len(CLASSES))),
        {(pair[0], pair[1]): weight for pair, weight in pairs.items()},
        {text: max(1, _SCALE * n // (patches - n + 1)) for text, n in (words or {}).items()},
    )


def _odds(sets: Mapping[Lands, int], size: int, patches: int) -> dict[Lands, int]:
    """Return the weights of what is made of `size` classes."""
    right: Counter[Lands] = Counter()
    there: Counter[Lands] = Counter()
    for lands, count in sets.items():
        own = list(combinations(lands, size))
        for part in own:
            right[part] += _SCALE * count // len(own)
            there[part] += count
    return {part: max(1, right[part] // (patches - there[part] + 1)) for part in right}
