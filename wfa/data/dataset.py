"""What every image-text data set gives: names, captions and images of one split."""

import hashlib
import io
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from wfa.data.channels import Channels
from wfa.data.instruction import DESCRIBE, Instruction
from wfa.data.publication import Facts
from wfa.data.streamed import ImageStream
from wfa.errors import DataError
from wfa.options.limits import Options

SPLITS = ("train", "validation", "test", "bench")
"""The names of splits everywhere in the toolkit; `val` in a file is read as `validation`."""

REMEDIES = ("error", "skip")
"""What is done about what cannot be read: stop, or leave it out."""

MOST_HELD = 1 << 16
"""Images whose texts are held where a data set makes them on access."""

"""Called as (what is done, done, in all) while something takes long."""


@dataclass(frozen=True)
class Record:
    """One image and its captions.

    Attributes:
        image: The image's name, unique in its data set (a relative path for image files).
        captions: The raw captions, at least one, none of them blank.
    """

    image: str
    captions: tuple[str, ...]


@dataclass(frozen=True)
class SourceConfig(Options):
    """Options that every data set has.

    Attributes:
        root: Folder of the data set; empty means `$WFA_DATA_DIR/<data set name>`.
        on_bad_image: `error` stops at an image that cannot be read, `skip` leaves it out.
    """

    section: ClassVar[str] = "data"

    root: str = ""
    on_bad_image: str = field(default="error", metadata={"one_of": REMEDIES})


