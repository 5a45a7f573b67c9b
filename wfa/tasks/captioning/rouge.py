"""ROUGE-L: the longest common subsequence of words. Lin 2004; recall counts as COCO counts it."""

from collections.abc import Sequence

from wfa.tasks.captioning.caption_words import words

_BETA = 1.2
"""Weight of recall against precision in the COCO caption tools (Chen et al. 2015)."""


def rouge_l(outputs: Sequence[str], references: Sequence[str]) -> float:
    """Return the mean ROUGE-L F of N captions with one reference each, 0 to 1."""
    scores = [
        _one(words(output), words(reference))
        for output, reference in zip(outputs, references, strict=True)
    ]
    return sum(scores) / len(scores)


def common_subsequence(first: Sequence[str], second: Sequence[str]) -> int:
    """Return the length of the longest common subsequence.

    By bits of one long integer (Hyyrö 2004): 100 words against 100 take 100 additions.
    """
    places: dict[str, int] = {}
    for place, word in enumerate(first):
        places[word] = places.get(word, 0) | 1 << place
    every = (1 << len(first)) - 1
    free = every
    for word in second:
        hit = free & places.get(word, 0)
        free = ((free + hit) | (free - hit)) & every
    return len(first) - free.bit_count()


def _one(output: Sequence[str], reference: Sequence[str]) -> float:
    common = common_subsequence(output, reference)
    if common == 0:
        return 0.0
    precision, recall = common / len(output), common / len(reference)
    return (1 + _BETA**2) * precision * recall / (recall + _BETA**2 * precision)
