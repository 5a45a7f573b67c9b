"""Captions that several images, splits or data sets share."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import permutations
from math import exp, lgamma

import numpy as np

from wfa.captions.folding import caption_ids
from wfa.captions.segments import Floats, Ints, ranges

BATCH_SIZES = (64, 128, 256, 512, 1024, 4096)
MOST_SHARED = 10

# Pairs of images held at once, about; bounds the memory.
_BLOCK_PAIRS = 5_000_000


@dataclass(frozen=True, slots=True)
class SharedCaptions:
    """Captions that more than one image of a data set bears (captions equal after folding).

    Attributes:
        distinct: Distinct captions that at least two images bear.
        captions_share: Share of all captions that another image bears too.
        images_share: Share of images with at least one such caption.
        most_shared: The captions that most images bear, with the number of images.
    """

    distinct: int
    captions_share: float
    images_share: float
    most_shared: list[tuple[str, int]]


@dataclass(frozen=True, slots=True)
class FalseNegatives:
    """What shared captions do to a contrastive batch of B different images, one caption each.

    Attributes:
        batch_size: B, at most the number of images.
        expected: Expected number of (text, image) pairs of the batch that count as negative though
            the image bears the text, of B x (B - 1).
        texts_share: Probability that a text has at least one such image in its batch.
    """

    batch_size: int
    expected: float
    texts_share: float


@dataclass(frozen=True, slots=True)
class Overlap:
    """Captions of one set of images that stand in another set too (equal after folding).

    Attributes:
        captions: Captions of the one set that stand in the other.
        captions_share: Their share of all captions of the one set.
        distinct_share: The same over distinct captions.
        images: Images of the one set with at least one such caption.
        images_two: Images that share two or more distinct captions with one image of the other set:
            most likely the same place, or the same picture.
        images_two_share: Their share of the images of the one set.
    """

    captions: int
    captions_share: float
    distinct_share: float
    images: int
    images_two: int
    images_two_share: float


@dataclass(frozen=True, slots=True)
class CaptionRows:
    """Which image bears which distinct caption.

    Attributes:
        images: Images, B.
        flat: All captions, images in order (N,).
        ids: Id of each caption (N,), equal after folding means equal.
        image_of: Image of each caption (N,).
        row_image: Image (R,) and ...
        row_id: ... id (R,) of each distinct caption of each image.
        row_copies: How often the image has it (R,).
    """

    images: int
    flat: list[str]
    ids: Ints
    image_of: Ints
    row_image: Ints
    row_id: Ints
    row_copies: Ints

    def bearers(self) -> Ints:
        """Give the number of images that bear each caption id (U,)."""
        return np.bincount(self.row_id)


def caption_rows(captions: Sequence[Sequence[str]], lowercase: bool = True) -> CaptionRows:
    """Number the captions of B images over the whole data set."""
    flat = [text for image in captions for text in image]
    return _rows(flat, list(map(len, captions)), caption_ids(flat, lowercase))


def _rows(flat: list[str], counts: list[int], ids: Ints) -> CaptionRows:
    image_of = np.repeat(np.arange(len(counts)), counts)
    size = int(ids.max(initial=-1)) + 1
    keys, copies = np.unique(image_of * max(size, 1) + ids, return_counts=True)
    image, name = np.divmod(keys, max(size, 1))
    return CaptionRows(len(counts), flat, ids, image_of, image, name, copies)


def shared_captions(captions: Sequence[Sequence[str]], lowercase: bool = True) -> SharedCaptions:
    """Say how many captions several images of a data set share."""
    rows = caption_rows(captions, lowercase)
    bearers = rows.bearers()
    shared = bearers > 1
    images = np.unique(rows.row_image[shared[rows.row_id]])
    top = np.argsort(-bearers, kind="stable")[:MOST_SHARED].tolist()
    first = dict(zip(rows.ids[::-1].tolist(), reversed(rows.flat), strict=True))
    return SharedCaptions(
        distinct=int(shared.sum()),
        captions_share=float(shared[rows.ids].mean()) if len(rows.ids) else 0.0,
        images_share=len(images) / max(rows.images, 1),
        most_shared=[(first[name], int(bearers[name])) for name in top if bearers[name] > 1],
    )


def false_negatives(
    captions: Sequence[Sequence[str]],
    batch_sizes: Sequence[int] = BATCH_SIZES,
    lowercase: bool = True,
) -> list[FalseNegatives]:
    """Give the expected false negatives of a contrastive batch, exactly and without drawing.

    A batch is B different images of the data set, each with one of its captions, all drawn
    uniformly. Images without captions are never drawn.
    """
    rows = caption_rows(captions, lowercase)
    counts = np.bincount(rows.image_of, minlength=rows.images)
    images = int((counts > 0).sum())
    # Chance that a text of a batch is this caption: its image, then one of the image's captions.
    chance = 1.0 / (counts[rows.image_of] * max(images, 1))
    others = rows.bearers()[rows.ids] - 1
    found = []
    for size in sorted({min(size, images) for size in batch_sizes}):
        pairs = size * (size - 1) * float((chance * others).sum()) / max(images - 1, 1)
        affected = 1.0 - absent(images - 1, others, size - 1)
        found.append(FalseNegatives(size, pairs, float((chance * affected).sum())))
    return found


def absent(population: int, marked: Ints, drawn: int) -> Floats:
    """Give the chance that none of `marked` things (M,) is among `drawn` ones of a population."""
    values, places = np.unique(marked, return_inverse=True)
    chances = [_none_drawn(population, value, drawn) for value in values.tolist()]
    return np.array(chances, dtype=np.float64)[places]


def _none_drawn(population: int, marked: int, drawn: int) -> float:
    left = population - marked
    if drawn <= 0:
        return 1.0
    if left < drawn:
        return 0.0
    logs = lgamma(left + 1) - lgamma(left - drawn + 1)
    return exp(min(logs - lgamma(population + 1) + lgamma(population - drawn + 1), 0.0))


def overlap(
    captions: Sequence[Sequence[str]], others: Sequence[Sequence[str]], lowercase: bool = True
) -> Overlap:
    """Say how many captions of one set of images stand in another set too."""
    flat = [text for image in captions for text in image]
    other_flat = [text for image in others for text in image]
    ids = caption_ids(flat + other_flat, lowercase)
    rows = _rows(flat, list(map(len, captions)), ids[: len(flat)])
    other_rows = _rows(other_flat, list(map(len, others)), ids[len(flat) :])
    known = np.zeros(int(ids.max(initial=-1)) + 1, np.bool_)
    known[other_rows.row_id] = True
    shared = known[rows.ids]
    two = _sharing_two(rows, other_rows)
    return Overlap(
        captions=int(shared.sum()),
        captions_share=float(shared.mean()) if len(shared) else 0.0,
        distinct_share=float(known[np.unique(rows.ids)].mean()) if len(shared) else 0.0,
        images=len(np.unique(rows.image_of[shared])),
        images_two=two,
        images_two_share=two / max(rows.images, 1),
    )


def split_overlaps(
    splits: Mapping[str, Sequence[Sequence[str]]], lowercase: bool = True
) -> dict[tuple[str, str], Overlap]:
    """Give `overlap` for each ordered pair of splits, or of data sets: (one, other)."""
    return {
        (one, other): overlap(splits[one], splits[other], lowercase)
        for one, other in permutations(splits, 2)
    }


def _sharing_two(rows: CaptionRows, others: CaptionRows) -> int:
    """Count images that share at least two distinct captions with one image of the others."""
    image, name = _with_two(rows, others)
    other_image, other_name = _with_two(others, rows)
    order = np.argsort(other_name, kind="stable")
    other_image, other_name = other_image[order], other_name[order]
    start = np.searchsorted(other_name, name)
    bearers = np.searchsorted(other_name, name, side="right") - start
    # (image, other image) once for each caption that they share, in blocks of whole images.
    block = np.cumsum(bearers) // _BLOCK_PAIRS
    block = block[np.searchsorted(image, image)]
    found = 0
    for number in np.unique(block).tolist():
        inside = block == number
        pairs = np.repeat(image[inside] * others.images, bearers[inside])
        pairs += other_image[ranges(start[inside], bearers[inside])]
        pairs.sort()
        twice = pairs[1:][pairs[1:] == pairs[:-1]]
        found += len(np.unique(twice // others.images))
    return found


def _with_two(rows: CaptionRows, others: CaptionRows) -> tuple[Ints, Ints]:
    """Give image and id of the captions that others have too, of images with two of them."""
    held = np.isin(rows.row_id, others.row_id)
    each = np.bincount(rows.row_image[held], minlength=rows.images)
    held &= each[rows.row_image] >= 2
    return rows.row_image[held], rows.row_id[held]
