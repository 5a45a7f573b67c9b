"""Embedded: procedural land-cover scenes with 1 to 16 captions each, made on first use."""

import hashlib
import json
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from wfa.data.dataset import SPLITS, ImageTextDataset, Record, SourceConfig
from wfa.data.file_hashes import content_hashes
from wfa.data.locations import folder_path
from wfa.data.publication import Facts
from wfa.data.tables.karpathy import karpathy_entries
from wfa.errors import DataError
from wfa.files import cache_dir
from wfa.scenes.generate import FORMAT_VERSION, RANGES, generate


@dataclass(frozen=True)
class Config(SourceConfig):
    """Options of the embedded scenes; equal options give equal bytes on every machine.

    Attributes:
        seed: Seed of the scenes and captions.
        size: Height and width of the images in pixels, 32 to 512.
        train_images: Images for training; 0 makes no such split.
        validation_images: Images for validation, likewise.
        test_images: Images for test, likewise.
        redundancy: Chance, 0 to 1, that a further caption of an image only repeats or paraphrases
            an earlier one; None draws it anew for each image.
        captions_per_image: 1 to 16; None draws 1 to 8 anew for each image.
        verbatim: Share of the repeats that are copied word for word, 0 to 1.
    """

    seed: int = field(default=0, metadata=RANGES["seed"])
    size: int = field(default=64, metadata=RANGES["size"])
    train_images: int = field(default=2000, metadata={"at_least": 0})
    validation_images: int = field(default=300, metadata={"at_least": 0})
    test_images: int = field(default=300, metadata={"at_least": 0})
    redundancy: float | None = field(default=None, metadata=RANGES["redundancy"])
    captions_per_image: int | None = field(default=None, metadata=RANGES["captions_per_image"])
    verbatim: float = field(default=0.5, metadata=RANGES["verbatim"])


class Scenes(ImageTextDataset):
    """One split of the embedded scenes; images are read from a memory-mapped file."""

    name = "scenes"
    facts = Facts(terms="made by this package, under its licence")

    def __init__(self, options: Config, split: str) -> None:
        if split not in self.splits(options):
            raise self.missing_split(options, split)
        self.split = split
        self._folder = _made(options)
        self.records = tuple(
            Record(entry.image, entry.captions)
            for entry in karpathy_entries(self._folder / "captions.json")
            if entry.split == split
        )

    @classmethod
    def splits(cls, options: SourceConfig) -> tuple[str, ...]:
        """Return the splits that are to have images, in the order of `SPLITS`."""
        counts = _counts(options)
        return tuple(split for split in SPLITS if split in counts)

    @classmethod
    def split_remedy(cls, options: SourceConfig, split: str) -> str:
        """Name the option that gives the split its images."""
        del options
        return f" (set data.{split}_images=N)" if split in SPLITS else ""

    def read_image(self, index: int) -> NDArray[np.uint8]:
        """Read image `index`, (size, size, 3) uint8 RGB."""
        return np.array(self._images[index])

    def image_fingerprint(self) -> str:
        """Return a hash of the file of images, whatever was noted when it was made."""
        return content_hashes([self._path], self._folder)[self._path]

    @property
    def _path(self) -> Path:
        return self._folder / f"images_{self.split}.npy"

    @cached_property
    def _images(self) -> NDArray[np.uint8]:
        try:
            images: NDArray[np.uint8] = np.load(self._path, mmap_mode="r", allow_pickle=False)
        except (OSError, ValueError) as error:
            raise DataError(
                f"{self._path} is damaged ({error}): delete {self._folder} to have it made again"
            ) from error
        return images

    def __getstate__(self) -> dict[str, Any]:
        """Leave the open file behind: pickling a memory map would copy all images."""
        return {key: value for key, value in self.__dict__.items() if key != "_images"}


def _counts(options: Any) -> dict[str, int]:
    counts = {
        "train": options.train_images,
        "validation": options.validation_images,
        "test": options.test_images,
    }
    return {split: count for split, count in counts.items() if count}


def _made(options: Config) -> Path:
    """Return the folder of the scenes, making them when they are not there."""
    settings: dict[str, Any] = {
        "seed": options.seed,
        "counts": _counts(options),
        "size": options.size,
        "redundancy": options.redundancy,
        "captions_per_image": options.captions_per_image,
        "verbatim": options.verbatim,
    }
    key = hashlib.sha256(json.dumps([FORMAT_VERSION, settings]).encode()).hexdigest()[:16]
    own = folder_path(options.root, "data.root") if options.root else None
    folder = own or cache_dir() / "scenes" / key
    generate(folder, **settings)
    return folder
