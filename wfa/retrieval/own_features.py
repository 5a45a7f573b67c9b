"""Features that somebody else computed become `Embeddings`: checked, normalised, equal where equal.

Captions that are equal once folded are one query, so that the first one's feature counts for all.
"""

from collections.abc import Sequence
from itertools import chain
from typing import Any, NamedTuple

import numpy as np
import torch
from torch import Tensor

from wfa.aggregation.feature_checks import check_captions, check_images
from wfa.captions.folding import caption_key
from wfa.errors import ArgumentError
from wfa.retrieval.embeddings import Embeddings, Integers

Captions = Sequence[Sequence[str]] | Sequence[str] | Tensor
"""Texts of each image, or of all captions in order, or (N,) int64 ids, equal for equal captions."""

_ROUNDING = 1e-5
"""How far rounding may take the length of a feature from 1."""


class OwnFeatures(NamedTuple):
    """Features that fit each other, of length 1.

    Attributes:
        images: (B, D) float32.
        captions: (N, D) float32.
        counts: (B,) int64, the captions of each image, which stand in the order of the images.
        aggregated: (B, D) float32, one text an image; (0, D) where there are none.
    """

    images: Tensor
    captions: Tensor
    counts: Tensor
    aggregated: Tensor


def checked_features(
    image_features: Any, caption_features: Any, image_index: Any, aggregated: Any = None
) -> OwnFeatures:
    """Return features that fit each other.

    Args:
        image_features: (B, D) floating, any length.
        caption_features: (N, D) floating, any length.
        image_index: (N,) integers ascending from 0, caption -> image.
        aggregated: (B, D) floating, one text an image; None for none.

    Raises:
        ArgumentError: A shape, width, order, device or value does not fit.
    """
    captions, index = check_captions(caption_features, image_index)
    count = int(index[-1]) + 1
    images = check_images("image_features", image_features, captions, count)
    texts = captions[:0]
    if aggregated is not None:
        texts = check_images("aggregated", aggregated, captions, count)
    return OwnFeatures(
        _unit("image_features", images),
        _unit("caption_features", captions),
        torch.bincount(index),
        _unit("aggregated", texts),
    )


def ids_of(captions: Captions | None, counts: Sequence[int]) -> Integers:
    """Number captions, (N,): equal for those that are equal once folded; below 0 without texts.

    Args:
        captions: The captions.
        counts: How many each image has, N in all.

    Raises:
        ArgumentError: The captions do not fit the counts.
    """
    total = sum(counts)
    if captions is None:
        return np.full(total, -1)
    if isinstance(captions, Tensor):
        if captions.shape != (total,) or captions.is_floating_point() or bool((captions < 0).any()):
            raise ArgumentError(f"captions as ids must be {total} integers of at least 0")
        return captions.cpu().numpy().astype(np.int64)
    if captions and not isinstance(captions[0], str):
        found = list(map(len, captions))
        if found != list(counts):
            raise ArgumentError(
                f"captions has {found[:5]} .. texts an image and image_index says "
                f"{list(counts)[:5]} ..: give the texts in the order of caption_features"
            )
        captions = list(chain.from_iterable(captions))
    if len(captions) != total or not all(isinstance(text, str) for text in captions):
        raise ArgumentError(f"captions must be {total} texts, one for each of caption_features")
    return np.fromiter(map(caption_key, captions), np.int64, total)


def embeddings_of(features: OwnFeatures, ids: Integers) -> Embeddings:
    """Make embeddings; without aggregated texts the images stand in their place, to be unread.

    Args:
        features: What was checked.
        ids: (N,) what `ids_of` gives.
    """
    unknown = ids < 0
    ids = np.where(unknown, -1 - np.arange(len(ids)), ids)
    first, row = np.unique(ids, return_index=True, return_inverse=True)[1:]
    images = features.images.cpu().numpy()
    return Embeddings(
        images=images,
        captions=features.captions.cpu().numpy()[first][row],
        image_index=np.repeat(np.arange(len(images)), features.counts.cpu().numpy()),
        caption_ids=row.astype(np.int64),
        aggregated=features.aggregated.cpu().numpy() if len(features.aggregated) else images,
        image_names=tuple(map(str, range(len(images)))),
    )


def _unit(name: str, features: Tensor) -> Tensor:
    """Bring features to length 1; those that have it stay as they are, bit by bit."""
    features = features.detach().float()
    length = features.norm(dim=-1, keepdim=True)
    if bool((length == 0).any()):
        raise ArgumentError(
            f"{name} has features of length 0, which point nowhere; the first is row "
            f"{int((length == 0).flatten().nonzero()[0])}: leave such rows out"
        )
    return torch.where((length - 1).abs() < _ROUNDING, features, features / length)
