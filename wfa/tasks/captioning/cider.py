"""CIDEr-D: n-grams weighted by how rare they are among the references. Vedantam et al. 2015."""

import math
from collections import Counter
from collections.abc import Sequence

from wfa.tasks.captioning.caption_words import words

_ORDERS = 4
_SIGMA = 6.0
"""Width of the penalty on a difference in length, in words."""

_Grams = Counter[tuple[str, ...]]


def cider_d(outputs: Sequence[str], references: Sequence[str]) -> float:
    """Return CIDEr-D of N captions with one reference each, 0 to 10, as the COCO tools scale it.

    How rare an n-gram is, is counted over these N references: the figure of a part of the captions
    cannot be compared with that of all.
    """
    tested = [_grams(text) for text in outputs]
    right = [_grams(text) for text in references]
    seen = Counter(gram for grams in right for gram in grams)
    rarity = _Rarity(seen, len(references))
    scores = [_similarity(a, b, rarity) for a, b in zip(tested, right, strict=True)]
    return 10 * sum(scores) / len(scores)


class _Rarity:
    """Logarithm of the share of references that have an n-gram, negated."""

    def __init__(self, seen: _Grams, references: int) -> None:
        self._seen, self._all = seen, math.log(references)

    def __call__(self, gram: tuple[str, ...]) -> float:
        return self._all - math.log(max(1, self._seen[gram]))


def _grams(text: str) -> _Grams:
    own = words(text)
    return Counter(
        tuple(own[start : start + order])
        for order in range(1, _ORDERS + 1)
        for start in range(len(own) - order + 1)
    )


def _similarity(tested: _Grams, right: _Grams, rarity: _Rarity) -> float:
    """Average the clipped cosines of the orders, less the more the lengths differ."""
    total = 0.0
    for order in range(1, _ORDERS + 1):
        one, other = (
            {gram: n * rarity(gram) for gram, n in grams.items() if len(gram) == order}
            for grams in (tested, right)
        )
        norms = math.hypot(*one.values()) * math.hypot(*other.values())
        shared = sum(min(weight, other.get(gram, 0.0)) * other.get(gram, 0.0)
                     for gram, weight in one.items())  # fmt: skip
        total += shared / norms if norms else 0.0
    # As the COCO tools do, a length is counted in pairs of words.
    apart = _count(tested, 2) - _count(right, 2)
    return total / _ORDERS * math.exp(-(apart**2) / (2 * _SIGMA**2))


def _count(grams: _Grams, order: int) -> int:
    return sum(n for gram, n in grams.items() if len(gram) == order)
