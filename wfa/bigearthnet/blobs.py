"""One patch as a safetensors blob: decoded without a copy, written byte for byte the same."""

import json
from collections.abc import Mapping
from functools import lru_cache
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from safetensors.numpy import save

_DTYPES: Mapping[str, np.dtype[Any]] = {
    "U16": np.dtype("<u2"),
    "F32": np.dtype("<f4"),
    "U8": np.dtype("u1"),
}
_LENGTH = 8  # the blob starts with the length of its header, 64 bits, little end first


class _Entry(NamedTuple):
    dtype: np.dtype[Any]
    shape: tuple[int, ...]
    pixels: int
    offset: int


def decode(blob: memoryview) -> dict[str, NDArray[Any]]:
    """Return the bands of a blob as read-only views into it.

    `safetensors.numpy.load` copies every band; a view costs a fourth of the time. The views are
    valid as long as the blob is: for a value of an LMDB, until its transaction ends.

    Raises:
        ValueError: It is not a safetensors blob, is cut short, or holds another type than
            uint8, uint16 or float32.
    """
    end = _LENGTH + int.from_bytes(blob[:_LENGTH], "little")
    if not _LENGTH < end <= len(blob):
        raise ValueError("it is no safetensors blob, or is cut short")
    layout = _layout(bytes(blob[_LENGTH:end]), len(blob) - end)
    return {
        name: np.frombuffer(blob, entry.dtype, entry.pixels, end + entry.offset).reshape(
            entry.shape
        )
        for name, entry in layout.items()
    }


def encode(bands: Mapping[str, NDArray[Any]]) -> bytes:
    """Return the blob of a patch: band -> array at its native size and type."""
    return save({name: np.ascontiguousarray(array) for name, array in bands.items()})


# Patches of one sensor share their header, so a handful of layouts serves a whole data set.
@lru_cache(maxsize=64)
def _layout(header: bytes, size: int) -> dict[str, _Entry]:
    try:
        entries = json.loads(header)
        layout = {
            name: _entry(entry, size) for name, entry in entries.items() if name != "__metadata__"
        }
    except (AttributeError, KeyError, TypeError, UnicodeDecodeError) as error:
        raise ValueError(f"the header of its safetensors blob is broken ({error})") from error
    return layout


def _entry(entry: Mapping[str, Any], size: int) -> _Entry:
    dtype, shape = _DTYPES[entry["dtype"]], tuple(entry["shape"])
    start, end = entry["data_offsets"]
    pixels = int(np.prod(shape))
    if not 0 <= start <= end <= size or end - start != pixels * dtype.itemsize:
        raise ValueError("the header of its safetensors blob points outside of it")
    return _Entry(dtype, shape, pixels, start)
