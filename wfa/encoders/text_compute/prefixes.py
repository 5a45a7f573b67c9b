"""Which positions of a set of token rows have to be computed at all.

In a tower whose attention only looks back, the state at a position depends on the tokens up to
it and on nothing else. Captions that begin with the same words therefore share those states:
"there is a ..." is computed once for a whole batch. The rows form a tree, one node for each
distinct prefix; every dense layer runs on the nodes only.
"""

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor


@dataclass(frozen=True)
class Prefixes:
    """The distinct prefixes of U token rows, and how rows and prefixes map to each other.

    M is the number of distinct prefixes, T the sum of the rows' lengths. The T positions are laid
    out row after row, the rows sorted by length, so that rows of one length form a rectangle.

    Attributes:
        tokens: (M,) int64, the last token of each prefix.
        positions: (M,) int64, its place in the row.
        node_of: (T,) int64, position -> prefix.
        source_of: (M,) int64, prefix -> one position that holds it.
        rectangles: (rows, length) of each run of rows of one length, in layout order.
        ends: (U,) int64, row in layout order -> prefix of its last position.
        rank: (U,) int64, row as given -> row in layout order.
    """

    tokens: Tensor
    positions: Tensor
    node_of: Tensor
    source_of: Tensor
    rectangles: list[tuple[int, int]]
    ends: Tensor
    rank: Tensor


def distinct_prefixes(tokens: NDArray[np.int64], lengths: NDArray[np.int64]) -> Prefixes:
    """Find the distinct prefixes of token rows.

    Args:
        tokens: (U, L), each row's tokens first; what stands behind a row's length is ignored.
        lengths: (U,), from 1 to L.

    Returns:
        The prefixes, with tensors on the CPU.
    """
    inside = np.arange(tokens.shape[1]) < lengths[:, None]
    rows = np.where(inside, tokens, -1)
    node, first = _number(rows, inside)

    layout = np.argsort(lengths, kind="stable")
    node_of = node[layout][inside[layout]]
    nodes = int(first.sum())
    source_of = np.empty(nodes, np.int64)
    source_of[node_of] = np.arange(len(node_of))
    sizes, counts = np.unique(lengths, return_counts=True)
    position = np.broadcast_to(np.arange(tokens.shape[1]), tokens.shape)
    by_node = np.argsort(node[first])
    return Prefixes(
        tokens=torch.from_numpy(rows[first][by_node]),
        positions=torch.from_numpy(position[first][by_node]),
        node_of=torch.from_numpy(node_of),
        source_of=torch.from_numpy(source_of),
        rectangles=list(zip(counts.tolist(), sizes.tolist(), strict=True)),
        ends=torch.from_numpy(node[layout, lengths[layout] - 1]),
        rank=torch.from_numpy(np.argsort(layout)),
    )


def _number(
    rows: NDArray[np.int64], inside: NDArray[np.bool_]
) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
    """Give equal prefixes of rows (U, L) equal numbers.

    Returns:
        The number of the prefix that ends at each position (U, L), -1 outside a row, and which
        positions are the first to hold theirs (U, L).
    """
    order = np.lexsort(rows.T[::-1])
    ordered = rows[order]
    # In sorted order a prefix is new exactly where the row has left the one above it.
    new = np.ones(rows.shape, bool)
    new[1:] = np.logical_or.accumulate(ordered[1:] != ordered[:-1], axis=1)
    new &= inside[order]
    number = np.where(new, np.cumsum(new.ravel()).reshape(new.shape) - 1, -1)
    # Numbers rise down a column, so the largest so far is the prefix shared with the row above.
    number = np.where(inside[order], np.maximum.accumulate(number, axis=0), -1)
    back = np.argsort(order)
    return number[back], new[back]
