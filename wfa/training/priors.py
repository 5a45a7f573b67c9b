"""Importance weights known from the text: computed once for a data set, then read from disk."""

import hashlib
import inspect
import json
from dataclasses import asdict
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from wfa import captions
from wfa.data.dataset import ImageTextDataset
from wfa.files import atomic_write
from wfa.plugins import Choice


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

    def compute() -> NDArray[np.float64] | None:
        weights: NDArray[np.float64] | None = aggregation.plugin().prior_weights(
            aggregation.options, dataset.captions
        )
        return weights

    if cache is None:
        return compute()
    what = [_sources(aggregation), dataset.checksum, aggregation.name, asdict(aggregation.options)]
    key = hashlib.sha256(json.dumps(what, sort_keys=True).encode()).hexdigest()[:16]
    path = cache / "weights" / f"{dataset.name}-{dataset.split}-{key}.npy"
    if path.is_file():
        cached: NDArray[np.float64] = np.load(path, allow_pickle=False)
        return cached
    weights = compute()
    if weights is not None:
        with atomic_write(path) as temporary, temporary.open("wb") as file:
            np.save(file, weights, allow_pickle=False)
    return weights


def _sources(aggregation: Choice) -> str:
    """Hash the code that computes weights, so that an edited formula never finds old ones."""
    files = [Path(inspect.getfile(aggregation.plugin()))]
    files += sorted(Path(captions.__path__[0]).glob("*.py"))
    return hashlib.sha256(b"".join(file.read_bytes() for file in files)).hexdigest()
