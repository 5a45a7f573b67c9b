import io

import numpy as np
import pytest
from PIL import Image

from wfa.data.decode import BadImageError, decode_image


def encoded(image: Image.Image, kind: str) -> bytes:
    file = io.BytesIO()
    image.save(file, kind)
    return file.getvalue()


def noise(mode: str = "RGB") -> Image.Image:
    pixels = np.random.default_rng(0).integers(0, 256, (40, 30, 3), dtype=np.uint8)
    return Image.fromarray(pixels).convert(mode)


@pytest.mark.parametrize("kind", ["PNG", "TIFF", "BMP"])
def test_lossless_formats_come_back_exactly(kind: str) -> None:
    pixels = decode_image(encoded(noise(), kind))
    assert pixels.dtype == np.uint8
    np.testing.assert_array_equal(pixels, np.asarray(noise()))


@pytest.mark.parametrize("mode", ["L", "RGBA", "P", "1"])
def test_every_mode_becomes_rgb(mode: str) -> None:
    pixels = decode_image(encoded(noise(mode), "PNG"))
    assert pixels.shape == (40, 30, 3)
    np.testing.assert_array_equal(pixels, np.asarray(noise(mode).convert("RGB")))


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "TIFF"])
def test_a_truncated_file_is_refused(kind: str) -> None:
    content = encoded(noise(), kind)
    with pytest.raises(BadImageError):
        decode_image(content[: len(content) // 2])


def test_reasons_are_told_apart() -> None:
    jpeg = encoded(noise(), "JPEG")
    with pytest.raises(BadImageError, match="is truncated"):
        decode_image(jpeg[:-200])
    with pytest.raises(BadImageError, match="is not an image"):
        decode_image(b"<html>not found</html>")
    with pytest.raises(BadImageError, match="is empty"):
        decode_image(b"")


def test_sixteen_bits_are_refused_and_not_clipped() -> None:
    deep = Image.fromarray(np.full((4, 4), 3000, dtype=np.uint16))
    with pytest.raises(BadImageError, match="more than 8 bits"):
        decode_image(encoded(deep, "TIFF"))
