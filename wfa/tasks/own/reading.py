"""Texts as word numbers, with the quantities that stand in them."""

import re
from collections import Counter
from collections.abc import Iterable, Sequence

import numpy as np
import torch
from torch import Tensor

PADDING, UNKNOWN, NUMBER = 0, 1, 2
_FIRST_WORD = 3
_TOKEN = re.compile(r"\d[\d,]*(?:\.\d+)?|[a-z]+(?:-[a-z]+)*|%")
_PATCH_AREA = 1_440_000.0  # square metres
QUANTITY = 4
"""How many values describe a number."""


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

    def encode(self, texts: Sequence[str]) -> tuple[Tensor, Tensor]:
        """Return U texts as numbers.

        Returns:
            (U, L) int64 words, 0 behind the end, and (U, L, 4) float32 quantities, 0 for words.
        """
        split = [_tokens(text) or [""] for text in texts]
        length = max(map(len, split))
        words = np.zeros((len(texts), length), np.int64)
        quantities = np.zeros((len(texts), length, QUANTITY), np.float32)
        for row, tokens in enumerate(split):
            for place, token in enumerate(tokens):
                if token[:1].isdigit():
                    words[row, place] = NUMBER
                    quantities[row, place] = _quantity(float(token.replace(",", "")))
                else:
                    words[row, place] = self._number.get(token, UNKNOWN)
        return torch.from_numpy(words), torch.from_numpy(quantities)


def _tokens(text: str) -> list[str]:
    return _TOKEN.findall(text.lower())


def _quantity(value: float) -> tuple[float, float, float, float]:
    """Describe a number as a share of the image in square metres, per cent, a count, a size."""
    return (
        min(value / _PATCH_AREA, 1.0),
        min(value / 100, 1.0),
        min(value / 10, 1.0),
        float(np.log10(1 + value)) / 6,
    )
