"""Captions that stay out of a gallery of captions, so that it can be asked with them."""

import hashlib
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from wfa.retrieval.embeddings import Embeddings, Integers


@dataclass(frozen=True, eq=False)
class HeldOut:
    """One distinct caption of each image that has two or more, and what is left for the gallery.

    Attributes:
        rows: (H,) the row in `captions` of each held-out caption.
        images: (H,) its image, rising.
        kept: (K,) rows of all other captions, rising; the held-out one's copies of its image are
            not among them. An image with one distinct caption keeps it.
        single: How many images have one distinct caption: nothing is held out of theirs.
    """

    rows: Integers
    images: Integers
    kept: Integers
    single: int


def hold_out(embeddings: Embeddings, seed: int = 0) -> HeldOut:
    """Hold one caption of each image out, drawn by the image's name and the seed alone.

    Other images, their order and the model therefore change nothing.
    """
    owners, rows = distinct_of_each_image(embeddings)
    starts = np.searchsorted(owners, np.arange(len(embeddings.images)))
    counts = np.diff(starts, append=len(owners))
    several = np.flatnonzero(counts > 1)
    draws = name_keys(embeddings.image_names, seed)[several] % counts[several].astype(np.uint64)
    held = rows[starts[several] + draws.astype(np.int64)]
    # The id that is held out of each image; no id is below 0.
    out = np.full(len(embeddings.images), embeddings.caption_ids.min() - 1)
    out[several] = embeddings.caption_ids[held]
    kept = np.flatnonzero(embeddings.caption_ids != out[embeddings.image_index])
    return HeldOut(held, several, kept, int(len(counts) - len(several)))


def distinct_of_each_image(embeddings: Embeddings) -> tuple[Integers, Integers]:
    """Keep a caption that an image bears twice once.

    Returns:
        (C,) the image of each kept caption, rising, and (C,) its row in `captions`; those of one
        image in the order of their rows.
    """
    ids = np.unique(embeddings.caption_ids, return_inverse=True)[1]
    key = embeddings.image_index * (ids.max() + 1) + ids
    rows = np.sort(np.unique(key, return_index=True)[1])
    rows = rows[np.argsort(embeddings.image_index[rows], kind="stable")]
    return embeddings.image_index[rows], rows


def name_keys(names: tuple[str, ...], seed: int) -> npt.NDArray[np.uint64]:
    """Make a number of each name and the seed: SHA-256's first 8 bytes; (M,) uint64."""
    digests = (
        hashlib.sha256(f"{seed}\0{name}".encode("utf-8", "surrogatepass")).digest()[:8]
        for name in names
    )
    return np.frombuffer(b"".join(digests), np.dtype("<u8")).astype(np.uint64)
