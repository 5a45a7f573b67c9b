"""What training images share with the images that a model is judged on: pictures and captions."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from wfa.auditing.image_hash import hash_images
from wfa.captions.folding import fold_all
from wfa.data.arrays import make_array, mapped
from wfa.data.dataset import ImageTextDataset
from wfa.files import cache_dir

Splits = Mapping[str, ImageTextDataset]


@dataclass(frozen=True)
class Leaks:
    """What one training part shares with evaluation.

    Attributes:
        images: Place of a training image -> the evaluation split that has its picture.
        captions: (place of a training image, place of its caption) -> the evaluation split.
        silenced: Place of a training image all of whose captions are among them -> the evaluation
            split of the first.
    """

    images: Mapping[int, str]
    captions: Mapping[tuple[int, int], str]
    silenced: Mapping[int, str]

    def counts(self) -> dict[str, dict[str, int]]:
        """Return `images` and `captions` -> evaluation split -> how many."""
        return {
            "images": dict(Counter(self.images.values())),
            "captions": dict(Counter(self.captions.values())),
        }


def find_leaks(training: Splits, evaluated: Splits) -> dict[str, Leaks]:
    """Find what training parts share with evaluation splits.

    Pictures are the same where their difference hashes are, whatever their size, format or name;
    see `wfa.auditing.image_hash`. Captions are the same once folded.

    Args:
        training: Name of a part -> its training split.
        evaluated: `part/split` -> the split.

    Returns:
        Name of a part -> what it shares.
    """
    pictures = _first_of((label, picture_hashes(split)) for label, split in evaluated.items())
    texts = _first_of(
        (label, fold_all([text for own in split.captions for text in own]))
        for label, split in evaluated.items()
    )
    return {name: _leaks(split, pictures, texts) for name, split in training.items()}


def picture_hashes(dataset: ImageTextDataset) -> list[int]:
    """Return the difference hash of each image of a split, 0 for none; computed once."""
    name = f"{dataset.name}-{dataset.split}-{dataset.images_checksum}.npy"
    path = cache_dir() / "image_hashes" / name
    known = mapped(path, len(dataset))
    if known is None:
        found = hash_images(dataset).hashes
        values = np.array([found.get(row, 0) for row in range(len(dataset))], np.uint64)

        def fill(target: np.ndarray[tuple[int, ...], np.dtype[np.uint64]]) -> None:
            target[:] = values

        known = make_array(path, (len(dataset),), np.uint64, fill)
    hashes: list[int] = known.values.tolist()
    return hashes


def _first_of(labelled: Iterable[tuple[str, Sequence[int] | Sequence[str]]]) -> dict[object, str]:
    """Return thing -> the first label that has it."""
    found: dict[object, str] = {}
    for label, things in labelled:
        for thing in things:
            found.setdefault(thing, label)
    found.pop(0, None)
    return found


def _leaks(
    split: ImageTextDataset, pictures: Mapping[object, str], texts: Mapping[object, str]
) -> Leaks:
    images = {
        row: pictures[found]
        for row, found in enumerate(picture_hashes(split))
        if found in pictures
    }  # fmt: skip
    captions, silenced = {}, {}
    for row, own in enumerate(split.captions):
        found = {
            (row, place): texts[text] for place, text in enumerate(fold_all(own)) if text in texts
        }
        captions.update(found)
        if len(found) == len(own):
            silenced[row] = found[row, 0]
    return Leaks(images, captions, silenced)
