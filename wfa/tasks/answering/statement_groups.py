"""Statements of several images side by side, so that each image is looked at once."""

import torch
from torch import Tensor


class Rows:
    """Statements of B images, put in a table with a row an image, and taken out again.

    Args:
        image: (S,) ascending, statement -> image.
        images: B.
    """

    def __init__(self, image: Tensor, images: int) -> None:
        counts = torch.bincount(image, minlength=images)
        starts = counts.cumsum(0) - counts
        self._image = image
        self._place = torch.arange(len(image), device=image.device) - starts[image]
        self._shape = (images, int(counts.max()))

    def pad(self, values: Tensor) -> Tensor:
        """Put (S, ...) in a table (B, most, ...)."""
        table = values.new_zeros((*self._shape, *values.shape[1:]))
        return table.index_put((self._image, self._place), values)

    def take(self, table: Tensor) -> Tensor:
        """Take (S, ...) out of a table (B, most, ...)."""
        return table[self._image, self._place]
