"""The best that any model could reach, whatever it learnt.

Equal captions get equal scores from every model. Where a protocol counts only one of the images
that bear a caption as right, even a perfect model must therefore miss. A model here is any score
of a text and an image; an aggregation sees the captions of an image as a bag, without their order.

Each value is a bound of its own: the one model that reaches the best R@1 need not be the one that
reaches the best mAP, nor is one model good for both directions.
"""

from functools import lru_cache
from itertools import product

import numpy as np

from wfa.retrieval.embeddings import Integers
from wfa.retrieval.ranks import Ranking
from wfa.retrieval.relevance import Texts

Group = tuple[int, int]
"""Equal texts as one image sees them: how many are its own, how many are elsewhere."""


def oracle_rankings(protocol: str, texts: Texts) -> tuple[Ranking, Ranking]:
    """Return the best rankings, text-to-image and image-to-text.

    `strict` is the only protocol under which a perfect model misses; under the others everything
    that no model can tell apart is right or wrong together.
    """
    if protocol == "strict":
        return _strict_text_to_image(texts), _strict_image_to_text(texts)
    return _perfect(), _perfect()


def _perfect() -> Ranking:
    one = np.ones(1, np.int64)
    return Ranking(one, np.ones(1), one)


def _strict_text_to_image(texts: Texts) -> Ranking:
    """Order the images that bear a text by how often they bear it: no other order hits more."""
    identity, _, copies = _borne(texts)
    order = np.lexsort((-copies, identity))
    identity, copies = identity[order], copies[order]
    starts = np.flatnonzero(np.diff(identity, prepend=-1))
    within = np.arange(len(identity)) - np.repeat(starts, np.diff(starts, append=len(identity)))
    rank = np.repeat(within + 1, copies)
    return Ranking(rank, 1 / rank, np.ones_like(rank))


def _strict_image_to_text(texts: Texts) -> Ranking:
    """Put an image's own texts on top, those with few equals elsewhere first."""
    identity, image, own = _borne(texts)
    elsewhere = np.bincount(texts.identity)[identity] - own
    order = np.lexsort((elsewhere, own, image))
    ends = np.cumsum(np.bincount(image)).tolist()
    groups = list(zip(own[order].tolist(), elsewhere[order].tolist(), strict=True))
    of_image = [tuple(groups[a:b]) for a, b in zip([0, *ends[:-1]], ends, strict=True)]
    return Ranking(
        rank=np.array([1 + min(other for _, other in mine) for mine in of_image], np.int64),
        precision=np.array([best_average_precision(mine) for mine in of_image]),
        relevant=np.bincount(texts.image),
    )


@lru_cache(maxsize=65_536)
def best_average_precision(groups: tuple[Group, ...]) -> float:
    """Return the highest average precision over all orders of groups of equal texts.

    Args:
        groups: (own, elsewhere) of each group, sorted. Those elsewhere tie with the own and stand
            before them.

    Of groups with equally many own texts the one with fewer elsewhere comes first in a best order,
    so only the merging of these queues has to be searched, by dynamic programming.
    """
    queues: dict[int, list[int]] = {}
    for own, elsewhere in groups:
        queues.setdefault(own, []).append(elsewhere)
    best: dict[tuple[int, ...], float] = {}
    for taken in product(*(range(len(queue) + 1) for queue in queues.values())):
        options = [0.0] if not any(taken) else []
        for place, own in enumerate(queues):
            if taken[place]:
                before = (*taken[:place], taken[place] - 1, *taken[place + 1 :])
                options.append(best[before] + _gained(own, taken, queues))
        best[taken] = max(options)
    return best[taken] / sum(own for own, _ in groups)


def _gained(own: int, taken: tuple[int, ...], queues: dict[int, list[int]]) -> float:
    """Sum the precisions of the `own` texts that come last when `taken` have been placed."""
    right = sum(size * count for size, count in zip(queues, taken, strict=True))
    wrong = sum(sum(queue[:count]) for queue, count in zip(queues.values(), taken, strict=True))
    return sum(place / (place + wrong) for place in range(right - own + 1, right + 1))


def _borne(texts: Texts) -> tuple[Integers, Integers, Integers]:
    """Return each (identity, image) that occurs, and how often."""
    images = int(texts.image.max()) + 1
    key, copies = np.unique(texts.identity * images + texts.image, return_counts=True)
    return key // images, key % images, copies
