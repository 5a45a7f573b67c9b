"""The best that any model could reach, whatever it learnt.

Equal captions get equal scores from every model. Where a protocol counts only one of the images
that bear a caption as right, even a perfect model must therefore miss. A model here is any score
of a text and an image; an aggregation sees the captions of an image as a bag, without their order.

Each value is a bound of its own: the one model that reaches the best R@1 need not be the one that
reaches the best mAP, nor is one model good for both directions.
"""

from dataclasses import dataclass
from functools import lru_cache
from itertools import product

import numpy as np

from wfa.retrieval.embeddings import Integers
from wfa.retrieval.metrics import Ranked
from wfa.retrieval.ranks import Ranking
from wfa.retrieval.relevance import Texts
from wfa.retrieval.ties import EXPECTED, WORST, Reals

Group = tuple[int, int]
"""Equal texts as one image sees them: how many are its own, how many are elsewhere."""


def oracle_rankings(protocol: str, texts: Texts) -> tuple[Ranked, Ranked]:
    """Return the best rankings, text-to-image and image-to-text.

    `strict` is the only protocol under which a perfect model misses; under the others everything
    that no model can tell apart is right or wrong together.
    """
    if protocol == "strict":
        return _strict_text_to_image(texts), _strict_image_to_text(texts)
    return _perfect(), _perfect()


def _perfect() -> Ranking:
    one = np.ones(1, np.int64)
    return Ranking.without_ties(one, np.ones(1), one)


def _strict_text_to_image(texts: Texts) -> Ranking:
    """Order the images that bear a text by how often they bear it: no other order hits more."""
    identity, _, copies = _borne(texts)
    order = np.lexsort((-copies, identity))
    identity, copies = identity[order], copies[order]
    starts = np.flatnonzero(np.diff(identity, prepend=-1))
    within = np.arange(len(identity)) - np.repeat(starts, np.diff(starts, append=len(identity)))
    rank = np.repeat(within + 1, copies)
    return Ranking.without_ties(rank, 1 / rank, np.ones_like(rank))


@dataclass(frozen=True, eq=False)
class _BestGroupFirst:
    """For each of M images the best that any order of its groups of equal texts reaches.

    Attributes:
        groups: (G,) each group by itself, as if it came first; its own texts tie with the others.
        starts: (M,) the first group of each image.
        of_image: The groups of each image, sorted.
    """

    groups: Ranking
    starts: Integers
    of_image: list[tuple[Group, ...]]

    def ranks(self, ties: str = WORST) -> Reals:
        return np.asarray(np.minimum.reduceat(self.groups.ranks(ties), self.starts))

    def hits(self, k: int, ties: str = WORST) -> Reals:
        return np.asarray(np.maximum.reduceat(self.groups.hits(k, ties), self.starts))

    def precision(self, ties: str = WORST) -> Reals:
        return np.array([best_average_precision(mine, ties) for mine in self.of_image])


def _strict_image_to_text(texts: Texts) -> _BestGroupFirst:
    """Gather the groups of equal texts of each image: how many are its own, and elsewhere."""
    identity, image, own = _borne(texts)
    elsewhere = np.bincount(texts.identity)[identity] - own
    order = np.lexsort((elsewhere, own, image))
    own, elsewhere = own[order], elsewhere[order]
    ends = np.cumsum(np.bincount(image))
    starts = np.concatenate(([0], ends[:-1]))
    none, unused = np.zeros(len(own), np.int64), np.zeros(len(own))
    pairs = list(zip(own.tolist(), elsewhere.tolist(), strict=True))
    return _BestGroupFirst(
        Ranking(none, elsewhere, own, own, unused, unused, unused),
        starts,
        [tuple(pairs[a:b]) for a, b in zip(starts.tolist(), ends.tolist(), strict=True)],
    )


@lru_cache(maxsize=65_536)
def best_average_precision(groups: tuple[Group, ...], ties: str = WORST) -> float:
    """Return the highest average precision over all orders of groups of equal texts.

    Args:
        groups: (own, elsewhere) of each group, sorted. Those elsewhere tie with the own.
        ties: The rule of ties.

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
                last = queues[own][taken[place] - 1]
                options.append(best[before] + _gained(own, last, before, queues, ties))
        best[taken] = max(options)
    return best[taken] / sum(own for own, _ in groups)


def _gained(
    own: int, elsewhere: int, before: tuple[int, ...], queues: dict[int, list[int]], ties: str
) -> float:
    """Sum the precisions of a group's `own` texts that follow the groups of `before`."""
    right = sum(size * count for size, count in zip(queues, before, strict=True))
    wrong = sum(sum(queue[:count]) for queue, count in zip(queues.values(), before, strict=True))
    if ties == EXPECTED:
        tied = own + elsewhere
        slope = (own - 1) / max(tied - 1, 1)
        return (
            own
            / tied
            * sum(
                (right + 1 + slope * place) / (right + wrong + 1 + place) for place in range(tied)
            )
        )
    wrong += elsewhere if ties == WORST else 0
    return sum(place / (place + wrong) for place in range(right + 1, right + own + 1))


def _borne(texts: Texts) -> tuple[Integers, Integers, Integers]:
    """Return each (identity, image) that occurs, and how often."""
    images = int(texts.image.max()) + 1
    key, copies = np.unique(texts.identity * images + texts.image, return_counts=True)
    return key // images, key % images, copies
