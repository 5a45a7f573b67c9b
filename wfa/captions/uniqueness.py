"""Uniqueness: how much a caption says that the other captions of its image do not.

u_k = 1 - similarity(c_k; the other captions of the image), in 0..1. What "similarity", "other" and
"caption" mean are the options; the definition of each stands in `UniquenessOptions`.
"""

import multiprocessing
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np

from wfa.captions.chunks import Chunk, text_chunks
from wfa.captions.distinct import DistinctCaptions, distinct_captions
from wfa.captions.ngrams import TextSets
from wfa.captions.options import UniquenessOptions
from wfa.captions.segments import Bools, Floats, Ints, ranges, starts_of_equals
from wfa.captions.similarity import Embed, similarity_to_others
from wfa.options.option_keywords import options_from

__all__ = ["CaptionScores", "UniquenessOptions", "score_captions", "uniqueness"]

# Below this a difference from "says nothing new" is rounding, not content.
_ROUNDING = 1e-12


@dataclass(frozen=True, slots=True)
class CaptionScores:
    """Uniqueness of every caption of a data set, in the order of images, then captions.

    Attributes:
        uniqueness: (N,) float64 in 0..1.
        counts: Captions of each image (B,) int64.
        copies: How many captions share the score because they are one distinct caption (N,) int64;
            all 1 under `duplicates=keep`.
        empty: Whether nothing is left of the caption after folding (N,) bool.
    """

    uniqueness: Floats
    counts: Ints
    copies: Ints
    empty: Bools


def uniqueness(
    captions: Sequence[Sequence[str]],
    options: UniquenessOptions | None = None,
    processes: int = 1,
    embed: Embed | None = None,
    **keywords: Any,
) -> Floats:
    """Score every caption of every image.

    Under `duplicates=merge` the distinct captions (after folding) of an image are scored, and a
    copy has the score of its distinct caption. Where copies are written differently ("A road." and
    "a road") the spelling that sorts first is scored, so order never matters. The only caption of
    an image is worth 1. With `measure=bleu` this is 1 - sacrebleu's score, to 1e-9.

    Args:
        captions: B images with any number of captions each.
        options: The definition; the default is BLEU against the other distinct captions.
        processes: Worker processes for large sets; results do not depend on it. With more than one
            a script needs the `if __name__ == "__main__"` guard. Ignored for `measure=embedding`.
        embed: Features of captions, for `measure=embedding`.
        keywords: Fields of `UniquenessOptions` instead of `options`, such as `duplicates="keep"`.

    Returns:
        Uniqueness (N,) float64 in 0..1, images in order, then captions.

    Raises:
        ConfigError: There is no such keyword or value, or `measure=embedding` without `embed`.
        DataError: An image's captions are not a list of strings.

    >>> uniqueness([["a red roof", "a red roof", "two cars on a road"], ["a river"]]).round(3)
    array([0.859, 0.859, 0.893, 1.   ])
    """
    given = options_from(UniquenessOptions, options, keywords, "uniqueness")
    return score_captions(captions, given, processes, embed).uniqueness


def score_captions(
    captions: Sequence[Sequence[str]],
    options: UniquenessOptions | None = None,
    processes: int = 1,
    embed: Embed | None = None,
) -> CaptionScores:
    """Do what `uniqueness` does; give what weights need beside it."""
    options = options or UniquenessOptions()
    chunks = text_chunks(captions)
    if processes > 1 and options.measure != "embedding":
        # Fresh interpreters: a fork of a process that runs threads (torch, FAISS) may hang.
        with multiprocessing.get_context("spawn").Pool(processes) as pool:
            return _joined(pool.imap(partial(_score_chunk, options=options), chunks))
    return _joined(_score_chunk(chunk, options, embed) for chunk in chunks)


def _joined(parts: Iterable[CaptionScores]) -> CaptionScores:
    done = list(parts)
    return CaptionScores(
        uniqueness=np.concatenate([part.uniqueness for part in done]),
        counts=np.concatenate([part.counts for part in done]),
        copies=np.concatenate([part.copies for part in done]),
        empty=np.concatenate([part.empty for part in done]),
    )


def _score_chunk(
    chunk: Chunk, options: UniquenessOptions, embed: Embed | None = None
) -> CaptionScores:
    counts = np.array(chunk[1], dtype=np.int64)
    merge = options.duplicates == "merge"
    distinct = distinct_captions(chunk[0], counts, merge, options.lowercase)
    literal = np.ones_like(distinct.copies) if merge else distinct.copies
    scores = 1.0 - _similarity(distinct, literal, options, embed)
    scores[scores < _ROUNDING] = 0.0
    if options.min_words:
        words = np.array([len(text.split()) for text in distinct.folded], np.int64)
        scores[words[distinct.text] < options.min_words] = 0.0
    empty = np.array([not text for text in distinct.folded], np.bool_)[distinct.text]
    copies = distinct.copies[distinct.row_of] if merge else np.ones(len(chunk[0]), np.int64)
    return CaptionScores(scores[distinct.row_of], counts, copies, empty[distinct.row_of])


def _similarity(
    distinct: DistinctCaptions, copies: Ints, options: UniquenessOptions, embed: Embed | None
) -> Floats:
    """Score each distinct set of captions once; give every row (R,) the score of its like.

    `copies` says how often a row stands among the captions that it is compared with.
    """
    rows = len(distinct.text)
    starts = np.flatnonzero(np.diff(distinct.image, prepend=-1))
    sizes = np.diff(np.append(starts, rows))
    scores = np.zeros(rows)  # what a caption has that stands alone: it resembles nothing
    same = starts[(sizes == 1) & (copies[starts] > 1)]
    scores[same] = [_is_itself(distinct.texts[text], options) for text in distinct.text[same]]
    beside = (sizes > 1) | ((copies[starts] > 1) & (scores[starts] == 0))
    starts, sizes = starts[beside], sizes[beside]
    like = starts_of_equals(np.stack([distinct.text, copies], axis=1), starts, sizes)
    first = like == starts
    own = ranges(starts[first], sizes[first])
    used, members = np.unique(distinct.text[own], return_inverse=True)
    texts = [distinct.texts[place] for place in used.tolist()]
    sets = TextSets(members, np.repeat(np.arange(int(first.sum())), sizes[first]))
    scores[own] = similarity_to_others(texts, sets, copies[own], options, embed)
    scores[ranges(starts, sizes)] = scores[ranges(like, sizes)]
    return scores


def _is_itself(text: str, options: UniquenessOptions) -> bool:
    """Say whether a text surely has similarity 1 with its copy, without counting anything.

    So it is with every measure that leaves out what a text is too short for, if the text has any
    token; and a letter at the start is always one, or part of one.
    """
    return text[:1].isalpha() and (options.effective_order or options.measure != "bleu")
