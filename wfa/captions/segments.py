"""Flat arrays that hold segments of different lengths, one after the other."""

import numpy as np
from numpy.typing import NDArray

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]


def starts_of(lengths: Ints) -> Ints:
    """Give where each segment (S,) starts."""
    return np.cumsum(lengths) - lengths


def ranges(starts: Ints, lengths: Ints) -> Ints:
    """Join the ranges start..start+length-1 of S segments into one index array."""
    shift = starts - starts_of(lengths)
    return np.arange(int(lengths.sum())) + np.repeat(shift, lengths)


def starts_of_equals(rows: Ints, starts: Ints, lengths: Ints) -> Ints:
    """Give for each segment of `rows` (R, columns) the start of the first one equal to it (S,)."""
    rows = np.ascontiguousarray(rows)
    seen: dict[bytes, int] = {}
    bounds = zip(starts.tolist(), (starts + lengths).tolist(), strict=True)
    equals = (seen.setdefault(rows[start:end].tobytes(), start) for start, end in bounds)
    return np.fromiter(equals, np.int64, len(starts))
