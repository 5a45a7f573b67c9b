"""Arithmetic over rows that share an index: the captions of one image."""

import torch
from torch import Tensor


def segment_sum(values: Tensor, index: Tensor, segments: int) -> Tensor:
    """Add rows that share an index.

    Args:
        values: (N, ...).
        index: (N,) int64 in [0, segments).
        segments: S.

    Returns:
        (S, ...), the same dtype.
    """
    return values.new_zeros((segments, *values.shape[1:])).index_add(0, index, values)


def segment_softmax(scores: Tensor, index: Tensor, segments: int) -> Tensor:
    """Softmax over the rows that share an index, stable for any finite scores.

    Args:
        scores: (N, ...).
        index: (N,) int64 in [0, segments); every segment has a row.
        segments: S.

    Returns:
        (N, ...), sums to 1 over each segment.
    """
    shape = (segments, *scores.shape[1:])
    place = index.view(-1, *[1] * (scores.dim() - 1)).expand_as(scores)
    highest = scores.new_full(shape, -torch.inf).scatter_reduce(0, place, scores.detach(), "amax")
    powers = torch.exp(scores - highest.index_select(0, index))
    return powers / segment_sum(powers, index, segments).index_select(0, index)


def at_least_float32(values: Tensor) -> Tensor:
    """Return half precision as float32 and anything wider as it is."""
    return values.float() if values.dtype in (torch.float16, torch.bfloat16) else values
