"""Graded retrieval: images that share labels with the wanted one count in part (nDCG@K)."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from wfa.bigearthnet.archives import METADATA
from wfa.retrieval.embeddings import Embeddings
from wfa.retrieval.graded import gains_of_labels, graded_metrics

K = 10


def label_sets(folder: Path, patch_ids: Sequence[str]) -> list[frozenset[str]] | None:
    """Return the land-cover labels of patches from the metadata of BigEarthNet v2.

    Returns:
        One set each patch; None where the metadata are not there or lack a patch.
    """
    found: dict[str, frozenset[str]] = {}
    for path in (folder / name for name in METADATA):
        if path.is_file() and {"patch_id", "labels"} <= set(pq.read_schema(path).names):
            table = pq.read_table(path, columns=["patch_id", "labels"])
            own = table.filter(pc.is_in(table["patch_id"].cast(pa.string()), pa.array(patch_ids)))
            rows = zip(own["patch_id"].to_pylist(), own["labels"].to_pylist(), strict=True)
            found.update({patch: frozenset(labels) for patch, labels in rows})
    if not set(patch_ids) <= found.keys():
        return None
    return [found[patch] for patch in patch_ids]


def graded_text_to_image(
    embeddings: Embeddings, labels: Sequence[frozenset[str]], k: int = K
) -> Mapping[str, float]:
    """Return nDCG@k of text-to-image retrieval for both kinds of query, 0 to 1.

    The gain of an image is the overlap of its labels with those of the query's own image.

    Args:
        embeddings: M images and their texts.
        labels: The label set of each image.
        k: How many images count.
    """
    queries = {
        "single": (embeddings.captions, embeddings.image_index),
        "aggregated": (embeddings.aggregated, np.arange(len(labels))),
    }
    return {
        name: graded_metrics(embeddings.images, features, gains_of_labels(labels, own), (k,))[
            f"nDCG@{k}"
        ]
        for name, (features, own) in queries.items()
    }
