"""What data sets of annotations and stored images share: splits, checks, what is left out."""

import hashlib
import os
from abc import abstractmethod
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path, PurePath
from typing import Any, ClassVar, Protocol

import numpy as np
from numpy.typing import NDArray

from wfa.data.dataset import REMEDIES, SPLITS, ImageTextDataset, Record, SourceConfig
from wfa.data.decode import DECODING, BadImageError, decode_image
from wfa.data.file_hashes import content_hashes
from wfa.data.locations import data_root
from wfa.data.tables.entries import Entry, split_of
from wfa.data.verify import bad_images
from wfa.errors import DataError, some_of

_REMEDY = "Put a good copy in its place, or leave such images out with data.on_bad_image=skip"


@dataclass(frozen=True)
class AnnotatedConfig(SourceConfig):
    """Options of data sets whose captions stand in files.

    Attributes:
        on_empty_caption: `error` stops at a blank caption or at an image without any; `skip`
            leaves out the caption, and the image when nothing remains.
    """

    on_empty_caption: str = field(default="error", metadata={"one_of": REMEDIES})


class ImageStore(Protocol):
    """Where the bytes of images come from."""

    def read(self, name: str) -> bytes:
        """Return the file of image `name`.

        Raises:
            BadImageError: There is none; the message is the reason.
        """

    def file(self, name: str) -> Path | None:
        """Return the file that holds image `name`, without reading it; None if it is missing."""

    @property
    def searched(self) -> str:
        """Where images were looked for, to be put in brackets after what is missing."""


@dataclass(frozen=True)
class Source:
    """An opened data set: every annotated image of every split, and where the images are.

    Attributes:
        entries: The images.
        images: Where their bytes are.
        where: The annotations, for messages.
        notes: What was decided about them, a sentence each.
        classes: Names of the classes that the images of all splits are of; empty for none.
        missing: What may be wrong with the names of images that are not there; empty for nothing.
    """

    entries: Sequence[Entry]
    images: ImageStore
    where: Path
    notes: tuple[str, ...] = ()
    classes: tuple[str, ...] = ()
    missing: str = ""


