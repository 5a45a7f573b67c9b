"""What heads are given of images: the whole ones, and their places."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional


@dataclass(frozen=True)
class ImageTokens:
    """Features of M images on a grid of G x G cells.

    Attributes:
        images: (M, D) float32, normalised, of the whole images.
        tokens: (M, C, G, G) float16, of the cells; rows run downwards.
    """

    images: Tensor
    tokens: Tensor

    def take(self, images: NDArray[np.int64]) -> "ImageTokens":
        """Return some of the images, or one several times."""
        return ImageTokens(self.images[images], self.tokens[images])

    def mean(self) -> "ImageTokens":
        """Return one image with the mean of all features, of all cells too."""
        tokens = self.tokens.float().mean((0, 2, 3)).to(self.tokens.dtype)
        whole = functional.normalize(self.images.mean(0, keepdim=True), dim=-1)
        return ImageTokens(whole, tokens[None, :, None, None].expand(1, *self.tokens.shape[1:]))

    def repeated(self, count: int) -> "ImageTokens":
        """Return the one image `count` times, in the memory of one."""
        parts = (self.images, self.tokens)
        return ImageTokens(*(part.expand(count, *part.shape[1:]) for part in parts))
