"""How much each text of a set resembles the other texts of its set: BLEU, chrF or embeddings."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from wfa.captions.bleu import others_bleu
from wfa.captions.ngrams import NGrams, TextSets, count_ngrams, shared_items
from wfa.captions.options import UniquenessOptions
from wfa.captions.pairs import Pairs, PairScore, distinct_pair_scores, pair_sets, pairs_within
from wfa.captions.segments import Floats, Ints
from wfa.captions.tokens import character_tokens, word_tokens
from wfa.errors import ConfigError, DataError

# U captions -> features (U, D); any scale, they are normalised here.
Embed = Callable[[Sequence[str]], NDArray[Any]]

CHRF_ORDER = 6
CHRF_BETA = 2


def similarity_to_others(
    texts: Sequence[str],
    sets: TextSets,
    copies: Ints,
    options: UniquenessOptions,
    embed: Embed | None = None,
) -> Floats:
    """Score each entry of each set against the other texts of the set, its own copies included.

    Args:
        texts: U distinct texts.
        sets: E entries.
        copies: How often each entry stands in its set (E,), at least 1.
        options: `measure`, `reference` and the options of BLEU.
        embed: Features of texts, for `measure=embedding`.

    Returns:
        Similarity (E,) in 0..1; 0 for an entry that has nothing beside it.

    Raises:
        ConfigError: `measure=embedding` without `embed`.
        DataError: `embed` gave features of a wrong shape or not finite.
    """
    if options.measure == "bleu":
        ngrams = count_ngrams(word_tokens(texts, options.lowercase), options.max_order)
        if options.reference == "others":
            return np.clip(others_bleu(ngrams, sets, copies > 1, options), 0.0, 1.0)
        score, own = _bleu_pairs(ngrams, options)
    elif options.measure == "chrf":
        score, own = _chrf_pairs(texts, options.lowercase)
    else:
        score, own = _cosine_pairs(texts, embed)
    pairs = pairs_within(sets)
    scores = np.clip(distinct_pair_scores(pairs, len(texts), score), 0.0, 1.0)
    own_scores = np.clip(own[sets.members], 0.0, 1.0)
    if options.reference == "others":
        return _best_other(pairs, scores, own_scores, copies)
    return _mean_other(pairs, scores, own_scores, copies, sets.set_of)


def _best_other(pairs: Pairs, scores: Floats, own: Floats, copies: Ints) -> Floats:
    best = np.where(copies > 1, own, 0.0)
    np.maximum.at(best, pairs.first, scores[:, 0])
    np.maximum.at(best, pairs.second, scores[:, 1])
    return best


def _mean_other(pairs: Pairs, scores: Floats, own: Floats, copies: Ints, set_of: Ints) -> Floats:
    total = own * (copies - 1)
    total += np.bincount(pairs.first, scores[:, 0] * copies[pairs.second], len(copies))
    total += np.bincount(pairs.second, scores[:, 1] * copies[pairs.first], len(copies))
    others = np.bincount(set_of, copies)[set_of] - 1
    mean: Floats = np.minimum(total / np.maximum(others, 1), 1.0)
    return mean


def _bleu_pairs(ngrams: list[NGrams], options: UniquenessOptions) -> tuple[PairScore, Floats]:
    """Give BLEU of the texts of a pair against each other, and of each text against itself (U,)."""

    def score(first: Ints, second: Ints) -> Floats:
        sets = pair_sets(first, second)
        nowhere = np.zeros(len(sets.members), np.bool_)
        return others_bleu(ngrams, sets, nowhere, options).reshape(-1, 2)

    every = np.arange(len(ngrams[0].totals))
    copied = np.ones(len(every), np.bool_)
    return score, others_bleu(ngrams, TextSets(every, every), copied, options)


def _chrf_pairs(texts: Sequence[str], lowercase: bool) -> tuple[PairScore, Floats]:
    """Give sacrebleu's chrF (Popovic 2015) for pairs, and of each text against itself (U,)."""
    ngrams = count_ngrams(character_tokens(texts, lowercase), CHRF_ORDER)
    totals = np.stack([n.totals for n in ngrams], axis=1)

    def score(first: Ints, second: Ints) -> Floats:
        sets = pair_sets(first, second)
        shared = np.stack([shared_items(n, sets) for n in ngrams], axis=1)[::2]
        forward = chrf_from_counts(shared, totals[first], totals[second])
        return np.stack([forward, chrf_from_counts(shared, totals[second], totals[first])], axis=1)

    return score, chrf_from_counts(totals, totals, totals)


def chrf_from_counts(shared: Ints, hypothesis: Ints, reference: Ints) -> Floats:
    """Combine n-gram counts (P, n) into chrF (P,) on a 0-1 scale, beta 2, effective order.

    Args:
        shared: Clipped counts of common n-grams.
        hypothesis: N-grams of the hypothesis.
        reference: N-grams of the reference.
    """
    used = (hypothesis > 0) & (reference > 0)
    orders = np.maximum(used.sum(axis=1), 1)
    precision = (shared / np.maximum(hypothesis, 1) * used).sum(axis=1) / orders
    recall = (shared / np.maximum(reference, 1) * used).sum(axis=1) / orders
    factor = CHRF_BETA**2
    weighted = factor * precision + recall
    score: Floats = (1 + factor) * precision * recall / np.where(weighted > 0, weighted, 1.0)
    return score


def _cosine_pairs(texts: Sequence[str], embed: Embed | None) -> tuple[PairScore, Floats]:
    """Give the cosine of the caller's features for pairs, and of each text with itself (U,)."""
    if embed is None:
        raise ConfigError("measure=embedding needs captions' features: none were given (embed)")
    features = np.asarray(embed(texts), dtype=np.float64)
    if features.ndim != 2 or len(features) != len(texts):
        raise DataError(f"embed gave shape {features.shape} for {len(texts)} captions: want (U, D)")
    if not np.isfinite(features).all():
        raise DataError("embed gave features that are not finite")
    norms = np.linalg.norm(features, axis=1, keepdims=True)
    features = features / np.where(norms > 0, norms, 1.0)

    def score(first: Ints, second: Ints) -> Floats:
        cosine = np.einsum("pd,pd->p", features[first], features[second])
        return np.stack([cosine, cosine], axis=1)

    return score, np.ones(len(texts))