class AnnotatedDataset(ImageTextDataset):
    """A data set made of an annotation file and stored images; a subclass says how to open it."""

    remedy: ClassVar[str | None] = None
    """How to get the data when it cannot be prepared by a command."""

    def __init__(self, options: AnnotatedConfig, split: str) -> None:
        self.split = split
        source = self.open(options)
        _check_names(source)
        self._where = source.where
        self._root = self.root(options)
        self._images = source.images
        self._hint = source.missing
        self.notes = source.notes
        self.classes = source.classes or self.classes
        entries = [entry for entry in source.entries if split_of(entry, source.where) == split]
        if not entries:
            raise self.missing_split(options, split)
        self._keep_captions(entries, options.on_empty_caption)
        first = self.records[0].captions[0]
        if all(_is_number(text) for record in self.records for text in record.captions):
            self.notes += (f"all captions are numbers, such as {first!r}: is this their column?",)
        if options.on_bad_image == "skip":
            self._drop_bad_images()

    @classmethod
    def splits(cls, options: SourceConfig) -> tuple[str, ...]:
        """Return the splits with at least one image, in the order of `SPLITS`."""
        return _present(cls.open(options))

    @classmethod
    def split_remedy(cls, options: Any, split: str) -> str:
        """Say where splits were looked for."""
        del split
        return f" (in {cls.open(options).where})"

    @classmethod
    def root(cls, options: SourceConfig) -> Path:
        """Return the data set's folder.

        Raises:
            DataError: It is not set or does not exist.
        """
        return data_root(options, cls.name, os.environ.get("WFA_DATA_DIR"), cls.remedy)

    @classmethod
    @abstractmethod
    def open(cls, options: Any) -> Source:
        """Read the annotations of all splits.

        Args:
            options: The plug-in's `Config`.

        Raises:
            DataError: They are missing or broken.
        """

    def read_image(self, index: int) -> NDArray[np.uint8]:
        """Read image `index`, (H, W, 3) uint8 RGB at its native size.

        Raises:
            DataError: It is missing, truncated or not an image.
        """
        return self._read(index)[1]

    def image_file(self, index: int) -> tuple[str, bytes]:
        """Return the file of image `index` as it is.

        Raises:
            DataError: It is missing, truncated or not an image.
        """
        content, _ = self._read(index)
        return PurePath(self.records[index].image).suffix[1:].lower() or "img", content

    def image_sha256(self, index: int) -> str:
        """Return the SHA-256 (hex) of the file of image `index`.

        Raises:
            DataError: It is missing.
        """
        return hashlib.sha256(self._content(index)).hexdigest()

    def image_fingerprint(self) -> str:
        """Return the hashes of the images' files, and how they are decoded: everywhere the same.

        Files are read whole the first time and remembered by their size and times after. Of
        images in Parquet the whole file is hashed, so a change of one row changes it for all.
        """
        files = self._files()
        hashes = content_hashes([file for file in files if file is not None], self._root)
        return ",".join([DECODING, *("missing" if f is None else hashes[f] for f in files)])

    def check_present(self) -> None:
        """Look whether every image has its file, without reading it.

        Raises:
            DataError: Images are missing; the message names the first.
        """
        files = self._files()
        missing = [r.image for r, file in zip(self.records, files, strict=True) if file is None]
        if missing:
            raise DataError(
                f"{_count(len(missing), 'image')} of {self.name} (annotated in {self._where}) "
                f"{'is' if len(missing) == 1 else 'are'} missing ({self._images.searched}): "
                f"{some_of(missing)}. {self._hint or _REMEDY}"
            )

    def _files(self) -> list[Path | None]:
        return [self._images.file(record.image) for record in self.records]

    def _content(self, index: int) -> bytes:
        try:
            return self._images.read(self.records[index].image)
        except BadImageError as error:
            raise self._bad_image(index, error) from error

    def _read(self, index: int) -> tuple[bytes, NDArray[np.uint8]]:
        """Return an image's file and its pixels."""
        content = self._content(index)
        try:
            return content, decode_image(content)
        except BadImageError as error:
            raise self._bad_image(index, error) from error

    def _bad_image(self, index: int, error: BadImageError) -> DataError:
        return DataError(
            f"image {self.records[index].image} of {self.name} {error} (annotated in "
            f"{self._where}). {_REMEDY}"
        )

    def _keep_captions(self, entries: Sequence[Entry], on_empty: str) -> None:
        blank = [e for e in entries if not e.captions or any(not c.strip() for c in e.captions)]
        if blank and on_empty == "error":
            raise DataError(_blank_message(blank, self._where))
        full = [(e.image, tuple(c for c in e.captions if c.strip())) for e in entries]
        self.records = tuple(Record(image, captions) for image, captions in full if captions)
        self.skipped = tuple(
            f"{_at_row(entry)}: no caption"
            for entry, (_, captions) in zip(entries, full, strict=True)
            if not captions
        )
        self.skipped_captions = tuple(
            f"{_at_row(entry)}: empty caption"
            for entry in blank
            if any(caption.strip() for caption in entry.captions)
            for caption in entry.captions
            if not caption.strip()
        )
        if not self.records:
            raise DataError(f"no image of {self.name} at {self._where} has a caption")

    def _drop_bad_images(self) -> None:
        bad = {found.index: found for found in bad_images(self, self._files(), self._root)}
        if len(bad) == len(self.records):
            raise DataError(
                f"none of the {len(bad)} images of {self.name} (annotated in {self._where}) can be "
                f"read; the first, {bad[0].image}, {bad[0].reason}"
            )
        self.skipped += tuple(f"{found.image}: {found.reason}" for found in bad.values())
        self.records = tuple(r for index, r in enumerate(self.records) if index not in bad)


def _blank_message(blank: Sequence[Entry], where: Path) -> str:
    """Say which images have nothing to say, and what to do about it."""
    without = [_at_row(entry) for entry in blank if not any(c.strip() for c in entry.captions)]
    partly = [_at_row(entry) for entry in blank if any(c.strip() for c in entry.captions)]
    parts = []
    if without:
        parts.append(f"{_count(len(without), 'image')} without any caption ({some_of(without)})")
    if partly:
        parts.append(
            f"{_count(len(partly), 'image')} with an empty caption beside others "
            f"({some_of(partly)})"
        )
    return (
        f"{where} has {' and '.join(parts)}: write the captions there, or leave out what has none "
        "with data.on_empty_caption=skip"
    )


def _at_row(entry: Entry) -> str:
    return f"{entry.image}, row {entry.blank_row}" if entry.blank_row else entry.image


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def _check_names(source: Source) -> None:
    repeated = [n for n, k in Counter(entry.image for entry in source.entries).items() if k > 1]
    if repeated:
        raise DataError(
            f"{len(repeated)} image names stand more than once in the annotations at "
            f"{source.where}: {some_of(repeated)}. Give each image one entry with all its captions"
        )


def _present(source: Source) -> tuple[str, ...]:
    found = {split_of(entry, source.where) for entry in source.entries}
    return tuple(split for split in SPLITS if split in found)


def _count(number: int, what: str) -> str:
    return f"{number} {what}{'' if number == 1 else 's'}"
