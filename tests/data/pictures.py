"""Picture files of every kind in memory, made by Pillow, tifffile and by hand."""

import io
import struct
import zlib
from typing import Any

import numpy as np
import tifffile
from numpy.typing import NDArray
from PIL import Image

Pixels = NDArray[Any]


def noise(*shape: int, top: int = 256) -> Pixels:
    """Give random whole numbers below `top`, uint8 where they fit."""
    values = np.random.default_rng(0).integers(0, top, shape)
    return values.astype(np.uint8 if top <= 256 else np.uint16)


def by_pillow(image: Image.Image, kind: str, **options: Any) -> bytes:
    """Write with Pillow."""
    file = io.BytesIO()
    image.save(file, kind, **options)
    return file.getvalue()


def tiff(pixels: Pixels, **options: Any) -> bytes:
    """Write with tifffile."""
    file = io.BytesIO()
    tifffile.imwrite(file, pixels, **options)
    return file.getvalue()


def deep_png(pixels: Pixels, colour: int, depth: int = 16) -> bytes:
    """Write a PNG of 16 bits, which Pillow cannot: colour 0 grey, 2 RGB, 4 grey + alpha, 6 RGBA."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return (
            struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
        )

    rows = b"".join(b"\0" + row.astype(">u2").tobytes() for row in pixels)
    head = struct.pack(">IIBBBBB", pixels.shape[1], pixels.shape[0], depth, colour, 0, 0, 0)
    ends = chunk(b"IHDR", head), chunk(b"IDAT", zlib.compress(rows)), chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + b"".join(ends)
