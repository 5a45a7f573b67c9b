"""A perceptual hash: images that look the same, whatever their size, format or file name."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from wfa.data.dataset import ImageTextDataset
from wfa.errors import DataError
from wfa.progress import track

BITS = 64
_SIDE = 8
_WEIGHTS = 1 << np.arange(BITS, dtype=np.uint64)[::-1]


@dataclass(frozen=True)
class ImageHashes:
    """The hashes of one split.

    Attributes:
        dataset: The split.
        hashes: Image's place in `dataset.records` -> hash, where there is one.
        flat: Places of images that show no difference anywhere and have no hash.
        unreadable: Place -> why the image cannot be read.
    """

    dataset: ImageTextDataset
    hashes: Mapping[int, int]
    flat: Sequence[int]
    unreadable: Mapping[int, str]


@dataclass(frozen=True)
class SameImages:
    """Images with one hash: most likely one picture, to be looked at.

    Attributes:
        hash: 16 hex digits.
        images: Each image as (label of its split, place in it), at least two.
        identical: Whether all have the same file, or the same pixels where there is no file.
    """

    hash: str
    images: tuple[tuple[str, int], ...]
    identical: bool


def difference_hash(image: NDArray[Any]) -> int | None:
    """Hash an image by where it grows brighter to the right: dHash (N. Krawetz, 2013).

    The image becomes 9 x 8 grey values; each of the 64 bits says whether a value is above the one
    to its left. Pictures become grey by their luma, sensors by the mean of their channels.

    Args:
        image: (H, W, C): uint8 for pictures (C = 3), any real dtype for sensors.

    Returns:
        0..2^64 - 1, the top left bit highest; None for an image without any difference, which
        would be equal to all others of its kind.
    """
    if image.dtype == np.uint8 and image.shape[2] == 3:
        grey = Image.fromarray(image).convert("L")
    else:
        mean = np.nan_to_num(image.astype(np.float64)).mean(axis=2)
        grey = Image.fromarray(mean.astype(np.float32))
    values = np.asarray(grey.resize((_SIDE + 1, _SIDE), Image.Resampling.LANCZOS))
    if (values == values[:1, :1]).all():
        return None
    rises = values[:, 1:] > values[:, :-1]
    return int(_WEIGHTS[rises.ravel()].sum())


def hash_images(dataset: ImageTextDataset) -> ImageHashes:
    """Hash every image of a split; images that cannot be read are listed, not raised.

    Args:
        dataset: One split.
    """

    def work(index: int) -> int | DataError | None:
        try:
            return difference_hash(dataset.read_image(index))
        except DataError as error:
            return error

    hashes, flat, unreadable = {}, [], {}
    places = range(len(dataset))
    # Pillow lets go of the interpreter while it decodes, so threads keep all cores busy.
    with ThreadPoolExecutor() as pool:
        found = pool.map(work, places)
        label = f"looking at the images of {dataset.name} {dataset.split}"
        for index, result in zip(track(places, label), found, strict=True):
            if isinstance(result, DataError):
                unreadable[index] = str(result)
            elif result is None:
                flat.append(index)
            else:
                hashes[index] = result
    return ImageHashes(dataset, hashes, flat, unreadable)


def same_images(splits: Mapping[str, ImageHashes]) -> list[SameImages]:
    """Group the images of several splits that have one hash, in the order of the splits.

    Args:
        splits: Label -> hashes; the labels name the images.
    """
    groups: defaultdict[int, list[tuple[str, int]]] = defaultdict(list)
    for label, split in splits.items():
        for index, found in split.hashes.items():
            groups[found].append((label, index))
    return [
        SameImages(f"{found:016x}", tuple(images), _identical(splits, images))
        for found, images in groups.items()
        if len(images) > 1
    ]


def _identical(splits: Mapping[str, ImageHashes], images: Sequence[tuple[str, int]]) -> bool:
    return len({splits[label].dataset.image_sha256(index) for label, index in images}) == 1
