"""From the bytes of an image file to pixels, with a reason when that is not possible."""

import io
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from PIL import Image, UnidentifiedImageError
from PIL.Image import Transpose

from wfa.data.deep_pictures import read_deep, stretch
from wfa.data.picture_layout import MOST_PIXELS, other_format, read_layout
from wfa.data.quiet_libraries import quiet_libraries

FORMATS = ("JPEG", "PNG", "TIFF", "WEBP", "BMP", "DIB", "GIF", "JPEG2000", "AVIF", "PPM")
"""Pillow's names of what is read; the content decides, not the ending of the file's name."""

DECODING = "2"
"""Changes when the same bytes give other pixels than before: part of the key of cached pixels."""

_TOO_LARGE = f"has more than {MOST_PIXELS:,} pixels: cut it into pieces"
_ORIENTATION = 0x0112
_TURNS = {
    2: Transpose.FLIP_LEFT_RIGHT, 3: Transpose.ROTATE_180, 4: Transpose.FLIP_TOP_BOTTOM,
    5: Transpose.TRANSPOSE, 6: Transpose.ROTATE_270, 7: Transpose.TRANSVERSE,
    8: Transpose.ROTATE_90,
}  # fmt: skip


class BadImageError(Exception):
    """An image cannot be read; the message is the reason, to be put after the image's name."""


class NoBytesError(BadImageError):
    """There are no bytes to decode: the file is missing or may not be read."""


class Picture(NamedTuple):
    """A decoded picture.

    Attributes:
        pixels: (H, W, 3) uint8, RGB.
        stretched: Whether it had more than 8 bits, and was scaled by `deep_pictures.stretch`.
    """

    pixels: NDArray[np.uint8]
    stretched: bool


def decode_image(content: bytes) -> NDArray[np.uint8]:
    """Decode a picture file held in memory.

    It is turned as its EXIF orientation says, in every format. Grey is repeated three times, and
    transparency is dropped. Pictures of more than 8 bits, of other bands than colours, of several
    pages or frames, and of more than `MOST_PIXELS` are refused.

    Args:
        content: The whole file, of one of `FORMATS`.

    Returns:
        (H, W, 3) uint8, RGB.

    Raises:
        BadImageError: It is empty, not an image, damaged, or none that shows colours of 8 bits.
    """
    return _decode(content, deep=False).pixels


def decode_any_depth(content: bytes) -> Picture:
    """Decode a picture file as `decode_image`; more than 8 bits are scaled instead of refused.

    Of grey and RGB pictures of 16 bits and more the 2nd percentile of all values becomes 0 and the
    98th 255, as viewers show them; see `wfa.data.deep_pictures.stretch`.

    Raises:
        BadImageError: As `decode_image`.
    """
    return _decode(content, deep=True)


def _decode(content: bytes, deep: bool) -> Picture:
    if not content:
        raise BadImageError("is empty")
    try:
        with quiet_libraries():
            return _read(content, deep)
    except BadImageError:
        raise
    except UnidentifiedImageError as error:
        raise BadImageError(f"is not an image{other_format(content)}") from error
    except Image.DecompressionBombError as error:
        raise BadImageError(_TOO_LARGE) from error
    # Decoders raise whatever the broken bytes lead them to: OSError, SyntaxError, struct.error,
    # zlib.error, ValueError, MemoryError and more.
    except Exception as error:
        truncated = "truncated" in str(error).lower() or isinstance(error, EOFError)
        cause = " ".join(str(error).split()) or type(error).__name__
        raise BadImageError("is truncated" if truncated else f"cannot be decoded ({cause})") \
            from error  # fmt: skip


def _read(content: bytes, deep: bool) -> Picture:
    layout = read_layout(content)
    if layout is not None and (reason := layout.refusal()):
        raise BadImageError(reason)
    if layout is not None and layout.is_deep:
        if not deep or not layout.is_grey_or_rgb:
            what = (
                f"pixels of more than 8 bits ({layout.found})" if layout.bits > 8 else layout.found
            )
            raise BadImageError(
                f"has {what}: convert it to unsigned 8 bits, scaled so that it shows what a person "
                "would see"
            )
        values, orientation = read_deep(content)
        shown = Image.fromarray(stretch(values))
        return Picture(np.asarray(_turned(shown, orientation)), True)
    with Image.open(io.BytesIO(content), formats=FORMATS) as image:
        return Picture(_rgb(image), False)


def _rgb(image: Any) -> NDArray[np.uint8]:
    if image.width * image.height > MOST_PIXELS:
        raise BadImageError(_TOO_LARGE)
    # The second picture of an MPO is a preview or the other eye's; pages of a TIFF were counted.
    if image.format not in ("MPO", "TIFF") and getattr(image, "is_animated", False):
        raise BadImageError("is an animation: save the frame that is meant as a picture")
    if image.mode.startswith(("I", "F")):  # a file whose header `read_layout` does not know
        raise BadImageError(f"has pixels of more than 8 bits (mode {image.mode}): convert it")
    if image.format in ("JPEG", "MPO") and image.mode == "CMYK" and "adobe" not in image.info:
        raise BadImageError("has 4 bands that are not said to be colours: convert it to RGB")
    image.load()
    turned = _turned(image, _orientation(image))
    pixels: NDArray[np.uint8] = np.asarray(turned.convert("RGB"))
    return pixels


def _turned(image: Any, orientation: int) -> Any:
    return image.transpose(_TURNS[orientation]) if orientation in _TURNS else image


def _orientation(image: Any) -> int:
    """Return the EXIF orientation that the pixels are still to be turned by, 1 to 8."""
    try:
        found = image.getexif().get(_ORIENTATION, 1)  # Pillow has turned a TIFF and taken the tag
    except Exception:  # broken EXIF of any kind: the pixels are whole, and lie as they are stored
        return 1
    return found if isinstance(found, int) else 1
