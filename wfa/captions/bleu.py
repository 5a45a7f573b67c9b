"""Sentence BLEU of every text of many sets against the other texts of its set, all at once.

BLEU: Papineni et al. 2002. Tokens, smoothing, effective order and the reference length follow
sacrebleu's `sentence_bleu` (Post 2018); smoothing methods after Chen and Cherry 2014. Scores agree
with it to 1e-9 on a 0-1 scale.
"""

import numpy as np

from wfa.captions.ngrams import NGrams, TextSets, shared_items
from wfa.captions.options import UniquenessOptions
from wfa.captions.segments import Bools, Floats, Ints

_DEFAULT_VALUE = {"floor": 0.1, "add-k": 1.0}


def others_bleu(
    ngrams: list[NGrams], sets: TextSets, copied: Bools, options: UniquenessOptions
) -> Floats:
    """Score each text of each set with all other texts of the set as its references.

    Args:
        ngrams: N-grams of U texts for n = 1..options.max_order.
        sets: E entries.
        copied: Whether a copy of the entry is among its references (E,).
        options: How counts become a score.

    Returns:
        BLEU (E,), 0 to 1 (more with a large `floor`). An entry without any reference has 0.
    """
    totals = np.stack([n.totals[sets.members] for n in ngrams], axis=1)
    correct = np.stack([shared_items(n, sets) for n in ngrams], axis=1)
    correct[copied] = totals[copied]
    own = totals[:, 0]
    reference = np.where(copied, own, _closest_other_length(own, sets.set_of))
    return bleu_from_counts(correct, totals, own, reference, options)


def bleu_from_counts(
    correct: Ints, totals: Ints, lengths: Ints, references: Ints, options: UniquenessOptions
) -> Floats:
    """Combine clipped counts, as `sacrebleu.BLEU.compute_bleu` does for one sentence.

    Args:
        correct: Clipped n-gram counts (E, n).
        totals: All n-grams (E, n).
        lengths: Tokens of the hypothesis (E,).
        references: Tokens of the closest reference (E,).
        options: Smoothing and order.

    Returns:
        BLEU (E,) on a 0-1 scale; 0 where no n-gram is right.
    """
    right, whole = correct.astype(np.float64), totals.astype(np.float64)
    value = options.smooth_value
    if value is None:
        value = _DEFAULT_VALUE.get(options.smoothing, 0.0)
    if options.smoothing == "add-k":
        right[:, 1:] += value
        whole[:, 1:] += value
    counted = np.logical_and.accumulate(whole > 0, axis=1)
    missed = counted & (right == 0)
    if options.smoothing == "exp":
        right[missed] = np.exp2(-np.cumsum(missed, axis=1)[missed].astype(np.float64))
    elif options.smoothing == "floor":
        right[missed] = value
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        logs = np.log(right / whole)
        used = counted if options.effective_order else np.ones_like(counted)
        # Without effective order a missing n-gram order has precision 0, so the score is 0.
        logs = np.where(counted, logs, -np.inf)
        mean = np.where(used, logs, 0.0).sum(axis=1) / np.maximum(used.sum(axis=1), 1)
        penalty = np.minimum(1.0 - references / lengths, 0.0)
        scores = np.exp(mean + penalty)
    return np.where(correct.any(axis=1), scores, 0.0)


def _closest_other_length(lengths: Ints, set_of: Ints) -> Ints:
    """Give the length nearest to its own among the others of its set (E,); ties: the shorter."""
    far = np.iinfo(np.int64).max // 4
    order = np.lexsort((lengths, set_of))
    ranked, sets = lengths[order], set_of[order]
    same = sets[1:] == sets[:-1]
    below, above = np.full(len(ranked), -far), np.full(len(ranked), far)
    below[1:] = np.where(same, ranked[:-1], -far)
    above[:-1] = np.where(same, ranked[1:], far)
    closest = np.empty(len(ranked), np.int64)
    closest[order] = np.where(ranked - below <= above - ranked, below, above)
    return closest
