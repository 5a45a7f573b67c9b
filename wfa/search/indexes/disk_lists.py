"""The inverted lists of an index as a file, which a search maps and reads in part."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import faiss
import numpy as np

from wfa.errors import SearchIndexError
from wfa.retrieval.embeddings import Integers

_ID = 8
"""Bytes of an id; a list is its codes, then its ids."""


def lists_of(index: Any) -> Any:
    """Return FAISS's inverted lists of plain codes of an index; None where it has none.

    Those of fast scans lie in blocks, which no file of lists can hold.
    """
    ivf: Any = faiss.try_extract_index_ivf(index)
    lists = None if ivf is None else faiss.downcast_InvertedLists(ivf.invlists)
    return lists if isinstance(lists, faiss.ArrayInvertedLists) else None


def write_lists(path: Path, parts: Sequence[Any]) -> Integers:
    """Write the lists of several indexes as one file, each list in one piece.

    Args:
        path: The file.
        parts: Indexes with lists of plain codes, trained alike.

    Returns:
        (L,) how many vectors each list has.
    """
    sources: list[Any] = [faiss.extract_index_ivf(part).invlists for part in parts]
    sizes = np.zeros(sources[0].nlist, np.int64)
    with path.open("wb") as file:
        for number in range(len(sizes)):
            for ids in (False, True):
                for lists in sources:
                    count = lists.list_size(number)
                    if ids:
                        values = faiss.rev_swig_ptr(lists.get_ids(number), count)
                        sizes[number] += count
                    else:
                        codes = lists.get_codes(number)
                        values = faiss.rev_swig_ptr(codes, count * lists.code_size)
                    file.write(values.data)
    return sizes


def attach_lists(index: Any, path: Path, sizes: Integers) -> None:
    """Let an empty index read the lists of a file.

    Raises:
        SearchIndexError: The file is not one of these lists.
    """
    lists: Any = lists_of(index)
    if lists is None or index.ntotal or lists.nlist != len(sizes):
        raise SearchIndexError(f"{path} holds no lists of its index: index again")
    code_size, total = int(lists.code_size), int(sizes.sum())
    if path.stat().st_size != total * (code_size + _ID) or (sizes < 0).any():
        raise SearchIndexError(f"{path} holds other lists than its index knows: index again")
    mapped: Any = faiss.OnDiskInvertedLists(len(sizes), code_size, str(path))
    counts = sizes.astype(np.uint64)  # a name of its own: FAISS is handed the bare address
    mapped.set_all_lists_sizes(faiss.swig_ptr(counts))
    mapped.totsize, mapped.read_only = path.stat().st_size, True
    mapped.do_mmap()
    ivf: Any = faiss.extract_index_ivf(index)
    ivf.replace_invlists(mapped, True)
    mapped.this.disown()
    index.ntotal = ivf.ntotal = total
