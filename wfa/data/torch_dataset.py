"""A split of a data set as torch's `DataLoader` takes it: images with lists of captions."""

from collections.abc import Callable, Sequence
from typing import Any

import torch
from PIL import Image
from torch import Tensor
from torch.utils.data import Dataset

from wfa.data.dataset import ImageTextDataset
from wfa.errors import DataError

Transform = Callable[[Any], Tensor]
"""A picture (`PIL.Image`, as torchvision's and open_clip's transforms take it), or a sensor's bands
(C, H, W) float32 -> what the loader gives."""


class CaptionedImages(Dataset[tuple[Tensor, list[str]]]):
    """Images with the list of their captions, `dataset[k] -> (image, [captions])`.

    Without a transform an image is (C, H, W) as it was read: uint8, or float32 of a sensor.

    Args:
        source: The split.
        transform: What is done with each image; see `Transform`.

    Attributes:
        source: The split, with its names, checks and what was left out.
    """

    def __init__(self, source: ImageTextDataset, transform: Transform | None = None) -> None:
        self.source = source
        self._transform = transform

    def __len__(self) -> int:
        return len(self.source)

    def __getitem__(self, index: int) -> tuple[Tensor, list[str]]:
        """Read an image and its captions.

        Raises:
            DataError: The image is missing or cannot be read.
            IndexError: There is no such image.
        """
        index = range(len(self))[index]
        image = self.source.read_image(index)
        captions = list(self.source.records[index].captions)
        if self._transform is None:
            return torch.from_numpy(image.copy()).permute(2, 0, 1), captions
        if self.source.channels is None:
            return self._transform(Image.fromarray(image)), captions
        return self._transform(torch.from_numpy(image.copy()).permute(2, 0, 1)), captions

    @property
    def captions(self) -> list[list[str]]:
        """The captions of each image, without reading any image."""
        return [list(texts) for texts in self.source.captions]


def collate(samples: Sequence[tuple[Tensor, Sequence[str]]]) -> tuple[Tensor, list[str], Tensor]:
    """Put images and their captions together: the `collate_fn` of a `DataLoader`.

    Args:
        samples: B pairs of an image (C, H, W) and at least one caption.

    Returns:
        Images (B, C, H, W), the N captions of all, and (N,) int64 caption -> image.

    Raises:
        DataError: Images differ in size, or an image has no caption.

    >>> import torch, wfa
    >>> samples = [(torch.zeros(3, 8, 8), ["a road", "two cars"]), (torch.ones(3, 8, 8), ["a sea"])]
    >>> images, captions, image_index = wfa.collate(samples)
    >>> images.shape, captions, image_index.tolist()
    (torch.Size([2, 3, 8, 8]), ['a road', 'two cars', 'a sea'], [0, 0, 1])
    """
    shapes = {tuple(image.shape) for image, _ in samples}
    if len(shapes) > 1:
        raise DataError(
            f"images of a batch differ in size ({', '.join(map(str, sorted(shapes)))}): give "
            "load_dataset a transform that brings them to one"
        )
    counts = torch.tensor([len(captions) for _, captions in samples])
    if not bool((counts > 0).all()):
        raise DataError(f"image {int((counts == 0).nonzero()[0])} of the batch has no caption")
    texts = [text for _, captions in samples for text in captions]
    return torch.stack([image for image, _ in samples]), texts, torch.repeat_interleave(counts)
