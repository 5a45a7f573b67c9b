"""Inverted lists on a disk: an index of more vectors than memory holds, built shard by shard."""

import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Protocol

import faiss
import numpy as np

from wfa.errors import SearchIndexError
from wfa.files import atomic_write, write_text
from wfa.progress import track
from wfa.retrieval.embeddings import Floats
from wfa.retrieval.exact_search import check_vectors
from wfa.search.indexes.disk_lists import lists_of, write_lists
from wfa.search.indexes.factory import centroids_of, new_index, sample_rows, train_index
from wfa.search.indexes.index_store import save_index
from wfa.search.indexes.vector_index import ADDED_AT_ONCE, VectorIndex

SHARD = 1_000_000
"""Vectors whose codes are in memory at once."""
_WORK = "building"
_PLAN, _TRAINED, _LISTS = "plan.json", "trained.faiss", "merged.lists"


class Vectors(Protocol):
    """What gives its rows by a slice: an array, a memory map, a data set of HDF5 or Zarr."""

    @property
    def shape(self) -> tuple[int, ...]:
        """(N, D)."""
        ...

    def __getitem__(self, rows: slice, /) -> Any: ...


def build_on_disk(
    factory: str,
    vectors: Vectors,
    folder: Path,
    *,
    content: str,
    model: str | None = None,
    shard_size: int = SHARD,
    seed: int = 0,
) -> Path:
    """Build an index of inverted lists that stay on the disk, and save it for `load_index`.

    Memory holds the codes of one shard, whatever N is; the disk needs twice the room of all codes
    while shards are merged. An interrupted build of the same vectors goes on from its last shard.

    Args:
        factory: A FAISS factory string with lists of plain codes, such as `IVF4096,SQ8` or
            `OPQ32,IVF4096,PQ32`.
        vectors: (N, D), float16 or float32; the index knows them by their row.
        folder: Where the index goes. One that is there is replaced when the new one is whole.
        content: What tells these vectors from others, such as a digest of them.
        model: Checksum of the model that made the vectors.
        shard_size: Vectors of a shard, at least 1.
        seed: Of the sample to train on.

    Returns:
        The path of `index.json`.

    Raises:
        SearchIndexError: The string has no such lists, there are too few vectors, or they are not
            finite.
        UserError: The disk is full or the folder may not be written to.
    """
    count, dimension = vectors.shape
    index = new_index(factory, dimension)
    if lists_of(index) is None:
        raise SearchIndexError(
            f"the index {factory!r} has no inverted lists of plain codes, which alone can stay on "
            "a disk: take a string such as IVF4096,SQ8 or OPQ32,IVF4096,PQ32"
        )
    work = folder / _WORK
    _begin(work, {"factory": factory, "vectors": [count, dimension], "content": content,
                  "shard_size": shard_size, "seed": seed})  # fmt: skip
    trained = work / _TRAINED
    if not trained.is_file():
        train_index(index, _sample(vectors, sample_rows(count, centroids_of(index), seed)))
        _write(index, trained)
    shards = [work / f"shard-{start:012}.faiss" for start in range(0, count, shard_size)]
    for place, path in enumerate(track(shards, "building shards")):
        if not path.is_file():
            start = place * shard_size
            _write(_shard(trained, vectors, start, min(start + shard_size, count)), path)
    # Mapped: the system takes their pages back when it needs memory.
    parts = [faiss.read_index(str(path), faiss.IO_FLAG_MMAP) for path in shards]
    with atomic_write(work / _LISTS) as temporary:
        sizes = write_lists(temporary, parts)
    empty = VectorIndex(faiss.read_index(str(trained)), factory)
    sidecar = save_index(empty, folder, model, (work / _LISTS, sizes))
    shutil.rmtree(work)
    return sidecar


def _begin(work: Path, plan: dict[str, Any]) -> None:
    """Note what is built; what was left of another build is removed."""
    text = json.dumps(plan) + "\n"
    path = work / _PLAN
    if not path.is_file() or path.read_text(encoding="utf-8") != text:
        shutil.rmtree(work, ignore_errors=True)
        write_text(path, text)


def _blocks(vectors: Vectors, start: int, stop: int) -> Iterator[tuple[int, Floats]]:
    """Give rows from start to stop in blocks of float32, each with its first row."""
    for first in range(start, stop, ADDED_AT_ONCE):
        block = np.asarray(vectors[first : min(first + ADDED_AT_ONCE, stop)])
        block = np.ascontiguousarray(block, np.float32)
        check_vectors(f"the vectors from row {first}", block)
        yield first, block


def _sample(vectors: Vectors, rows: Any) -> Floats:
    """Read rows, which are sorted, in one pass."""
    found = np.empty((len(rows), vectors.shape[1]), np.float32)
    for first, block in _blocks(vectors, 0, vectors.shape[0]):
        begin, end = np.searchsorted(rows, (first, first + len(block)))
        found[begin:end] = block[rows[begin:end] - first]
    return found


def _shard(trained: Path, vectors: Vectors, start: int, stop: int) -> Any:
    index: Any = faiss.read_index(str(trained))
    for first, block in _blocks(vectors, start, stop):
        index.add_with_ids(block, np.arange(first, first + len(block)))
    return index


def _write(index: Any, path: Path) -> None:
    with atomic_write(path) as temporary:
        faiss.write_index(index, str(temporary))
