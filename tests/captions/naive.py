"""Uniqueness and weights by the definition, one caption at a time with sacrebleu."""

import logging
from collections.abc import Sequence

from sacrebleu.metrics.bleu import BLEU
from sacrebleu.metrics.chrf import CHRF

from wfa.captions.folding import fold
from wfa.captions.options import UniquenessOptions

logging.getLogger("sacrebleu").setLevel(logging.ERROR)


def bleu(text: str, references: Sequence[str], options: UniquenessOptions) -> float:
    """Sentence BLEU on a 0-1 scale; sacrebleu joins its tokens with single spaces first."""
    metric = BLEU(
        lowercase=options.lowercase,
        force=True,
        tokenize="13a",
        smooth_method=options.smoothing,
        smooth_value=options.smooth_value,
        max_ngram_order=options.max_order,
        effective_order=options.effective_order,
    )
    return metric.sentence_score(text, list(references)).score / 100


def chrf(text: str, references: Sequence[str], options: UniquenessOptions) -> float:
    peer = CHRF(lowercase=options.lowercase)
    score: float = peer.sentence_score(text, list(references)).score / 100
    return score


def similarity(text: str, others: Sequence[str], options: UniquenessOptions) -> float:
    score = bleu if options.measure == "bleu" else chrf
    if not others:
        return 0.0
    if options.reference == "others":
        return min(max(score(text, others, options), 0.0), 1.0)
    each = [min(max(score(text, [other], options), 0.0), 1.0) for other in others]
    return sum(each) / len(each)


def uniqueness(captions: Sequence[str], options: UniquenessOptions) -> list[float]:
    """Uniqueness of the captions of one image."""
    folded = [fold(text, options.lowercase) for text in captions]
    if options.duplicates == "merge":
        # A group of copies is spelled the way that sorts first.
        pairs = list(zip(folded, captions, strict=True))
        spelling = {f: min(text for g, text in pairs if g == f) for f in folded}
        worth = {
            f: 1 - similarity(text, [t for g, t in spelling.items() if g != f], options)
            for f, text in spelling.items()
        }
        scores = [worth[f] for f in folded]
    else:
        scores = [
            1 - similarity(text, [*captions[:place], *captions[place + 1 :]], options)
            for place, text in enumerate(captions)
        ]
    return [
        0.0 if len(f.split()) < options.min_words else score
        for f, score in zip(folded, scores, strict=True)
    ]


def weights(
    scores: Sequence[float],
    captions: Sequence[str],
    options: UniquenessOptions,
) -> list[float]:
    """Weights (normalise=sum) of the captions of one image: each distinct caption's is shared."""
    merge = options.duplicates == "merge"
    names = [fold(t, options.lowercase) if merge else place for place, t in enumerate(captions)]
    said = [score if fold(t) else 0.0 for score, t in zip(scores, captions, strict=True)]
    worth = dict(zip(names, said, strict=True))
    total = sum(worth.values())
    if total == 0:
        worth, total = dict.fromkeys(worth, 1.0), float(len(worth))
    return [worth[name] / total / names.count(name) for name in names]
