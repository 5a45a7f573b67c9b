"""Texts as word numbers, with the quantities that stand in them."""

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from wfa.bigearthnet.class_names import CLASS, CLASSES, land_cover

PADDING, UNKNOWN, NUMBER = 0, 1, 2
_FIRST_WORD = 3
_TOKEN = re.compile(r"\d[\d,]*(?:\.\d+)?|[a-z]+(?:-[a-z]+)*2?|%")
_PATCH_AREA = 1_440_000.0  # square metres
_UNITS = {"%": 0.01, "percent": 0.01} | dict.fromkeys(("m2", "m", "square", "sqm"), 1 / _PATCH_AREA)
"""Word behind a number -> share of the image that one of it is."""
_COUNTS = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten")
_MOST_COUNTED = 10
_AT_MOST = re.compile(
    r"\b(?:at most|(?:less|smaller|fewer|lower) than|under|below|up to|maximum|"
    r"not (?:more|greater|larger|exceed))\b|\bno more than\b",
    re.IGNORECASE,
)
_LAND = re.compile(rf"\b{CLASS}\b", re.IGNORECASE)
_LEFT, _RIGHT, _ABOVE, _BELOW = (
    re.compile(rf"\b(?:{words})\b", re.IGNORECASE)
    for words in ("left", "right", "above|top", "below|bottom")
)
NO_LAND = len(CLASSES)
QUANTITY = 4
"""How many values describe a number: whether it is a share of the image, that share, whether it is
a count, a tenth of that count."""


class Encoded(NamedTuple):
    """U texts as numbers.

    Attributes:
        words: (U, L) int64, 0 behind the end.
        quantities: (U, L, 4) float32, zero for words that are no number.
        bounds: (U, 2) float32, see `share_bounds`.
        lands: (U, 2) int64, see `lands_named`.
        way: (U, 2) float32, see `way_told`.
    """

    words: Tensor
    quantities: Tensor
    bounds: Tensor
    lands: Tensor
    way: Tensor

    def take(self, rows: Tensor) -> "Encoded":
        """Return some of the texts, no longer than the longest of them."""
        words = self.words[rows]
        used = int((words != PADDING).any(0).sum())
        rest = (part[rows] for part in self[2:])
        return Encoded(words[:, :used], self.quantities[rows, :used], *rest)

    def to(self, device: torch.device) -> "Encoded":
        """Return the texts on a device."""
        return Encoded(*(part.to(device) for part in self))


class Vocabulary:
    """The words of the training texts.

    Args:
        words: Each once; its place is its number.
    """

    def __init__(self, words: Sequence[str]) -> None:
        self.words = tuple(words)
        self._number = {word: _FIRST_WORD + place for place, word in enumerate(words)}

    @classmethod
    def of(cls, texts: Iterable[str], least: int = 2, most: int = 4_000) -> "Vocabulary":
        """Take the most frequent words that occur at least `least` times."""
        counts = Counter(
            token for text in texts for token in _tokens(text) if not token[0].isdigit()
        )
        ranked = sorted(counts, key=lambda word: (-counts[word], word))
        return cls([word for word in ranked[:most] if counts[word] >= least])

    def __len__(self) -> int:
        return _FIRST_WORD + len(self.words)

    def encode(self, texts: Sequence[str]) -> "Encoded":
        """Return U texts as numbers."""
        split = [_tokens(text) or [""] for text in texts]
        length = max(map(len, split), default=1)
        words = np.zeros((len(texts), length), np.int64)
        quantities = np.zeros((len(texts), length, QUANTITY), np.float32)
        for row, tokens in enumerate(split):
            for place, token in enumerate(tokens):
                words[row, place] = self._number.get(token, UNKNOWN)
                if token[:1].isdigit():
                    words[row, place] = NUMBER
                quantities[row, place] = _quantity(token, tokens[place + 1 :])
        bounds = np.array([share_bounds(text) for text in texts], np.float32).reshape(-1, 2)
        lands = np.array([lands_named(text) for text in texts], np.int64).reshape(-1, 2)
        way = np.array([way_told(text) for text in texts], np.float32).reshape(-1, 2)
        return Encoded(*map(torch.from_numpy, (words, quantities, bounds, lands, way)))


def share_bounds(text: str) -> tuple[float, float]:
    """Return the least and the largest share of the image that a text speaks of; 0 and 1 for none.

    `between 10% and 20%` gives 0.1 and 0.2, `at least 10%` gives 0.1 and 1.
    """
    tokens = _tokens(text)
    found = [_quantity(token, tokens[place + 1 :]) for place, token in enumerate(tokens)]
    shares = [share for is_share, share, _, _ in found if is_share]
    if not shares:
        return 0.0, 1.0
    if len(shares) > 1:
        return min(shares), max(shares)
    return (0.0, shares[0]) if _AT_MOST.search(text) else (shares[0], 1.0)


def lands_named(text: str) -> tuple[int, int]:
    """Return the first two classes that a text names, places in `CLASSES`; `NO_LAND` for none."""
    named = dict.fromkeys(land_cover(found[0]) for found in _LAND.finditer(text))
    first, second, *_ = [*(CLASSES.index(land) for land in named if land), NO_LAND, NO_LAND]
    return first, second


def way_told(text: str) -> tuple[float, float]:
    """Return the way of length 1, x and y, in which a text says that one class lies from another.

    Zeros where it names other than two classes, or tells no way; y runs downwards.
    """
    rest, named = _LAND.subn(" ", text)
    x = bool(_RIGHT.search(rest)) - bool(_LEFT.search(rest))
    y = bool(_BELOW.search(rest)) - bool(_ABOVE.search(rest))
    length = (x * x + y * y) ** 0.5
    return (x / length, y / length) if named == 2 and length else (0.0, 0.0)


def _tokens(text: str) -> list[str]:
    return _TOKEN.findall(text.lower())


def _quantity(token: str, behind: Sequence[str]) -> tuple[float, float, float, float]:
    """Describe a number; its unit is the first one behind it, that of the second in `2 to 5 %`."""
    if token in _COUNTS:
        return 0.0, 0.0, 1.0, _COUNTS.index(token) / _MOST_COUNTED
    if not token[:1].isdigit():
        return 0.0, 0.0, 0.0, 0.0
    value = float(token.replace(",", ""))
    unit = next((_UNITS[word] for word in behind if word in _UNITS), None)
    if unit is None:
        return 0.0, 0.0, 1.0, min(value, _MOST_COUNTED) / _MOST_COUNTED
    return 1.0, min(value * unit, 1.0), 0.0, 0.0
