"""Annotated images: their names, their captions, and how they fall into splits."""

import hashlib
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path, PurePath, PurePosixPath

from wfa.data.dataset import SPLITS
from wfa.errors import ConfigError, DataError

_LONGEST_NAME, _LONGEST_PATH = 255, 3072  # bytes, what file systems take below a folder

SPLIT_NAMES = {name: name for name in SPLITS} | {
    "training": "train", "val": "validation", "valid": "validation", "dev": "validation",
    "testing": "test",
}  # fmt: skip
"""A split's name as files write it, in lower case -> our name."""


@dataclass(frozen=True)
class Entry:
    """One image as annotated.

    Attributes:
        image: Its name.
        split: Our name of its split; as written where we know none such, `""` where it has none.
        captions: Its captions, blank ones too.
        blank_row: The row of the table, from 1, in which a caption is blank; 0 where none is known.
    """

    image: str
    split: str
    captions: tuple[str, ...]
    blank_row: int = field(default=0, compare=False)


Divided = tuple[Sequence[Entry], tuple[str, ...]]
"""Entries with their splits, and what was decided about them, a sentence each."""


def split_of(entry: Entry, where: Path) -> str:
    """Return our name of an entry's split.

    Raises:
        DataError: There is no split of the name that the file has.
    """
    if entry.split not in SPLITS:
        raise DataError(
            f"image {entry.image} in {where} is in split {entry.split!r}, which is not known. "
            f"Known: {', '.join(SPLIT_NAMES)}"
        )
    return entry.split


def our_split(written: str) -> str:
    """Return our name of a split; as it is written, without space around it, where none is ours."""
    return SPLIT_NAMES.get(written.strip().lower(), written.strip())


def image_name(text: str, where: str) -> str:
    """Return an image's name as a relative path with forward slashes.

    Args:
        text: The name as the annotations have it.
        where: The annotation file and the place in it, for the message.

    Raises:
        DataError: It is empty, it leaves the data set's folder, or no disk could have it.
    """
    path = PurePosixPath(text.strip().replace("\\", "/"))
    drive = len(path.parts) > 0 and path.parts[0].endswith(":")
    if not path.name and not path.is_absolute():
        raise DataError(f"{where}: the image name is empty: write the name of the image's file")
    if path.is_absolute() or drive or ".." in path.parts:
        raise DataError(
            f"{where}: the image name {text!r} leaves the data set's folder; write it relative to "
            "the image folder"
        )
    if not _may_exist(path):
        raise DataError(f"{where}: no file can have the name {text[:_LONGEST_NAME]!r}")
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
    return [replace(entry, split=split) for entry, split in zip(entries, splits, strict=True)]


def hold_out(entries: Sequence[Entry], fraction: float) -> Divided:
    """Take a share of `train` as `validation` where the published file has none.

    Args:
        entries: All entries of a data set.
        fraction: Share of the training images, 0 to take none.

    Returns:
        The entries in the same order; as they are where the share is less than half an image.

    Raises:
        DataError: There are too few images to give each split one.
        ConfigError: The fraction is negative or leaves nothing for `train`.
    """
    splits = {entry.split for entry in entries}
    if fraction == 0 or "validation" in splits or "train" not in splits:
        return entries, ()
    train = [entry for entry in entries if entry.split == "train"]
    if len(train) == 1 or 0 < fraction * len(train) < 0.5:
        few = "1 image" if len(train) == 1 else f"{len(train)} images"
        return entries, (
            f"there is no validation split, and train has too few to give some ({few}): name "
            "validation images, or raise data.validation_fraction",
        )
    divided = divide(train, [("validation", fraction)])
    parts = {entry.image: entry for entry in divided}
    taken = sum(entry.split == "validation" for entry in divided)
    note = (
        f"there is no validation split: {taken} of the {len(train)} images of train are taken for "
        f"it, by the hash of their names (data.validation_fraction={fraction:g})"
    )
    return [parts.get(entry.image, entry) for entry in entries], (note,)


def with_splits(entries: Sequence[Entry], test: float, validation: float, path: Path) -> Divided:
    """Give every image a split: its own, else one by the hash of its name.

    Where no image names a split, or all are in `train`, images are divided by the fractions;
    where there is `train` but no `validation`, a share of `train` is held out. Images of other
    splits are never moved: they were set aside from training.

    Args:
        entries: All entries of a data set.
        test: Share of the images for test.
        validation: Share for validation, or of the training images where there is none.
        path: The annotations, for the message.

    Raises:
        DataError: Some entries name a split and some do not, or they are too few to divide.
        ConfigError: The fractions are negative or leave nothing for `train`.
    """
    unnamed = [entry.image for entry in entries if not entry.split]
    if unnamed and len(unnamed) < len(entries):
        raise DataError(f"{path} names a split for some images but not for {unnamed[0]}")
    if not unnamed and any(entry.split != "train" for entry in entries):
        return hold_out(entries, validation)
    fractions = (("test", test), ("validation", validation))
    given = "no image names a split" if unnamed else "all images are in the split train"
    try:
        divided = divide(entries, fractions)
    except DataError as error:
        if unnamed:
            raise
        return entries, (f"{given}, and they are not divided: {error}",)
    counts = Counter(entry.split for entry in divided)
    if len(counts) == 1:
        return divided, ()
    shares = ", ".join(f"{counts[split]} {split}" for split in SPLITS if split in counts)
    return divided, (f"{given}: they are divided by the hash of their names into {shares}",)


def split_in_name(path: PurePath) -> str:
    """Return the split that a file's name or folder says, as written there, or ``""``.

    It is the first or the last word of the name, or else of a folder, the nearest first.

    Args:
        path: The file, relative to the data set's folder, whose own name says nothing.
    """
    for part in (path.stem, *(folder.name for folder in path.parents)):
        words = [word for word in re.split(r"[^a-z]+", part.lower()) if word]
        said = {
            SPLIT_NAMES[word]: word for word in (*words[:1], *words[-1:]) if word in SPLIT_NAMES
        }
        if len(said) == 1:
            return next(iter(said.values()))
    return ""


def repeat_notes(entries: Sequence[Entry]) -> tuple[str, ...]:
    """Say how many captions are those of their own image once more, letter by letter."""
    repeated = {}
    for entry in entries:
        own = [caption for caption in entry.captions if caption.strip()]
        if len(own) > len(set(own)):
            repeated[entry.image] = len(own) - len(set(own))
    if not repeated:
        return ()
    count = sum(repeated.values())
    say = "1 caption repeats" if count == 1 else f"{count} captions repeat"
    return (f"{say} another of the same image word for word, first that of {next(iter(repeated))}",)


def _may_exist(path: PurePath) -> bool:
    try:
        longest = max(len(part.encode()) for part in path.parts)
        size = len(str(path).encode())
    except UnicodeEncodeError:  # half of a surrogate pair
        return False
    return "\0" not in str(path) and longest <= _LONGEST_NAME and size <= _LONGEST_PATH


def _name_hash(name: str) -> bytes:
    return hashlib.sha256(name.encode("utf-8", "surrogatepass")).digest()
