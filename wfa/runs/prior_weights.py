"""Importance weights known from the text: computed once for a data set, then read from disk."""

import hashlib
import inspect
import json
from collections.abc import Sequence
from dataclasses import asdict
from functools import partial
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from wfa import captions
from wfa.data.arrays import mapped
from wfa.data.dataset import ImageTextDataset
from wfa.data.loader import Weigh
from wfa.files import atomic_write
from wfa.plugins import Choice

_AT_ONCE = 1 << 14
"""Images whose captions are held at once where a data set makes them on access."""


def prior_weights(
    aggregation: Choice, dataset: ImageTextDataset, cache: Path | None
) -> NDArray[np.float64] | None:
    """Return the weights of a split's captions under a technique.

    Args:
        aggregation: The technique and its options; its `prior_weights` computes.
        dataset: The split; N captions.
        cache: Folder of caches, or None to keep nothing.

    Returns:
        (N,) sum 1 for each image, or None where the technique asks for uniform weights.
    """
    if not _weighs_texts(aggregation):
        return None

    def compute() -> NDArray[np.float64]:
        texts = dataset.captions
        parts = range(0, len(texts), _AT_ONCE)
        return np.concatenate(
            [_weigh(aggregation, texts[start : start + _AT_ONCE]) for start in parts]
        )

    if cache is None:
        return compute()
    what = [_sources(aggregation), dataset.checksum, aggregation.name, asdict(aggregation.options)]
    key = hashlib.sha256(json.dumps(what, sort_keys=True).encode()).hexdigest()[:16]
    path = cache / "weights" / f"{dataset.name}-{dataset.split}-{key}.npy"
    cached = mapped(path, sum(map(len, dataset.captions))) if path.is_file() else None
    if cached is not None:
        return np.array(cached.values, np.float64)
    weights = compute()
    with atomic_write(path) as temporary, temporary.open("wb") as file:
        np.save(file, weights, allow_pickle=False)
    return weights


def image_weights(aggregation: Choice) -> Weigh | None:
    """Return what computes the weights of one image's captions, for data sets of too many texts.

    Returns:
        The same as `prior_weights` has for the image; None where weights are uniform.
    """
    return partial(_weigh_one, aggregation) if _weighs_texts(aggregation) else None


def _weighs_texts(aggregation: Choice) -> bool:
    """Say whether a technique weighs by the text at all, by asking it about one."""
    asked = aggregation.plugin().prior_weights(aggregation.options, [("any text",)])
    return asked is not None


def _weigh_one(aggregation: Choice, texts: Sequence[str]) -> NDArray[np.float64]:
    return _weigh(aggregation, [texts])


def _weigh(aggregation: Choice, texts: Sequence[Sequence[str]]) -> NDArray[np.float64]:
    weights: NDArray[np.float64] = aggregation.plugin().prior_weights(aggregation.options, texts)
    return weights


def _sources(aggregation: Choice) -> str:
    """Hash the code that computes weights, so that an edited formula never finds old ones."""
    files = [Path(inspect.getfile(aggregation.plugin()))]
    files += sorted(Path(captions.__path__[0]).glob("*.py"))
    return hashlib.sha256(b"".join(file.read_bytes() for file in files)).hexdigest()
