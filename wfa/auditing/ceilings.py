"""The best that any model can reach where images share captions."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from wfa.auditing.shared_captions import caption_rows
from wfa.captions.segments import starts_of
from wfa.retrieval.metrics import KS


@dataclass(frozen=True, slots=True)
class Ceiling:
    """Strict text-to-image R@k of a model that knows every image's captions.

    Attributes:
        best: No model reaches more. Images that bear one caption are told apart by nothing but how
            often they bear it, and the ranking puts those with most copies first.
        expected: The same model with images that bear the caption in random order.
    """

    best: float
    expected: float


def text_to_image_ceilings(
    captions: Sequence[Sequence[str]], ks: Sequence[int] = KS, lowercase: bool = True
) -> dict[int, Ceiling]:
    """Give the ceiling of strict text-to-image R@k by caption identity.

    Every caption is a query and only its own image counts. Queries with equal captions (after
    folding) have one ranking, so of m images that bear a caption only k are in its top k.

    Args:
        captions: B images.
        ks: Values of k.
        lowercase: Fold case too.

    Returns:
        k -> ceiling, fractions; 0 without captions.
    """
    rows = caption_rows(captions, lowercase)
    queries = max(len(rows.ids), 1)
    order = np.lexsort((-rows.row_copies, rows.row_id))
    bearers = rows.bearers()
    place = np.arange(len(order)) - starts_of(bearers)[rows.row_id[order]]
    copies = rows.row_copies[order]
    ceilings = {}
    for k in ks:
        chance = np.minimum(k / bearers, 1.0)[rows.ids]
        best = int(copies[place < k].sum())
        ceilings[k] = Ceiling(best=best / queries, expected=float(chance.sum()) / queries)
    return ceilings
