"""Annotated images: their names, their captions, and how they fall into splits."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Protocol

from wfa.data.dataset import SPLITS
from wfa.errors import ConfigError, DataError

SPLIT_NAMES = {name: name for name in SPLITS} | dict.fromkeys(("val", "valid", "dev"), "validation")
"""A split's name as files write it, in lower case -> our name."""


@dataclass(frozen=True)
class Entry:
    """One image as annotated: its name, its split as written, its captions, blank ones too."""

    image: str
    split: str
    captions: tuple[str, ...]


class SplitFractions(Protocol):
    """Options that say how to divide images that no file divides."""

    @property
    def validation_fraction(self) -> float:
        """Share of the images for validation."""

    @property
    def test_fraction(self) -> float:
        """Share of the images for test."""


def split_of(entry: Entry, where: Path) -> str:
    """Return our name of an entry's split.

    Raises:
        DataError: There is no split of the name that the file has.
    """
    split = SPLIT_NAMES.get(entry.split.strip().lower())
    if split is None:
        raise DataError(
            f"image {entry.image} in {where} is in split {entry.split!r}, which is not known. "
            f"Known: {', '.join(SPLIT_NAMES)}"
        )
    return split


def image_name(text: str, where: str) -> str:
    """Return an image's name as a relative path with forward slashes.

    Args:
        text: The name as the annotations have it.
        where: The annotation file and the place in it, for the message.

    Raises:
        DataError: It is empty, or it leaves the data set's folder.
    """
    path = PurePosixPath(text.strip().replace("\\", "/"))
    drive = len(path.parts) > 0 and path.parts[0].endswith(":")
    if path.is_absolute() or drive or ".." in path.parts or not path.name:
        raise DataError(
            f"{where}: the image name {text!r} is empty or leaves the data set's folder; write it "
            "relative to the image folder"
        )
    return str(path)


def divide(entries: Sequence[Entry], fractions: Sequence[tuple[str, float]]) -> list[Entry]:
    """Give entries to splits by the hash of their names, so that every machine does the same.

    Entries are ranked by the SHA-256 of their names. Each named split takes its share of the
    ranking, rounded down but at least one image where it is above 0; the rest is `train`.

    Args:
        entries: N entries; their splits are replaced.
        fractions: (split, share of N) for the splits other than `train`.

    Raises:
        DataError: There are too few images to give each split one.
        ConfigError: The fractions are negative or leave nothing for `train`.
    """
    if min(f for _, f in fractions) < 0 or sum(f for _, f in fractions) >= 1:
        given = ", ".join(f"{split} {fraction}" for split, fraction in fractions)
        raise ConfigError(f"split fractions ({given}) must be >= 0 and sum to less than 1")
    # Rounded down, so that rounding takes nothing from `train`; 0.29 * 100 is just below 29.
    wanted = [(split, int(f * len(entries) + 1e-9) or 1) for split, f in fractions if f > 0]
    if sum(count for _, count in wanted) >= len(entries):
        images = "1 image is" if len(entries) == 1 else f"{len(entries)} images are"
        raise DataError(
            f"{images} too few for {len(wanted) + 1} splits with "
            f"{' and '.join(f'{count} for {split}' for split, count in wanted)}: add images, lower "
            "the fractions, or name each image's split in the annotations"
        )
    order = sorted(range(len(entries)), key=lambda i: _name_hash(entries[i].image))
    splits = ["train"] * len(entries)
    start = 0
    for split, count in wanted:
        for index in order[start : start + count]:
            splits[index] = split
        start += count
    return [Entry(e.image, split, e.captions) for e, split in zip(entries, splits, strict=True)]


def hold_out(entries: Sequence[Entry], fraction: float) -> Sequence[Entry]:
    """Take a share of `train` as `validation` where the published file has none.

    Args:
        entries: All entries of a data set.
        fraction: Share of the training images, 0 to take none.

    Returns:
        The entries in the same order.
    """
    if fraction == 0 or any(SPLIT_NAMES.get(e.split.lower()) == "validation" for e in entries):
        return entries
    train = [entry for entry in entries if entry.split.lower() == "train"]
    if not train:
        return entries
    parts = {entry.image: entry for entry in divide(train, [("validation", fraction)])}
    return [parts.get(entry.image, entry) for entry in entries]


def with_splits(entries: Sequence[Entry], options: SplitFractions, path: Path) -> Sequence[Entry]:
    """Return the entries as they are where all name a split, else divided by their names' hashes.

    Args:
        entries: All entries of a data set.
        options: The shares of validation and test, used only where no entry names a split.
        path: The annotations, for the message.

    Raises:
        DataError: Some entries name a split and some do not, or they are too few to divide.
        ConfigError: The fractions are negative or leave nothing for `train`.
    """
    named = [bool(entry.split.strip()) for entry in entries]
    if not any(named):
        fractions = (
            ("test", options.test_fraction),
            ("validation", options.validation_fraction),
        )
        return divide(entries, fractions)
    if not all(named):
        first = entries[named.index(False)].image
        raise DataError(f"{path} names a split for some images but not for {first}")
    return entries


def _name_hash(name: str) -> bytes:
    return hashlib.sha256(name.encode("utf-8", "surrogatepass")).digest()
