"""Features that no model gave: captions around their images, for what only their number bounds."""

import numpy as np

from wfa.retrieval.embeddings import Embeddings, Floats


def drawn_features(count: int, texts: int, width: int, share: float) -> Embeddings:
    """Draw captions around their images.

    Args:
        count: M, images.
        texts: N captions, as many of each image.
        width: D.
        share: Of its image in a caption, whose own part has coordinates of standard deviation 1.
    """
    rng = np.random.default_rng(0)
    index = np.repeat(np.arange(count), texts // count)
    images = rng.standard_normal((count, width), dtype=np.float32)
    captions = rng.standard_normal((texts, width), dtype=np.float32)
    captions += np.float32(share) * images[index]
    aggregated = captions.reshape(count, -1, width).mean(1)
    names = tuple(map(str, range(count)))
    return Embeddings(unit_rows(images), unit_rows(captions), index, np.arange(texts),
                      unit_rows(aggregated), names)  # fmt: skip


def unit_rows(x: Floats) -> Floats:
    """Scale rows to length 1."""
    return np.asarray(x / np.linalg.norm(x, axis=1, keepdims=True), np.float32)
