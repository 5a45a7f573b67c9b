"""Pairs of texts that stand in one set."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from wfa.captions.ngrams import TextSets
from wfa.captions.segments import Floats, Ints, ranges

# Pairs scored in one go; bounds the memory for images with very many captions.
_PAIR_BLOCK = 50_000

# (first text (P,), second text (P,)) -> similarity of the first to the second and back (P, 2)
PairScore = Callable[[Ints, Ints], Floats]


@dataclass(frozen=True, slots=True)
class Pairs:
    """The pairs of entries of one set: entries (P,), (P,), and their texts (P,), (P,)."""

    first: Ints
    second: Ints
    first_text: Ints
    second_text: Ints


def pairs_within(sets: TextSets) -> Pairs:
    """List every pair of entries that stand in one set, the earlier entry first."""
    sizes = np.bincount(sets.set_of)
    later = np.cumsum(sizes)[sets.set_of] - np.arange(len(sets.set_of)) - 1
    first = np.repeat(np.arange(len(later)), later)
    second = ranges(np.arange(1, len(later) + 1), later)
    return Pairs(first, second, sets.members[first], sets.members[second])


def distinct_pair_scores(pairs: Pairs, n_texts: int, score: PairScore) -> Floats:
    """Score each distinct pair of texts once, in blocks; give each pair its score (P, 2)."""
    swapped = pairs.first_text > pairs.second_text
    low = np.minimum(pairs.first_text, pairs.second_text)
    high = np.maximum(pairs.first_text, pairs.second_text)
    distinct, where = np.unique(low * n_texts + high, return_inverse=True)
    first, second = np.divmod(distinct, max(n_texts, 1))
    scores = np.empty((len(distinct), 2))
    for start in range(0, len(distinct), _PAIR_BLOCK):
        block = slice(start, start + _PAIR_BLOCK)
        scores[block] = score(first[block], second[block])
    found = scores[where]
    found[swapped] = found[swapped, ::-1]
    return found


def pair_sets(first: Ints, second: Ints) -> TextSets:
    """Make a set of each pair."""
    members = np.stack([first, second], axis=1).reshape(-1)
    return TextSets(members, np.arange(len(members)) // 2)
