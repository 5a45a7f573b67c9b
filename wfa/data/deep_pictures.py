"""Pictures of more than 8 bits: their values as they are stored, and one rule that shows them."""

import io
import zlib
from typing import Any

import numpy as np
import tifffile
from numpy.typing import NDArray
from PIL import Image

from wfa.data.picture_layout import PNG_MAGIC, TIFF_MAGIC

PERCENTILES = (2, 98)
"""Of all finite values of a picture: what becomes black and what becomes white."""

_MINIS_WHITE = 0
_GREY_ALPHA, _RED_GREEN_BLUE_ALPHA = 4, 6  # colour types of PNG
_ORIENTATION = 0x0112


def read_deep(content: bytes) -> tuple[NDArray[Any], int]:
    """Read a grey or RGB picture of more than 8 bits.

    Args:
        content: The whole file: TIFF, PNG, or one that Pillow keeps the values of.

    Returns:
        (H, W, 1) or (H, W, 3) of its own type, and its EXIF orientation, 1 to 8.

    Raises:
        ValueError: No reader here keeps its values.
        Exception: The file is damaged; whatever the decoder makes of that.
    """
    if content.startswith(TIFF_MAGIC):
        return _tiff(content)
    with Image.open(io.BytesIO(content)) as image:
        if content.startswith(PNG_MAGIC) and not image.mode.startswith("I"):
            values = _png(content)
        elif image.mode == "RGB":
            raise ValueError("colours of more than 8 bits are read from TIFF and PNG only")
        else:
            values = np.asarray(image)
        orientation = image.getexif().get(_ORIENTATION, 1)
    return _colours(values), orientation


def stretch(values: NDArray[Any]) -> NDArray[np.uint8]:
    """Scale values to 8 bits between two percentiles, all bands alike so that colours stay.

    Args:
        values: (H, W, 1) or (H, W, 3), any type of number; what is not finite becomes black.

    Returns:
        (H, W, 3) uint8.

    Raises:
        ValueError: No value is finite, or the two percentiles are equal: there is nothing to show.
    """
    return scale_between(values, *stretch_limits(values[np.isfinite(values)]))


def stretch_limits(values: NDArray[Any]) -> tuple[float, float]:
    """Return what becomes black and what becomes white: two percentiles of finite values (N,).

    Raises:
        ValueError: There is no value, or the two percentiles are equal: there is nothing to show.
    """
    if not values.size:
        raise ValueError("all its values are NaN or infinite")
    low, high = map(float, np.percentile(values, PERCENTILES))
    if not 0 < high - low < np.inf:
        raise ValueError(f"nearly all its values are {low:g}: there is nothing to show")
    return low, high


def scale_between(values: NDArray[Any], low: float, high: float) -> NDArray[np.uint8]:
    """Scale values to 8 bits: `low` and what is not finite becomes 0, `high` 255.

    Args:
        values: (H, W, 1) or (H, W, 3), any type of number.
        low: What becomes black.
        high: What becomes white, above `low`.

    Returns:
        (H, W, 3) uint8.
    """
    finite = np.isfinite(values)
    scaled = (np.where(finite, values, low).astype(np.float64) - low) / (high - low)
    shown = np.rint(np.clip(scaled, 0.0, 1.0) * 255).astype(np.uint8)
    return np.ascontiguousarray(np.broadcast_to(shown, (*values.shape[:2], 3)))


def _tiff(content: bytes) -> tuple[NDArray[Any], int]:
    with tifffile.TiffFile(io.BytesIO(content)) as file:
        page: Any = file.pages.first
        values = page.asarray()
        if page.axes.startswith("S"):
            values = np.moveaxis(values, 0, -1)
        if int(page.photometric or 0) == _MINIS_WHITE and "PhotometricInterpretation" in page.tags:
            values = values.max() - values
        tag = page.tags.get(_ORIENTATION)
        return _colours(values), 1 if tag is None else int(tag.value)


def _png(content: bytes) -> NDArray[Any]:
    """Read 16 bits of each band; Pillow keeps those of grey, and of colours the high byte only."""
    if content[25] == _GREY_ALPHA:
        # The two bytes of grey and the two of alpha are filtered as red, green, blue and alpha are.
        header = content[12:24] + bytes([8, _RED_GREEN_BLUE_ALPHA]) + content[26:29]
        check = zlib.crc32(header).to_bytes(4)
        with Image.open(io.BytesIO(content[:12] + header + check + content[33:])) as image:
            return np.asarray(image).view(">u2")
    high, low = (_bytes_of(content, order) for order in ("B", "L"))
    return high.astype(np.uint16) << 8 | low


def _bytes_of(content: bytes, order: str) -> NDArray[np.uint8]:
    """Read one byte of each value: the first of two in order "B", the second in order "L"."""
    with Image.open(io.BytesIO(content)) as image:
        tile = image.tile[0]
        image.tile = [type(tile)(*tile[:3], f"{image.mode};16{order}")]
        return np.asarray(image)


def _colours(values: NDArray[Any]) -> NDArray[Any]:
    """Leave out transparency; (H, W, 1) or (H, W, 3)."""
    if values.ndim == 2:
        return values[..., None]
    return values[..., :1] if values.shape[-1] < 3 else values[..., :3]
