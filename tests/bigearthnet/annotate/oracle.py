"""What is true of a map, found by loops and flooding: answers are checked against it."""

import math
import re
from collections import deque
from functools import cached_property

import numpy as np

from wfa.bigearthnet.annotate.corine import ClassMap
from wfa.bigearthnet.class_names import CLASS, CLASSES, land_cover

NUMBERS = ["zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten"]
Pixels = frozenset[tuple[int, int]]


def lands_in(text: str) -> list[int]:
    """Give the classes that a text names, in their order."""
    found = [land_cover(match[0]) for match in re.finditer(CLASS, text, re.IGNORECASE)]
    return [CLASSES.index(land) for land in found if land is not None]


def value(word: str) -> int:
    """Read a number in digits or words; of more than five, 6."""
    if word == "More than five":
        return 6
    return NUMBERS.index(word) if word in NUMBERS else int(word)


class Oracle:
    """Answers questions about one map."""

    def __init__(self, classes: ClassMap) -> None:
        self.classes = classes

    def share(self, land: int) -> float:
        """Give the share of the image that a class covers."""
        return float((self.classes == land).mean())

    def present(self, land: int) -> bool:
        """Say whether a class is there."""
        return bool((self.classes == land).any())

    @cached_property
    def regions(self) -> list[tuple[int, Pixels]]:
        """Flood from every pixel that was not reached, over shared edges."""
        height, width = self.classes.shape
        grid = self.classes.tolist()
        seen = np.zeros(self.classes.shape, bool)
        found = []
        for y0, x0 in np.argwhere(self.classes >= 0).tolist():
            if seen[y0, x0]:
                continue
            land, own, queue = grid[y0][x0], {(y0, x0)}, deque([(y0, x0)])
            while queue:
                y, x = queue.popleft()
                for to in ((y, x + 1), (y + 1, x), (y, x - 1), (y - 1, x)):
                    inside = 0 <= to[0] < height and 0 <= to[1] < width
                    if inside and to not in own and grid[to[0]][to[1]] == land:
                        own.add(to)
                        queue.append(to)
            seen[tuple(zip(*own, strict=True))] = True
            found.append((land, frozenset(own)))
        return found

    def of_class(self, land: int) -> list[Pixels]:
        """Give the regions of a class, the largest first."""
        return sorted((own for found, own in self.regions if found == land), key=len, reverse=True)

    def border(self, one: int, other: int) -> bool:
        """Say whether two classes share an edge of a pixel."""
        first = self.classes == one
        around = np.zeros_like(first)
        around[1:] |= first[:-1]
        around[:-1] |= first[1:]
        around[:, 1:] |= first[:, :-1]
        around[:, :-1] |= first[:, 1:]
        return bool((around & (self.classes == other)).any())

    def direction(self, one: int, other: int) -> str:
        """Say where a class lies, seen from another, by the nearest of eight directions."""
        (y, x), (v, u) = (np.argwhere(self.classes == land).mean(axis=0) for land in (one, other))
        names = [
            "right",
            "top-right",
            "top",
            "top-left",
            "left",
            "bottom-left",
            "bottom",
            "bottom-right",
        ]
        return names[round(math.atan2(v - y, x - u) / (math.pi / 4)) % 8]
