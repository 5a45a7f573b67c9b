"""From the bytes of an image file to pixels, with a reason when that is not possible."""

import io
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, UnidentifiedImageError

_DEEP_MODES = ("I", "F", "I;16", "I;16B", "I;16L", "I;16N")
"""Pillow's modes of more than 8 bits: turning them into RGB would clip, so they are refused."""


class BadImageError(Exception):
    """An image cannot be read; the message is the reason, to be put after the image's name."""


class NoBytesError(BadImageError):
    """There are no bytes to decode: the file is missing or may not be read."""


def decode_image(content: bytes) -> NDArray[np.uint8]:
    """Decode a picture file held in memory.

    Args:
        content: The whole file: JPEG, PNG, TIFF or what else Pillow reads.

    Returns:
        (H, W, 3) uint8, RGB; a grey picture repeated three times, transparency dropped.

    Raises:
        BadImageError: It is empty, not an image, truncated, or deeper than 8 bits.
    """
    if not content:
        raise BadImageError("is empty")
    try:
        with Image.open(io.BytesIO(content)) as image:
            return _rgb(image)
    except BadImageError:
        raise
    except UnidentifiedImageError as error:
        raise BadImageError("is not an image") from error
    # Pillow's decoders raise whatever the broken bytes lead them to: OSError, SyntaxError,
    # struct.error, zlib.error, ValueError and more.
    except Exception as error:
        truncated = "truncated" in str(error).lower() or isinstance(error, EOFError)
        reason = "is truncated" if truncated else f"cannot be decoded ({error})"
        raise BadImageError(reason) from error


def _rgb(image: Any) -> NDArray[np.uint8]:
    if image.mode in _DEEP_MODES:
        raise BadImageError(f"has pixels of more than 8 bits (mode {image.mode}): convert it")
    pixels: NDArray[np.uint8] = np.asarray(image.convert("RGB"))
    return pixels
