"""The best hits of a query, ranked again by all its captions.

An aggregated query is one vector: what one caption says and the others do not is averaged away.
The first ranking is kept as a short list, and each image of it is scored by every caption.
"""

import numpy as np
from numpy.typing import NDArray

from wfa.errors import unknown
from wfa.retrieval.embeddings import Floats
from wfa.search.caption_scores import CANDIDATES, RERANKS, caption_scores
from wfa.search.library import Library, Nearest


def search_again(
    library: Library,
    features: Floats,
    captions: Floats,
    how: str,
    top: int,
    kind: str,
    mask: NDArray[np.bool_] | None = None,
) -> Nearest:
    """Search with a query, and rank its short list by all captions.

    Args:
        library: Where to search.
        features: (Q, D) float32, what the first ranking asks with.
        captions: (K, D) float32, the query's captions each by itself.
        how: One of `RERANKS`.
        top: How many images.
        kind: One of the library's kinds of search.
        mask: (M,) which images count; None for all.

    Returns:
        The best `top` of the short list, with the scores that they are ranked by; ties by row.

    Raises:
        ConfigError: There is no such way, or kind of search.
        SearchIndexError: As `Library.search`.
    """
    if how not in RERANKS:
        raise unknown("way to rank again", how, RERANKS)
    if how == "none":
        return library.search(features, top, kind, mask)
    found = library.search(features, max(top, CANDIDATES) if top > 0 else top, kind, mask)
    if not len(found.rows):
        return found
    images = np.concatenate([library.feature(row) for row in found.rows.tolist()])
    scores = caption_scores(captions, images, how)
    order = np.lexsort((found.rows, -scores))[:top]
    return Nearest(found.rows[order], scores[order])
