"""Indexes larger than memory: built in shards, merged by FAISS's own tools, searched on disk."""

from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

import faiss
import numpy as np
from faiss.contrib.ondisk import merge_ondisk

from wfa.errors import SearchIndexError
from wfa.retrieval.embeddings import Floats
from wfa.retrieval.exact_search import check_vectors
from wfa.search.indexes.factory import (
    centroids_of,
    new_index,
    quiet,
    sample_rows,
    train_index,
)

LISTS = "lists.ivfdata"
TRAINED = "trained.faiss"
MERGED = "merged.faiss"


def build_shards(
    factory: str, vectors: Floats, folder: Path, shards: int, seed: int = 0
) -> list[Path]:
    """Train once, then write one index for each part of the vectors; one is in memory at a time.

    Args:
        factory: A FAISS factory string with inverted lists (IVF).
        vectors: (N, D) float32, such as a memory map; ids are places, 0..N-1.
        folder: Where `trained.faiss` and `shard-*.faiss` go; made when it is missing.
        shards: At least 1; how many parts.
        seed: Of the training sample.

    Raises:
        SearchIndexError: The string has no inverted lists or is not known, there are too few
            training points, or vectors are not finite.
    """
    index = new_index(factory, vectors.shape[1])
    if faiss.try_extract_index_ivf(index) is None:
        raise SearchIndexError(
            f"{factory!r} has no inverted lists: only IVF indexes are built in shards and on disk"
        )
    sample = vectors[sample_rows(len(vectors), centroids_of(index), seed)]
    check_vectors("the training points", sample)
    train_index(index, sample)
    folder.mkdir(parents=True, exist_ok=True)
    faiss.write_index(index, str(folder / TRAINED))
    edges = np.linspace(0, len(vectors), max(shards, 1) + 1).astype(np.int64)
    paths = []
    for place, (start, end) in enumerate(pairwise(edges)):
        part = np.ascontiguousarray(vectors[start:end])
        check_vectors(f"vectors {start} to {end}", part)
        shard = faiss.read_index(str(folder / TRAINED))
        shard.add_with_ids(part, np.arange(start, end))
        paths.append(folder / f"shard-{place:04d}.faiss")
        faiss.write_index(shard, str(paths[-1]))
    return paths


def merge_on_disk(folder: Path, shards: Sequence[Path]) -> Any:
    """Merge shards into one index whose inverted lists stay in a file (`OnDiskInvertedLists`).

    Args:
        folder: Holds `trained.faiss`; `merged.faiss` and its `lists.ivfdata` go there.
        shards: Indexes that `build_shards` wrote there.

    Returns:
        FAISS's index, as `read_on_disk` gives it.

    Raises:
        SearchIndexError: The index cannot leave its lists on disk.
    """
    index = faiss.read_index(str(folder / TRAINED))
    if isinstance(faiss.downcast_index(faiss.extract_index_ivf(index)), faiss.IndexIVFFastScan):
        raise SearchIndexError("fast-scan indexes keep their lists in memory: use Flat, SQ or PQ")
    with quiet():
        merge_ondisk(index, [str(path) for path in shards], str(folder / LISTS))
    faiss.write_index(index, str(folder / MERGED))
    return read_on_disk(folder / MERGED)


def read_on_disk(path: Path) -> Any:
    """Open an index whose inverted lists stay in the file beside it, wherever both were moved."""
    with quiet():
        return faiss.read_index(str(path), faiss.IO_FLAG_ONDISK_SAME_DIR | faiss.IO_FLAG_READ_ONLY)


def merge_in_memory(folder: Path, shards: Sequence[Path]) -> Any:
    """Merge shards into one index in memory (FAISS's `merge_from`); ids stay as they are."""
    index = faiss.read_index(str(folder / TRAINED))
    for path in shards:
        index.merge_from(faiss.read_index(str(path)), 0)
    return index
