"""A data set in memory for tests of everything that takes one."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from wfa.aggregation.caption_draws import AggregationConfig, Drawn, Weights
from wfa.aggregation.techniques.mean import Mean
from wfa.aggregation.text_half import TextHalf
from wfa.data.dataset import ImageTextDataset, Record, SourceConfig
from wfa.data.images import ImageSpec
from wfa.data.weighted_captions import WeightedCaptions

Draw = Callable[[Sequence[str], Weights, np.random.Generator | None, float], Drawn]


class TinyDataset(ImageTextDataset):
    """Images of one colour each, with the captions given."""

    name = "tiny"

    def __init__(self, captions: Sequence[Sequence[str]], split: str = "train") -> None:
        self.split = split
        self.records = tuple(
            Record(f"{split}/{place}", tuple(texts)) for place, texts in enumerate(captions)
        )

    def read_image(self, index: int) -> NDArray[np.uint8]:
        return np.full((6, 8, 3), index % 256, np.uint8)

    @classmethod
    def splits(cls, options: SourceConfig) -> tuple[str, ...]:
        return ("train", "validation")


@dataclass(frozen=True)
class DrawnBy(TextHalf):
    """The plain mean of what a function draws."""

    by: Draw = lambda captions, weights, rng, progress: (captions, weights)

    def draw(
        self,
        captions: Sequence[str],
        weights: Weights,
        rng: np.random.Generator | None = None,
        progress: float = 0.0,
    ) -> Drawn:
        return self.by(captions, weights, rng, progress)


def drawn_by(dataset: ImageTextDataset, by: Draw = DrawnBy.by) -> WeightedCaptions:
    """Captions that weigh the same, of which a function draws; by default all are drawn."""
    return WeightedCaptions(dataset, DrawnBy(Mean, AggregationConfig(), by))


SPEC = ImageSpec(size=4, mean=(0.0, 0.0, 0.0), std=(1.0, 1.0, 1.0), scale=1.0)


def tokenize(texts: Sequence[str]) -> Tensor:
    """One token a character, zero-padded to the longest."""
    longest = max(len(text) for text in texts)
    return torch.tensor([[ord(c) for c in text] + [0] * (longest - len(text)) for text in texts])


def ragged(images: int, rng: np.random.Generator) -> list[list[str]]:
    """Captions with repeats within and across images, 1 to 6 an image."""
    words = np.array(["field", "river", "road", "ship", "roof"])
    return [
        [" ".join(rng.choice(words, size=2)) for _ in range(rng.integers(1, 7))]
        for _ in range(images)
    ]
