"""How well images fit all captions of a query, each by itself."""

import numpy as np

from wfa.retrieval.counts import score_matrix
from wfa.retrieval.embeddings import Floats

RERANKS = ("none", "mean", "max_similarity")
"""How an image of the short list is scored: as it was, or by the mean or the best of the captions'
similarities."""
CANDIDATES = 100
"""Images of the short list, where not more are asked for."""


def caption_scores(captions: Floats, images: Floats, how: str) -> Floats:
    """Score images by all captions of a query.

    Args:
        captions: (K, D) float32, of length 1.
        images: (C, D) float32, of length 1.
        how: `mean` or `max_similarity`.

    Returns:
        (C,) float32.

    >>> eye = np.eye(3, dtype=np.float32)
    >>> caption_scores(eye[:2], eye, "mean").tolist()
    [0.5, 0.5, 0.0]
    >>> caption_scores(eye[:2], eye, "max_similarity").tolist()
    [1.0, 1.0, 0.0]
    """
    scores = score_matrix(captions, images)
    return np.asarray(scores.mean(axis=0) if how == "mean" else scores.max(axis=0), np.float32)
