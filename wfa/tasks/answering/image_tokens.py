"""What heads are given of images: the whole ones, and their places."""

from dataclasses import dataclass

from torch import Tensor


@dataclass(frozen=True)
class ImageTokens:
    """Features of M images on a grid of G x G cells.

    Attributes:
        images: (M, D) float32, normalised, of the whole images.
        tokens: (M, C, G, G) float16, of the cells; rows run downwards.
    """

    images: Tensor
    tokens: Tensor
