"""Importance weights: how much each caption counts in the one text feature of its image."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from wfa.captions.chunks import text_chunks
from wfa.captions.options import UniquenessOptions
from wfa.captions.segments import Floats, Ints, starts_of
from wfa.captions.similarity import Embed
from wfa.captions.uniqueness import score_captions
from wfa.errors import ConfigError, DataError
from wfa.options.option_keywords import options_from

NORMALISATIONS = ("sum", "softmax")
_OWN_KEYWORDS = ("normalise", "temperature", "processes", "embed")


def caption_weights(
    captions: Sequence[Sequence[str]],
    options: UniquenessOptions | None = None,
    normalise: str = "sum",
    temperature: float = 1.0,
    processes: int = 1,
    embed: Embed | None = None,
    **keywords: Any,
) -> Floats:
    """Weigh every caption of every image by its uniqueness.

    Args:
        captions: B images with any number of captions each.
        options: What uniqueness means; see `wfa.captions.uniqueness`.
        normalise: sum (w = u / sum of u) | softmax (w = softmax of u / temperature).
        temperature: Of the softmax, above 0; small is sharp.
        processes: Worker processes for large sets.
        embed: Features of captions, for `measure=embedding`.
        keywords: Fields of `UniquenessOptions` instead of `options`, such as `duplicates="keep"`.

    Returns:
        Weights (N,) float64, images in order, then captions; at least 0, and they sum to 1 for
        each image. Where every caption of an image is worth 0, or all are one caption, they are
        uniform. Copies of one caption share its weight equally. A caption of which folding leaves
        nothing is worth 0: it resembles no other, but only because it says nothing.

    Raises:
        ConfigError: `normalise`, `temperature` or another keyword is wrong, or `embed` is missing.
        DataError: An image's captions are not a list of strings.

    >>> captions = [["a red roof", "a red roof", "two cars on a road"], ["a river", "a bridge"]]
    >>> caption_weights(captions).round(3).tolist()
    [0.245, 0.245, 0.51, 0.5, 0.5]
    """
    _check(normalise, temperature)
    given = options_from(UniquenessOptions, options, keywords, "caption_weights", _OWN_KEYWORDS)
    scores = score_captions(captions, given, processes, embed)
    worth = np.where(scores.empty, 0.0, scores.uniqueness)
    return importance_weights(worth, scores.counts, scores.copies, normalise, temperature)


def image_index(captions: Sequence[Sequence[str]]) -> Ints:
    """Say to which image each caption belongs.

    Args:
        captions: B images with at least one caption each, N in all.

    Returns:
        (N,) int64 ascending, caption -> image.

    Raises:
        DataError: An image has no caption, or its captions are not a list of strings.

    >>> image_index([["a red roof", "two cars"], ["a river"]]).tolist()
    [0, 0, 1]
    """
    counts = [size for chunk in text_chunks(captions) for size in chunk[1]]
    if 0 in counts:
        raise DataError(f"image {counts.index(0)} has no caption: leave such images out")
    return np.repeat(np.arange(len(counts)), counts)


def importance_weights(
    uniqueness: Floats,
    counts: Ints,
    copies: Ints,
    normalise: str = "sum",
    temperature: float = 1.0,
) -> Floats:
    """Turn uniqueness into weights that sum to 1 for each image.

    Args:
        uniqueness: (N,), at least 0 and finite, images in order, then captions.
        counts: Captions of each image (B,); they sum to N.
        copies: How many captions of its image each caption is a copy of, itself included (N,).
        normalise: sum | softmax.
        temperature: Of the softmax, above 0.

    Returns:
        Weights (N,) float64, as `caption_weights` describes them.

    Raises:
        ConfigError: `normalise` or `temperature` is wrong.
        DataError: Shapes do not fit, or a uniqueness is negative or not finite.
    """
    _check(normalise, temperature)
    uniqueness = np.asarray(uniqueness, dtype=np.float64)
    if not len(uniqueness) == len(copies) == counts.sum():
        raise DataError(
            f"{len(uniqueness)} uniqueness values and {len(copies)} copies do not fit "
            f"{counts.sum()} captions: give one of each for each caption"
        )
    if not (np.isfinite(uniqueness) & (uniqueness >= 0)).all():
        raise DataError("uniqueness has a value that is negative or not finite")
    starts = starts_of(counts)[counts > 0]
    captions = counts[counts > 0]

    def spread(per_image: Floats) -> Floats:
        return np.repeat(per_image, captions)

    if not len(starts):
        return np.zeros(0)
    largest = spread(np.maximum.reduceat(uniqueness, starts))
    if normalise == "softmax":
        worth = np.exp((uniqueness - largest) / temperature)
    else:
        # Divided by the largest first, so that not even the smallest numbers underflow to 0 / 0.
        worth = np.where(largest > 0, uniqueness / np.where(largest > 0, largest, 1.0), 1.0)
    worth /= copies
    weights: Floats = worth / spread(np.add.reduceat(worth, starts))
    return weights


def _check(normalise: str, temperature: float) -> None:
    if normalise not in NORMALISATIONS:
        raise ConfigError(f"normalise={normalise} is unknown: use one of sum, softmax")
    if not 0 < temperature < float("inf"):
        raise ConfigError(f"temperature={temperature}: give a number above 0")
