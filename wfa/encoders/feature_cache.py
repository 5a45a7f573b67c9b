"""Features of locked towers: computed once for a split, then read from memory-mapped files."""

import hashlib
import json
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import cache as cache_forever
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from wfa.data.arrays import MappedArray, make_array, mapped
from wfa.data.dataset import ImageTextDataset
from wfa.data.images import normalise, resize
from wfa.encoders.towers import ImageTower, TextTower
from wfa.numbering import distinct
from wfa.progress import track

IMAGES_A_BATCH = 4
"""Few, so that activations stay below the size (32 MiB) from which the C library asks the system
for fresh memory at every operation: that costs more than the arithmetic of a small network."""

TEXTS_A_BATCH = 64
MOST_REMEMBERED = 100_000
"""Texts outside the table whose features are kept; random mixtures have no end."""

Features = NDArray[np.float32]
Stored = MappedArray | Features
"""Features in a file, of which a pickle holds the path only, or in memory."""


class FeatureInputs:
    """Inputs of heads on locked towers: features of images and of texts.

    Args:
        dataset: One split; the features of its images and distinct captions are computed now,
            or read when `cache` has them.
        image_tower: Computes image features.
        text_tower: Computes text features.
        cache: Folder for the features; None keeps them in memory only.
    """

    def __init__(
        self,
        dataset: ImageTextDataset,
        image_tower: ImageTower,
        text_tower: TextTower,
        cache: Path | None,
    ) -> None:
        captions, _ = distinct([text for texts in dataset.captions for text in texts])
        self._images = image_features(dataset, image_tower, cache)
        table = text_features(dataset, captions, text_tower, cache)
        self._texts = TextTable(text_tower, captions, table)

    def image(self, index: int, rng: np.random.Generator | None) -> Tensor:
        """Return the features of image `index`, (D,) float32, the same with any generator."""
        return torch.from_numpy(np.array(_values(self._images)[index]))

    def texts(self, texts: Sequence[str]) -> Tensor:
        """Return the features of U texts, (U, D) float32."""
        return self._texts(texts)


class TextTable:
    """Features of texts by their string; what the table lacks is encoded and remembered.

    A text that is no caption of the split, such as several captions as one, is encoded by itself,
    so that its features do not depend on what else is asked for.

    Args:
        tower: Encodes what is not in the table.
        texts: The texts of the table.
        features: (U, D), the table.
    """

    def __init__(
        self, tower: TextTower, texts: Sequence[str] = (), features: Stored | None = None
    ) -> None:
        self._tower = tower
        self._place = {text: place for place, text in enumerate(texts)}
        self._features = features
        self._others = _remembered(tower.fingerprint)

    def __call__(self, texts: Sequence[str]) -> Tensor:
        """Return the features of U texts, (U, D) float32."""
        found = np.empty((len(texts), self._tower.width), np.float32)
        for row, text in enumerate(texts):
            place = self._place.get(text)
            if place is not None and self._features is not None:
                found[row] = _values(self._features)[place]
            else:
                found[row] = self._encode(text)
        return torch.from_numpy(found)

    def _encode(self, text: str) -> Features:
        known = self._others.get(text)
        if known is None:
            if len(self._others) >= MOST_REMEMBERED:
                self._others.clear()
            known = self._others[text] = self._tower.encode([text])[0].numpy()
        return known


@cache_forever
def _remembered(fingerprint: str) -> dict[str, Features]:
    """Return the features that this process has computed with a tower, for all its tables."""
    del fingerprint  # the key
    return {}


def image_features(dataset: ImageTextDataset, tower: ImageTower, cache: Path | None) -> Stored:
    """Return the features of all images of a split, (B, D) float32.

    Raises:
        DataError: An image cannot be read.
        UserError: The disk is full.
    """

    def fill(target: Features) -> None:
        dataset.check_present()

        def encode(rows: list[int]) -> None:
            images = [resize(dataset.read_image(row), tower.image_spec) for row in rows]
            target[rows] = tower.encode(normalise(torch.stack(images), tower.image_spec)).numpy()

        rows = list(range(len(dataset)))
        _each(_cut(rows, IMAGES_A_BATCH), encode, _title("images", dataset))

    shape = (len(dataset), tower.width)
    made_of = (tower.fingerprint, dataset.images_checksum)
    return _once(_path(cache, "image", dataset, made_of), shape, fill)


def text_features(
    dataset: ImageTextDataset, texts: Sequence[str], tower: TextTower, cache: Path | None
) -> Stored:
    """Return the features of texts of a split, (U, D) float32.

    Texts of similar length are encoded together, so little is padded. Features agree with those
    of a text encoded by itself up to the order of summation, about 1e-6.

    Raises:
        UserError: The disk is full.
    """

    def fill(target: Features) -> None:
        def encode(rows: list[int]) -> None:
            target[rows] = tower.encode([texts[row] for row in rows]).numpy()

        order = sorted(range(len(texts)), key=lambda row: len(texts[row]))
        _each(_cut(order, TEXTS_A_BATCH), encode, _title("captions", dataset))

    path = _path(cache, "text", dataset, (tower.fingerprint, *texts))
    return _once(path, (len(texts), tower.width), fill)


def _title(what: str, dataset: ImageTextDataset) -> str:
    return f"features of {what} ({dataset.name}, {dataset.split})"


def _cut(rows: list[int], size: int) -> list[list[int]]:
    return [rows[start : start + size] for start in range(0, len(rows), size)]


def _each(batches: list[list[int]], do: Callable[[list[int]], None], title: str) -> None:
    """Do something for each batch, one batch a core, and show how far it is.

    Two batches at once on a core each are faster than one on both, and far faster when the cores
    are shared with other processes: nothing waits at the end of every operation.
    """
    if not batches:
        return
    cores = torch.get_num_threads()
    torch.set_num_threads(1)
    pool = ThreadPoolExecutor(cores)
    try:
        do(batches[0])  # alone: the first call loads the network
        rest = pool.map(do, batches[1:])
        for _ in track(rest, title, len(batches), 1):
            pass
    finally:
        pool.shutdown(cancel_futures=True)
        torch.set_num_threads(cores)


def _path(
    cache: Path | None, kind: str, dataset: ImageTextDataset, made_of: Sequence[str]
) -> Path | None:
    """Name the file by all that the features depend on: other captions leave those of images."""
    if cache is None:
        return None
    key = hashlib.sha256(json.dumps(made_of).encode()).hexdigest()[:16]
    return cache / "features" / f"{dataset.name}-{dataset.split}-{kind}-{key}.npy"


def _once(path: Path | None, shape: tuple[int, int], fill: Callable[[Features], None]) -> Stored:
    """Fill an array, or map the file that another call has filled."""
    if path is None:
        features = np.empty(shape, np.float32)
        fill(features)
        return features
    return mapped(path, shape[0]) or make_array(path, shape, np.float32, fill)


def _values(stored: Stored) -> Features:
    return stored.values if isinstance(stored, MappedArray) else stored
