"""A data set that a person has as objects: pairs of an image and its captions."""

import hashlib
from collections.abc import Iterable, Mapping, Sequence, Sized
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from torch import Tensor

from wfa.data.dataset import SPLITS, ImageTextDataset, Record, SourceConfig
from wfa.data.decode import BadImageError, decode_image
from wfa.data.torch_dataset import CaptionedImages
from wfa.errors import DataError

Pairs = Sequence[tuple[Any, Sequence[str]]]
"""Anything with a length whose items are (image, [captions]): a list, or a torch data set. An image
is a path, a `PIL.Image`, an array (H, W, 3) or a tensor (3, H, W), both uint8."""

_VALIDATES = 10
"""Of data without a split every tenth image validates."""


class OwnPairs(ImageTextDataset):
    """One split of a person's own pairs; a subclass made by `own_pairs` holds them."""

    name = "own"
    Config: ClassVar[type[Any]] = SourceConfig
    pairs: ClassVar[Mapping[str, Pairs]] = {}

    def __init__(self, options: SourceConfig, split: str) -> None:
        if split not in self.pairs:
            raise self.missing_split(options, split)
        self.split = split
        self._pairs = self.pairs[split]
        texts = (
            self._pairs.captions
            if isinstance(self._pairs, CaptionedImages)
            else [self._pairs[row][1] for row in range(len(self._pairs))]
        )
        self.records = tuple(
            Record(f"{split}/{row}", _captions(own, f"{split}[{row}]"))
            for row, own in enumerate(texts)
        )

    @classmethod
    def splits(cls, options: SourceConfig) -> tuple[str, ...]:
        """Return the splits that were given, in the order of `SPLITS`."""
        del options
        return tuple(split for split in SPLITS if split in cls.pairs)

    @classmethod
    def split_remedy(cls, options: SourceConfig, split: str) -> str:
        """Say where the pairs are, or that they are gone."""
        del options, split
        return "" if cls.pairs else " (the run's pairs were Python's: name a data set by data=NAME)"

    def read_image(self, index: int) -> NDArray[np.uint8]:
        """Read image `index`, (H, W, 3) uint8."""
        if isinstance(self._pairs, CaptionedImages):
            return self._pairs.source.read_image(index).astype(np.uint8)
        return picture(self._pairs[index][0], f"{self.split}[{index}]")

    def image_fingerprint(self) -> str:
        """Return a hash of all pixels, since nothing else tells versions of the images apart."""
        if isinstance(self._pairs, CaptionedImages):
            return self._pairs.source.images_checksum
        digest = hashlib.sha256()
        for index in range(len(self)):
            image = self.read_image(index)
            digest.update(f"{image.shape}".encode() + np.ascontiguousarray(image).tobytes())
        return digest.hexdigest()


def own_pairs(data: Any) -> type[OwnPairs]:
    """Make the class of a person's data set.

    Args:
        data: Split -> pairs; or pairs alone, of which every tenth image validates.

    Raises:
        DataError: There is no such split, a split without an image, or what is no pairs.
    """
    if not isinstance(data, Mapping):
        _check_pairs("data", data)
        rows = range(len(data))
        data = {
            "train": [data[row] for row in rows if (row + 1) % _VALIDATES],
            "validation": [data[row] for row in rows if not (row + 1) % _VALIDATES],
        }
    for split, pairs in data.items():
        if split not in SPLITS:
            raise DataError(f"data has the split {split!r}; known: {', '.join(SPLITS)}")
        _check_pairs(f"data[{split!r}]", pairs)
    return type("OwnPairs", (OwnPairs,), {"pairs": data, "__module__": __name__})


def picture(image: Any, where: str) -> NDArray[np.uint8]:
    """Bring an image of any accepted kind to (H, W, 3) uint8.

    Raises:
        DataError: It is of another kind or cannot be read; the message says which.
    """
    if isinstance(image, str | Path):
        try:
            return decode_image(Path(image).read_bytes())
        except (OSError, BadImageError) as error:
            raise DataError(f"image {image} of {where} cannot be read: {error}") from error
    if isinstance(image, Image.Image):
        return np.array(image.convert("RGB"))
    if isinstance(image, Tensor):
        image = image.permute(1, 2, 0).cpu().numpy() if image.dim() == 3 else image.cpu().numpy()
    if (
        not isinstance(image, np.ndarray)
        or image.dtype != np.uint8
        or image.ndim != 3
        or image.shape[2] != 3
    ):
        found = f"{image.dtype} {image.shape}" if isinstance(image, np.ndarray) else type(image)
        raise DataError(
            f"the image of {where} is {found}: give a path, a PIL image, an array (H, W, 3) or a "
            "tensor (3, H, W) of uint8"
        )
    return image


def _captions(own: Any, where: str) -> tuple[str, ...]:
    listed = isinstance(own, Sized) and isinstance(own, Iterable) and not isinstance(own, str)
    if not listed or not all(isinstance(text, str) and text.strip() for text in own):
        raise DataError(
            f"{where} must be (image, [captions]): the captions must be a list of texts, none "
            f"blank, but are {_shown(own)}"
        )
    if not len(own):
        raise DataError(f"{where} has no caption: leave the image out")
    return tuple(own)


def _shown(own: Any) -> str:
    """Say what stands in the place of captions; an image there is not printed."""
    texts = isinstance(own, str | list | tuple)
    return repr(own)[:200] if texts else f"of the kind {type(own).__name__}"


def _check_pairs(name: str, pairs: Any) -> None:
    try:
        size, first = len(pairs), pairs[0]
        fits = len(first) == 2
    except (TypeError, IndexError, KeyError):
        fits = False
    if not fits or size < 1:
        raise DataError(f"{name} must have a length and items (image, [captions]), at least one")