class ImageTextDataset(ABC):
    """One split of an image-text data set: captions in memory, images read on demand.

    A subclass is a plug-in; it is built as `Plugin(options, split)` and its
    constructor reads the annotations, so that a broken file is found before anything is trained.

    Attributes:
        name: The data set's name, the same as its file's.
        split: The split this object holds.
        records: The images with their captions, in a fixed order; a large data set makes each one
            on access.
        skipped: Images that were left out, each as `name: reason`.
        skipped_captions: Captions that were left out since they are blank or do not parse, each as
            `name: reason`; of very many the first.
        skipped_rows: How many annotations that do not parse were left out.
        notes: What was decided about the annotations that a person should know, such as how images
            were divided where no file says it, a sentence each.
        facts: What the publishers say: counts, terms, where to get it.
        channels: What the images' channels are; None for red, green and blue.
        classes: Names of the classes that images are known to be of, in words; empty for none.
        joined: Splits that it also reads as one, their names joined by `+`.
        locates: Whether its instructions name places on the image, which augmentation moves.
    """

    name: ClassVar[str]
    facts: ClassVar[Facts] = Facts()
    joined: ClassVar[tuple[str, ...]] = ()
    locates: ClassVar[bool] = False
    split: str
    records: Sequence[Record]
    channels: Channels | None = None
    classes: tuple[str, ...] = ()
    skipped: tuple[str, ...] = ()
    skipped_captions: tuple[str, ...] = ()
    skipped_rows: int = 0
    notes: tuple[str, ...] = ()

    @abstractmethod
    def __init__(self, options: SourceConfig, split: str) -> None:
        """Read the annotations of one split.

        Raises:
            DataError: The data is missing or broken, or has no such split.
        """

    def __len__(self) -> int:
        return len(self.records)

    @property
    def captions(self) -> Sequence[tuple[str, ...]]:
        """The captions of each image, in the order of `records`; made on access where those are."""
        return [record.captions for record in self.records]

    def labels(self, index: int) -> tuple[int, ...]:
        """Return the places in `classes` that image `index` is of; none where nothing is known."""
        del index
        return ()

    def instructions(self, index: int) -> list[Instruction]:
        """Return what a decoder is asked of image `index`, by default its captions, with answers.

        Raises:
            DataError: An annotation does not parse.
        """
        captions = self.records[index].captions
        return [Instruction("captioning", DESCRIBE, caption) for caption in captions]

    def questions(self, index: int) -> list[Instruction]:
        """Return the same in the annotations' own words; by default they are the instructions."""
        return self.instructions(index)

    @abstractmethod
    def read_image(self, index: int) -> NDArray[np.uint8] | NDArray[np.float32]:
        """Read image `index` at its native size.

        Returns:
            (H, W, C): uint8 for pictures, float32 in physical units for sensors.

        Raises:
            DataError: The image is missing, truncated or not an image; the message names it.
        """

    def stream(self, weights_key: str | None) -> ImageStream | None:
        """Return the images as a stream to train on; None where they are asked for by number.

        Args:
            weights_key: Weights that are stored with the captions count where they are those of
                this key; see `wfa.data.weighted_captions.weights_key`.
        """
        del weights_key
        return None

    def members(self) -> Mapping[str, "ImageTextDataset"]:
        """Return what is evaluated by itself, by name: the split, or each part of a mixture."""
        return {self.name: self}

    def repeats(self) -> NDArray[np.float64] | None:
        """Return how often each image (B,) comes in an epoch; None for once."""
        return None

    def details(self) -> dict[str, Any]:
        """Return what else run.json says of the split, plain values."""
        return {}

    def size(self) -> tuple[int | None, int | None]:
        """Return the number of images and of captions; None where only reading all would tell."""
        return len(self), sum(map(len, self.captions))

    def image_file(self, index: int) -> tuple[str, bytes]:
        """Return image `index` as a file: its ending and content, without a change of any pixel.

        It is decoded first, so that no file is given that `read_image` would refuse. By default
        pictures are written as PNG and other arrays as NumPy's `npy`.

        Raises:
            DataError: The image cannot be read or decoded.
        """
        image, file = np.ascontiguousarray(self.read_image(index)), io.BytesIO()
        if image.dtype == np.uint8 and image.shape[2] == 3:
            Image.fromarray(image).save(file, "PNG")
            return "png", file.getvalue()
        np.save(file, image, allow_pickle=False)
        return "npy", file.getvalue()

    def check_present(self) -> None:
        """Look whether every image is there, without reading it.

        By default nothing is looked at: what has no files has none that could be missing.

        Raises:
            DataError: Images are missing; the message names the first.
        """
        return

    def image_sha256(self, index: int) -> str:
        """Return the SHA-256 (hex) of image `index`: of its pixels, or of its file where it is one.

        Raises:
            DataError: The image cannot be read.
        """
        return hashlib.sha256(np.ascontiguousarray(self.read_image(index)).tobytes()).hexdigest()

    @property
    def makes_texts(self) -> bool:
        """Whether texts are to be made at each use: the data set does so, and has too many."""
        return len(self) > MOST_HELD and not isinstance(self.records, list | tuple)

    @classmethod
    def channels_for(cls, options: SourceConfig) -> Channels | None:
        """Return what the channels of images will be, without looking at the data.

        Args:
            options: The plug-in's `Config`.

        Returns:
            The same as `channels` of every split; None for red, green and blue.
        """
        del options
        return None

    @classmethod
    @abstractmethod
    def splits(cls, options: SourceConfig) -> tuple[str, ...]:
        """Return the splits that the data at `options.root` has, in the order of `SPLITS`."""

    @classmethod
    def missing_split(cls, options: SourceConfig, split: str) -> DataError:
        """Make the error that says which splits there are."""
        known = ", ".join(cls.with_joined(cls.splits(options))) or "none"
        remedy = cls.split_remedy(options, split)
        return DataError(f"data set {cls.name} has no split {split!r}; it has: {known}{remedy}")

    @classmethod
    def with_joined(cls, present: Sequence[str]) -> tuple[str, ...]:
        """Return the splits that can be opened where `present` are there: these, and joined."""
        both = (name for name in cls.joined if set(name.split("+")) <= set(present))
        return (*present, *both)

    @classmethod
    def split_remedy(cls, options: SourceConfig, split: str) -> str:
        """Say, behind the splits there are, where they were looked for or what gives `split`."""
        return ""

    @classmethod
    def build(cls, options: SourceConfig) -> None:
        """Make out of what lies there what is read faster; goes on where it stopped.

        By default there is nothing to make.

        Raises:
            DataError: What lies there is broken.
            UserError: The disk is full or the folder may not be written to.
        """
        return

    @classmethod
    def how_to_get(cls, options: SourceConfig, root: Path) -> str:
        """Say what no command can fetch and where it goes; empty where there is nothing.

        Args:
            options: The plug-in's `Config`.
            root: The data set's folder.
        """
        del options
        files = "".join(f"\n  {root}/{line}" for line in cls.facts.by_hand)
        return f"put it there and run this again:{files}" if files else ""

    @cached_property
    def checksum(self) -> str:
        """SHA-256 (hex) over the split's image names and captions, and what identifies images.

        A plug-in whose images can change under the same names adds what identifies them through
        `image_fingerprint`, and not here alone: caches of images are named by `images_checksum`.
        """
        digest = hashlib.sha256(self._identity)
        for record in self.records:
            for text in (record.image, *record.captions):
                digest.update(text.encode("utf-8", "surrogatepass") + b"\0")
            digest.update(b"\1")
        return digest.hexdigest()

    @cached_property
    def images_checksum(self) -> str:
        """The same without the captions, the key of what is made from images alone."""
        digest = hashlib.sha256(self._identity)
        for record in self.records:
            digest.update(record.image.encode("utf-8", "surrogatepass") + b"\0")
        return digest.hexdigest()

    def image_fingerprint(self) -> str:
        """Return what tells two versions of the images apart; by default nothing is known."""
        return ""

    @cached_property
    def _identity(self) -> bytes:
        """The data set's name, the split, and what identifies images: all pixels for some."""
        parts = (self.name, self.split, self.image_fingerprint())
        return b"".join(part.encode("utf-8") + b"\0" for part in parts)
