"""Feed towers that take pixels: decode and resize once, then read from a memory-mapped file."""

import hashlib
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from wfa.data.arrays import MappedArray, make_array, mapped
from wfa.data.channel_dropout import ChannelDropout
from wfa.data.dataset import ImageTextDataset
from wfa.data.images import ImageSpec, augment, normalise, resize
from wfa.errors import ConfigError

MOST_CACHED = 4 << 30
"""Bytes of a sensor's resized images that are kept for a split; more are read at every use."""

Tokenize = Callable[[Sequence[str]], Tensor]


class PixelInputs:
    """Inputs of towers that take pixels and tokens; a pickle holds no pixels.

    Args:
        dataset: One split of a data set.
        spec: What the image tower wants.
        tokenize: U texts -> (U, L) int64.
        cache: Folder for the decoded and resized images; None decodes at every read.
        augment: What to do with training images.
        dropout: Leaves channels of training images out; None keeps all.

    Attributes:
        reads: Whether images are read and resized at every use.

    Raises:
        ConfigError: The tower takes other channels than the images have.
        DataError: An image is missing, or where there is a cache, cannot be read.
    """

    def __init__(
        self,
        dataset: ImageTextDataset,
        spec: ImageSpec,
        tokenize: Tokenize,
        cache: Path | None,
        augment: str,
        dropout: ChannelDropout | None = None,
    ) -> None:
        check_channels(dataset, spec)
        self._dataset = dataset
        self._spec = spec
        self._tokenize = tokenize
        self._augment = augment
        self._dropout = dropout
        streams = dataset.stream(None) is not None
        self.reads = cache is None or streams or _is_too_large(dataset, spec)
        self._resized = (
            None if cache is None or self.reads else resized_images(dataset, spec, cache)
        )
        if self.reads:
            dataset.check_present()

    def image(self, index: int, rng: np.random.Generator | None) -> Tensor:
        """Return image `index`, (C, size, size) float32, augmented when a generator is given."""
        if self._resized is None:
            return self.prepared(self._dataset.read_image(index), rng)
        return self._augmented(torch.from_numpy(np.array(self._resized.values[index])), rng)

    def prepared(self, image: NDArray[np.generic], rng: np.random.Generator | None) -> Tensor:
        """Return an image (H, W, C) as it was read in the form of `image`."""
        return self._augmented(resize(image, self._spec), rng)

    def _augmented(self, image: Tensor, rng: np.random.Generator | None) -> Tensor:
        if rng is not None and self._augment != "none":
            image = augment(image, self._augment, rng)
        image = normalise(image, self._spec)
        return image if rng is None or self._dropout is None else self._dropout(image, rng)

    def texts(self, texts: Sequence[str]) -> Tensor:
        """Return the tokens of U texts, (U, L) int64, trimmed to the longest."""
        return self._tokenize(texts)


def check_channels(dataset: ImageTextDataset, spec: ImageSpec) -> None:
    """Refuse images whose channels are not those that a tower takes.

    Raises:
        ConfigError: They differ.
    """
    found = dataset.channels.bands if dataset.channels else ()
    if found != spec.bands:
        shown = [", ".join(bands) or "red, green and blue" for bands in (found, spec.bands)]
        raise ConfigError(
            f"the images of {dataset.name} have the channels {shown[0]}, and the encoder takes "
            f"{shown[1]}: use the data set and the data.bands that the encoder was made for"
        )


def _is_too_large(dataset: ImageTextDataset, spec: ImageSpec) -> bool:
    """Whether a cache of a sensor's images would be too large; they are stored as arrays anyway."""
    size = len(dataset) * len(spec.mean) * spec.size**2 * np.float32().nbytes
    return dataset.channels is not None and size > MOST_CACHED


def resized_images(dataset: ImageTextDataset, spec: ImageSpec, cache: Path) -> MappedArray:
    """Return all images of a split at the tower's size, made once and memory-mapped after.

    Returns:
        (B, C, size, size), of the images' own dtype.

    Raises:
        DataError: An image cannot be read.
        UserError: The disk is full.
    """
    shape = f"{spec.size}-{spec.interpolation}-{spec.fit}"
    key = hashlib.sha256(f"{dataset.images_checksum}-{shape}".encode()).hexdigest()[:16]
    path = cache / "images" / f"{dataset.name}-{dataset.split}-{key}.npy"
    return mapped(path, len(dataset)) or _make_resized(dataset, spec, path)


def _make_resized(dataset: ImageTextDataset, spec: ImageSpec, path: Path) -> MappedArray:
    def one(index: int) -> NDArray[np.generic]:
        return resize(dataset.read_image(index), spec).numpy()

    def fill(target: NDArray[Any]) -> None:
        # Pillow and the resize kernels let go of the interpreter, so threads keep all cores busy.
        with ThreadPoolExecutor() as pool:
            for index, image in enumerate(pool.map(one, range(len(dataset)))):
                target[index] = image

    dataset.check_present()
    first = one(0)
    return make_array(path, (len(dataset), *first.shape), first.dtype, fill)
