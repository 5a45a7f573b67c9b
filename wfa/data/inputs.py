"""Feed towers that take pixels: decode and resize once, then read from a memory-mapped file."""

import hashlib
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import torch
from numpy.lib.format import open_memmap
from numpy.typing import NDArray
from torch import Tensor

from wfa.data.dataset import ImageTextDataset
from wfa.data.images import ImageSpec, augment, normalise, resize
from wfa.files import atomic_write

Tokenize = Callable[[Sequence[str]], Tensor]


class PixelInputs:
    """Inputs of towers that take pixels and tokens.

    Args:
        dataset: One split of a data set.
        spec: What the image tower wants.
        tokenize: U texts -> (U, L) int64.
        cache: Folder for the decoded and resized images; None decodes at every read.
        augment: What to do with training images.
    """

    def __init__(
        self,
        dataset: ImageTextDataset,
        spec: ImageSpec,
        tokenize: Tokenize,
        cache: Path | None,
        augment: str,
    ) -> None:
        self._dataset = dataset
        self._spec = spec
        self._tokenize = tokenize
        self._augment = augment
        self._resized = resized_images(dataset, spec, cache) if cache is not None else None

    def image(self, index: int, rng: np.random.Generator | None) -> Tensor:
        """Return image `index`, (C, size, size) float32, augmented when a generator is given."""
        if self._resized is None:
            image = resize(self._dataset.read_image(index), self._spec)
        else:
            image = torch.from_numpy(np.array(self._resized[index]))
        if rng is not None and self._augment != "none":
            image = augment(image, self._augment, rng)
        return normalise(image, self._spec)

    def texts(self, texts: Sequence[str]) -> Tensor:
        """Return the tokens of U texts, (U, L) int64, trimmed to the longest."""
        return self._tokenize(texts)


def resized_images(
    dataset: ImageTextDataset, spec: ImageSpec, cache: Path
) -> NDArray[np.uint8] | NDArray[np.float32]:
    """Return all images of a split at the tower's size, made once and memory-mapped after.

    Returns:
        (B, C, size, size), read-only, of the images' own dtype.

    Raises:
        DataError: An image cannot be read.
        UserError: The disk is full.
    """
    shape = f"{spec.size}-{spec.interpolation}-{spec.fit}"
    key = hashlib.sha256(f"{dataset.checksum}-{shape}".encode()).hexdigest()[:16]
    path = cache / "images" / f"{dataset.name}-{dataset.split}-{key}.npy"
    if not path.is_file():
        with atomic_write(path) as temporary:
            _write_resized(dataset, spec, temporary)
    images: NDArray[np.uint8] = np.load(path, mmap_mode="r", allow_pickle=False)
    return images


def _write_resized(dataset: ImageTextDataset, spec: ImageSpec, path: Path) -> None:
    def one(index: int) -> NDArray[np.generic]:
        return resize(dataset.read_image(index), spec).numpy()

    first = one(0)
    target = open_memmap(path, "w+", dtype=first.dtype, shape=(len(dataset), *first.shape))
    # Pillow and the resize kernels let go of the interpreter, so threads keep all cores busy.
    with ThreadPoolExecutor() as pool:
        for index, image in enumerate(pool.map(one, range(len(dataset)))):
            target[index] = image
    target.flush()
