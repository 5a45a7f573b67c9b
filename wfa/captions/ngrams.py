"""Exact n-gram items of many texts, and how many of them the texts of a set have in common.

The r-th time that a text says an n-gram is an item of its own, `(n-gram, r)`. Then the items of a
text are all distinct, and clipping a count against the maximum over other texts (Papineni et al.,
2002) is plain membership: an item counts when at least one other text of the set holds it too.
So one sort over (item, text) replaces every table of counts.
"""

from dataclasses import dataclass

import numpy as np

from wfa.captions.segments import Bools, Ints, ranges, starts_of
from wfa.captions.tokens import TokenTable


@dataclass(frozen=True, slots=True)
class NGrams:
    """The n-gram items of U texts for one n.

    Attributes:
        items: Item ids (M,) int64, one text after the other, in 0..distinct-1. Ids below `grams`
            are first occurrences, so those name the distinct n-grams.
        totals: Number of n-grams of each text (U,) int64; they sum to M.
        distinct: Number of distinct items.
        grams: Number of distinct n-grams.
    """

    items: Ints
    totals: Ints
    distinct: int
    grams: int


@dataclass(frozen=True, slots=True)
class TextSets:
    """Sets of texts, one after the other.

    Attributes:
        members: Text of each entry (E,) int64, in 0..U-1; no text twice in a set.
        set_of: Set of each entry (E,) int64, not decreasing.
    """

    members: Ints
    set_of: Ints


def count_ngrams(table: TokenTable, max_order: int) -> list[NGrams]:
    """Count the n-grams of every text once, for n = 1..max_order.

    Args:
        table: Tokens of U texts.
        max_order: Largest n.

    Returns:
        One `NGrams` for each n, n = 1 first.
    """
    ends = np.repeat(np.cumsum(table.lengths), table.lengths)
    text_of = np.repeat(np.arange(len(table.lengths)), table.lengths)
    starts = np.arange(len(table.ids))
    grams, n_grams = table.ids, table.vocabulary
    repeated = np.ones(len(grams), np.bool_)
    found = []
    for order in range(1, max_order + 1):
        if order > 1:
            fits = ends[starts] - starts >= order
            starts, grams, repeated = starts[fits], grams[fits], repeated[fits]
            # The (n-1)-gram and its next token are both dense ids: their pair is exact in 64 bits.
            grams, n_grams = _dense(grams * table.vocabulary + table.ids[starts + order - 1])
        items, n_items, repeated = _as_items(grams, n_grams, text_of[starts], repeated)
        found.append(NGrams(items, np.maximum(table.lengths - order + 1, 0), n_items, n_grams))
    return found


def shared_items(ngrams: NGrams, sets: TextSets) -> Ints:
    """Count the n-grams of each entry that another text of its set holds too.

    This is BLEU's clipped count of the entry against all other texts of the set as references.

    Returns:
        Counts (E,) int64, each at most the total of its text.
    """
    _, entry, equal = _by_item(ngrams, sets)
    held = np.zeros(len(entry), np.bool_)
    held[1:] = equal
    held[:-1] |= equal
    return np.bincount(entry[held], minlength=len(sets.members))


def distinct_grams(ngrams: NGrams, sets: TextSets) -> Ints:
    """Count the distinct n-grams of each set (S,), S = the last set + 1."""
    items, entry, equal = _by_item(ngrams, sets)
    new = items < ngrams.grams
    new[1:] &= ~equal
    return np.bincount(sets.set_of[entry[new]], minlength=int(sets.set_of.max(initial=-1)) + 1)


def _by_item(ngrams: NGrams, sets: TextSets) -> tuple[Ints, Ints, Bools]:
    """Sort the items of all entries by item, then entry.

    Returns:
        Item (M,), its entry (M,), and whether it and the one after it are the same item in two
        texts of one set (M - 1,).
    """
    lengths = ngrams.totals[sets.members]
    places = ranges(starts_of(ngrams.totals)[sets.members], lengths)
    bits = max(len(lengths) - 1, 0).bit_length()
    keys = ngrams.items[places] << bits
    keys |= np.repeat(np.arange(len(lengths)), lengths)
    keys.sort()
    # Entries of a set stand together, so equal items of one set are neighbours after the sort.
    entry = keys & ((1 << bits) - 1)
    keys >>= bits
    set_of = sets.set_of[entry]
    return keys, entry, (keys[1:] == keys[:-1]) & (set_of[1:] == set_of[:-1])


def _as_items(grams: Ints, n_grams: int, text_of: Ints, repeated: Bools) -> tuple[Ints, int, Bools]:
    """Number occurrences apart; say which n-grams stand more than once in their text.

    Only positions whose first n-1 tokens repeat within the text (`repeated`) can hold such ones.
    """
    candidates = np.flatnonzero(repeated)
    order, rank, twin = _ranks(text_of[candidates] * n_grams + grams[candidates])
    candidates = candidates[order]
    later = candidates[rank > 0]
    extra, n_extra = _dense(rank[rank > 0] * n_grams + grams[later])
    items = grams.copy()
    items[later] = n_grams + extra
    again = np.zeros(len(grams), np.bool_)
    again[candidates[twin]] = True
    return items, n_grams + n_extra, again


def _ranks(keys: Ints) -> tuple[Ints, Ints, Bools]:
    """Sort keys; give the order, the rank of each among its equals, and whether it has equals."""
    order = np.argsort(keys)
    keys = keys[order]
    equal = np.zeros(len(keys) + 1, np.bool_)
    equal[1:-1] = keys[1:] == keys[:-1]
    place = np.arange(len(keys))
    rank = place - np.maximum.accumulate(np.where(equal[:-1], 0, place))
    return order, rank, equal[:-1] | equal[1:]


def _dense(keys: Ints) -> tuple[Ints, int]:
    """Renumber keys as 0, 1, 2, ...; give the numbers and how many there are."""
    distinct, numbers = np.unique(keys, return_inverse=True)
    return numbers.astype(np.int64, copy=False), len(distinct)
