"""The distinct captions of each image."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from wfa.captions.folding import fold_all
from wfa.captions.segments import Ints
from wfa.numbering import distinct


@dataclass(frozen=True, slots=True)
class DistinctCaptions:
    """The distinct captions of B images: R rows, images in order.

    Attributes:
        texts: U distinct strings.
        folded: The same, folded.
        same: Id of each text (U,); texts that count as one caption share it.
        image: Image of each row (R,), not decreasing.
        text: Index of the text that stands for the row (R,): of several spellings, the one that
            sorts first.
        copies: Captions of the image that the row stands for (R,).
        row_of: Row of each caption (N,), images in order, then captions.
    """

    texts: list[str]
    folded: list[str]
    same: Ints
    image: Ints
    text: Ints
    copies: Ints
    row_of: Ints


def distinct_captions(
    captions: Sequence[str], counts: Ints, merge: bool = True, lowercase: bool = True
) -> DistinctCaptions:
    """Group the equal captions of each image.

    Args:
        captions: N captions, images in order.
        counts: Captions of each image (B,); they sum to N.
        merge: Equal after folding, or else equal as strings.
        lowercase: Fold case too.
    """
    texts, text_of = distinct(captions)
    folded = fold_all(texts, lowercase)
    same = np.arange(len(texts))
    if merge:
        same = distinct(folded)[1]
        places = _sorted_spellings(texts, same)
        texts = [texts[place] for place in places.tolist()]
        text_of = np.argsort(places)[text_of]
    keys = np.repeat(np.arange(len(counts)), counts) * max(len(texts), 1) + same[text_of]
    rows, row_of, copies = np.unique(keys, return_inverse=True, return_counts=True)
    text = np.full(len(rows), len(texts))
    np.minimum.at(text, row_of, text_of)
    image = rows // max(len(texts), 1)
    return DistinctCaptions(texts, folded, same, image, text, copies, row_of)


def _sorted_spellings(texts: list[str], same: Ints) -> Ints:
    """Give an order (U,) in which the texts of one id are sorted and all others stay in place."""
    order = np.arange(len(texts))
    spellings: defaultdict[int, list[int]] = defaultdict(list)
    for place in np.flatnonzero(np.bincount(same)[same] > 1).tolist():
        spellings[int(same[place])].append(place)
    for places in spellings.values():
        order[places] = sorted(places, key=texts.__getitem__)
    return order
