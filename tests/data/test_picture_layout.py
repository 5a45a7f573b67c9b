"""What headers say: every deep or many-banded file is told from a picture, with what was found."""

import numpy as np
import pytest
from PIL import Image

from tests.data.pictures import by_pillow, deep_png, noise, tiff
from wfa.data.decode import BadImageError, decode_any_depth, decode_image
from wfa.data.picture_layout import read_layout

DEEP = {
    "png grey": (deep_png(noise(8, 9, 1, top=3000), 0), "1 band of 16 bits"),
    "png grey alpha": (deep_png(noise(8, 9, 2, top=3000), 4), "2 bands of 16 bits"),
    "png rgb": (deep_png(noise(8, 9, 3, top=3000), 2), "3 bands of 16 bits"),
    "png rgba": (deep_png(noise(8, 9, 4, top=3000), 6), "4 bands of 16 bits"),
    "tiff grey": (tiff(noise(8, 9, top=3000)), "1 band of 16 bits"),
    "tiff rgb": (tiff(noise(8, 9, 3, top=3000), photometric="rgb"), "3 bands of 16 bits"),
    "tiff planes": (
        tiff(noise(3, 8, 9, top=3000), photometric="rgb", planarconfig="separate"),
        "3 bands of 16 bits",
    ),
    "tiff double": (tiff(np.ones((8, 9))), "64 floating-point bits"),
    "tiff float rgb": (
        tiff(noise(8, 9, 3).astype(np.float32), photometric="rgb"), "32 floating-point bits",
    ),
    "tiff signed": (tiff(noise(8, 9).astype(np.int16)), "16 signed bits"),
    "tiff signed bytes": (tiff(noise(8, 9).astype(np.int8)), "8 signed bits"),
    "jpeg 2000": (
        by_pillow(Image.fromarray(noise(8, 9, top=3000)), "JPEG2000"), "1 band of 16 bits",
    ),
    "pgm": (by_pillow(Image.fromarray(noise(8, 9, top=3000)), "PPM"), "1 band of 16 bits"),
    "ppm": (b"P6 # made by hand\n2 1\n4095\n" + bytes(12), "3 bands of 16 bits"),
}  # fmt: skip
BANDS = {
    "rgb and infrared in planes": tiff(
        noise(4, 8, 9), photometric="minisblack", planarconfig="separate"
    ),
    "thirteen": tiff(noise(8, 9, 13), photometric="minisblack", planarconfig="contig"),
    "three untagged": tiff(noise(8, 9, 3), photometric="minisblack", planarconfig="contig"),
    "radar pair": tiff(noise(8, 9, 2), photometric="minisblack", planarconfig="contig"),
    "four of 16 bits": tiff(
        noise(8, 9, 4, top=3000), photometric="minisblack", planarconfig="contig"
    ),
    "rgb and two more": tiff(noise(8, 9, 5), photometric="rgb", extrasamples=["unspecified"] * 2),
}


@pytest.mark.parametrize(("content", "found"), DEEP.values(), ids=DEEP)
def test_deep_pictures_are_refused_with_what_was_found(content: bytes, found: str) -> None:
    with pytest.raises(BadImageError, match=f"has .*{found}.*convert it to unsigned 8 bits"):
        decode_image(content)


@pytest.mark.parametrize("content", BANDS.values(), ids=BANDS)
def test_bands_that_are_no_colours_are_refused_at_any_depth(content: bytes) -> None:
    for decode in (decode_image, decode_any_depth):
        with pytest.raises(BadImageError, match=r"has \d+ bands of .*have red, green and blue"):
            decode(content)


def test_other_layouts_without_a_rule_are_refused() -> None:
    lab = by_pillow(Image.frombytes("LAB", (4, 4), bytes(48)), "TIFF")
    with pytest.raises(BadImageError, match="3 bands of 8 bits in CIELAB"):
        decode_image(lab)
    with pytest.raises(BadImageError, match="64 complex bits"):
        decode_any_depth(tiff(np.ones((8, 9), np.complex64)))
    with pytest.raises(BadImageError, match="NaN or infinite"):
        decode_any_depth(tiff(np.full((8, 9), np.nan, np.float32)))


def test_a_cmyk_jpeg_without_a_word_of_what_it_is_is_refused() -> None:
    content = by_pillow(Image.fromarray(noise(8, 9, 3)).convert("CMYK"), "JPEG")
    decode_image(content)
    with pytest.raises(BadImageError, match="4 bands"):
        decode_image(content.replace(b"Adobe", b"other"))


def test_formats_of_eight_bits_need_no_header() -> None:
    picture = Image.fromarray(noise(8, 9, 3))
    for kind in ("JPEG", "WEBP", "BMP", "GIF"):
        assert read_layout(by_pillow(picture, kind)) is None
    for kind in ("PNG", "TIFF", "JPEG2000", "PPM"):
        layout = read_layout(by_pillow(picture, kind))
        assert layout is not None
        assert (layout.found, layout.colours) == ("3 bands of 8 bits", "RGB")
        assert not layout.refusal() and not layout.is_deep
