"""A split's captions with their weights: computed for all at once, or an image at a time."""

import hashlib
import inspect
import json
from collections.abc import Sequence
from dataclasses import asdict, fields
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from wfa import captions as caption_room
from wfa.aggregation.base import Aggregation
from wfa.aggregation.caption_draws import AggregationConfig, Weights
from wfa.aggregation.text_half import TextHalf
from wfa.data.arrays import mapped
from wfa.data.dataset import ImageTextDataset
from wfa.files import atomic_write

IMAGES_AT_ONCE = 1 << 14
"""Images that are weighed together; of a data set that makes its texts, as many are held."""


class WeightedCaptions:
    """The captions of each image of a split, and their weights as far as the text tells them.

    Where the data set makes its texts on access and has too many, the captions of an image are
    read and weighed when they are asked for, until `hold` is called. Otherwise the weights are
    computed here, or read from the cache.

    Args:
        dataset: The split; N captions.
        half: The technique that weighs.
        cache: Folder of caches, or None to keep nothing on disk.

    Attributes:
        half: The technique that weighs, which draws as well.
    """

    def __init__(
        self, dataset: ImageTextDataset, half: TextHalf, cache: Path | None = None
    ) -> None:
        self.half = half
        self._dataset = dataset
        self._cache = cache
        self._weights: Weights | None = None
        if not dataset.makes_texts:
            self.hold()

    def of(self, row: int) -> tuple[Sequence[str], Weights]:
        """Return the captions of image `row` and their weights, sum 1."""
        captions = self._captions[row]
        if self._weights is None:
            return captions, self.half.weigh([captions])
        end = self._ends[row]
        return captions, self._weights[end - len(captions) : end]

    def hold(self) -> None:
        """Compute the weights of the whole split, unless they are held or all are uniform."""
        if self._weights is None and self.half.technique.weighs_text:
            self._weights = self._read()
            self._ends = np.cumsum([len(own) for own in self._captions])

    @cached_property
    def _captions(self) -> Sequence[Sequence[str]]:
        captions = self._dataset.captions
        return captions if self._dataset.makes_texts else list(captions)

    def _computed(self) -> Weights:
        starts = range(0, len(self._captions), IMAGES_AT_ONCE)
        return np.concatenate(
            [self.half.weigh(self._captions[start : start + IMAGES_AT_ONCE]) for start in starts]
        )

    def _read(self) -> Weights:
        """Read the weights from the cache; compute and keep them where it has none."""
        path = self._file()
        if path is None:
            return self._computed()
        known = mapped(path, sum(map(len, self._captions)))
        if known is not None:
            return np.array(known.values, np.float64)
        weights = self._computed()
        with atomic_write(path) as temporary, temporary.open("wb") as file:
            np.save(file, weights, allow_pickle=False)
        return weights

    def _file(self) -> Path | None:
        """Name the file by all that the weights depend on; None where nothing is kept."""
        sources = _sources(self.half.technique)
        if self._cache is None or sources is None:
            return None
        key = _digest([sources, self._dataset.checksum, asdict(self.half.options)])
        name = f"{self._dataset.name}-{self._dataset.split}-{key}.npy"
        return self._cache / "weights" / name


def weights_key(half: TextHalf) -> str | None:
    """Return what tells weights of one technique and its options from all others, 16 hex digits.

    What only moves the draw, such as caption dropout, does not count.

    Returns:
        None where the code of the technique cannot be read.
    """
    sources = _sources(half.technique)
    drawing = {field.name for field in fields(AggregationConfig)}
    options = {key: one for key, one in asdict(half.options).items() if key not in drawing}
    return None if sources is None else _digest([sources, options])


def _digest(what: list[Any]) -> str:
    return hashlib.sha256(json.dumps(what, sort_keys=True).encode()).hexdigest()[:16]


def _sources(technique: type[Aggregation]) -> str | None:
    """Hash the code that computes weights, so that an edited formula never finds old ones."""
    own = [kind for kind in technique.__mro__ if issubclass(kind, Aggregation)][:-1]
    try:
        files = sorted({Path(inspect.getfile(kind)) for kind in own})
    except (TypeError, OSError):  # written in a notebook
        return None
    files += sorted(Path(caption_room.__path__[0]).glob("*.py"))
    return hashlib.sha256(b"".join(file.read_bytes() for file in files)).hexdigest()
