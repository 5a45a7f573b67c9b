"""The part of the heads that reads texts: words in their order, quantities, the run's features.

Shapes: U texts, L words, D the run's width, W width.
"""

from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional

from wfa.tasks.answering.text_reading import PADDING, QUANTITY, Encoded

_KERNEL = 5


class Sizes(NamedTuple):
    """What the heads are built for.

    Attributes:
        words: Size of the vocabulary.
        features: D, width of the run's features.
        channels: C, channels of its patch tokens.
        width: W.
        dropout: Share of units dropped in training.
    """

    words: int
    features: int
    channels: int
    width: int
    dropout: float


class Read(NamedTuple):
    """What is read in U texts.

    Attributes:
        meaning: (U, W).
        bounds: (U, 2), the least and the largest share of the image that it speaks of.
        features: (U, D), the run's own, normalised.
        lands: (U, 2), the classes that it names.
        way: (U, 2), where the first is said to lie, seen from the second.
    """

    meaning: Tensor
    bounds: Tensor
    features: Tensor
    lands: Tensor
    way: Tensor

    def take(self, rows: Tensor) -> "Read":
        """Return some of the texts, or one several times."""
        return Read(*(part[rows] for part in self))


class Reader(nn.Module):
    """Reads texts: words in their order, quantities, and the run's own text features."""

    def __init__(self, sizes: Sizes) -> None:
        super().__init__()
        width, half = sizes.width, sizes.width // 2
        self.words = nn.Embedding(sizes.words, half, padding_idx=PADDING)
        self.quantities = nn.Linear(QUANTITY, half, bias=False)
        self.near = nn.ModuleList(
            nn.Conv1d(half, half, _KERNEL, padding=_KERNEL // 2) for _ in range(2)
        )
        self.features = nn.Linear(sizes.features, width)
        self.out = nn.Sequential(nn.Linear(2 * width, width), nn.LayerNorm(width))

    def forward(self, texts: Encoded, features: Tensor) -> Read:
        """Read U texts; `features` (U, D) are the run's own, normalised."""
        there = (texts.words != PADDING)[:, None].float()
        states = (self.words(texts.words) + self.quantities(texts.quantities)).transpose(1, 2)
        for layer in self.near:
            states = (states + functional.gelu(layer(states))) * there
        mean = states.sum(2) / there.sum(2).clamp(min=1)
        most = (states - 1e4 * (1 - there)).amax(2)
        own = self.features(features * features.shape[1] ** 0.5)
        meaning = self.out(torch.cat([mean, most, own], 1))
        return Read(meaning, texts.bounds, features, texts.lands, texts.way)
