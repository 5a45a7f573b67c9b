"""Embeddings made of whole cloth: captions lie around their images, some are shared."""

import numpy as np

from wfa.retrieval.embeddings import Embeddings, Floats


def unit(count: int, width: int = 16, seed: int = 0) -> Floats:
    """Draw directions without any structure."""
    x = np.random.default_rng(seed).standard_normal((count, width), dtype=np.float32)
    return np.asarray(x / np.linalg.norm(x, axis=1, keepdims=True), np.float32)


def embeddings(images: int = 120, width: int = 16, each: int = 3, seed: int = 0) -> Embeddings:
    """Make images with `each` captions; the first caption of two neighbours is the same."""
    gallery = unit(images, width, seed)
    index = np.repeat(np.arange(images), each)
    captions = gallery[index] + 0.7 * unit(len(index), width, seed + 1)
    ids = np.arange(len(index))
    twins = np.arange(each, len(index), 2 * each)
    ids[twins] = ids[twins - each]
    captions = captions[ids]
    captions /= np.linalg.norm(captions, axis=1, keepdims=True)
    mean = captions.reshape(images, each, width).mean(axis=1)
    mean /= np.linalg.norm(mean, axis=1, keepdims=True)
    names = tuple(f"{place}.png" for place in range(images))
    return Embeddings(gallery, captions, index, ids, mean, names)
