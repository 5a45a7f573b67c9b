"""Locked towers that count what they compute."""

from collections.abc import Sequence

import torch
from torch import Tensor

from wfa.data.images import ImageSpec
from wfa.encoders.towers import ImageTower, TextTower


class CountingImageTower(ImageTower):
    """The mean colour of an image."""

    width = 3
    image_spec = ImageSpec(size=4, mean=(0.0,) * 3, std=(1.0,) * 3, scale=1.0)

    def __init__(self, weights: str = "a") -> None:
        self.weights = weights
        self.computed = 0

    def encode(self, images: Tensor) -> Tensor:
        self.computed += len(images)
        return images.mean((2, 3))


class CountingTextTower(TextTower):
    """The length of a text and its first letter."""

    width = 2
    context_length = 8

    def __init__(self, weights: str = "a") -> None:
        self.weights = weights
        self.asked: list[list[str]] = []

    def encode(self, texts: Sequence[str]) -> Tensor:
        self.asked.append(list(texts))
        return torch.tensor([[float(len(text)), float(ord(text[0]))] for text in texts])
