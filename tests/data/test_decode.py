import io
from contextlib import suppress
from typing import Any

import numpy as np
import pytest
import tifffile
from PIL import Image

from tests.data.pictures import by_pillow, deep_png, tiff
from wfa.data.decode import BadImageError, decode_any_depth, decode_image


def noise(mode: str = "RGB") -> Image.Image:
    pixels = np.random.default_rng(0).integers(0, 256, (40, 30, 3), dtype=np.uint8)
    return Image.fromarray(pixels).convert(mode)


@pytest.mark.parametrize("kind", ["PNG", "TIFF", "BMP"])
def test_lossless_formats_come_back_exactly(kind: str) -> None:
    pixels = decode_image(by_pillow(noise(), kind))
    assert pixels.dtype == np.uint8
    np.testing.assert_array_equal(pixels, np.asarray(noise()))


@pytest.mark.parametrize("mode", ["L", "RGBA", "P", "1"])
def test_every_mode_becomes_rgb(mode: str) -> None:
    pixels = decode_image(by_pillow(noise(mode), "PNG"))
    assert pixels.shape == (40, 30, 3)
    np.testing.assert_array_equal(pixels, np.asarray(noise(mode).convert("RGB")))


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "TIFF"])
def test_a_truncated_file_is_refused(kind: str) -> None:
    content = by_pillow(noise(), kind)
    with pytest.raises(BadImageError):
        decode_image(content[: len(content) // 2])


def test_reasons_are_told_apart() -> None:
    jpeg = by_pillow(noise(), "JPEG")
    with pytest.raises(BadImageError, match="is truncated"):
        decode_image(jpeg[:-200])
    with pytest.raises(BadImageError, match="is not an image"):
        decode_image(b"<html>not found</html>")
    with pytest.raises(BadImageError, match="is empty"):
        decode_image(b"")


def test_sixteen_bits_are_refused_and_not_clipped() -> None:
    deep = Image.fromarray(np.full((4, 4), 3000, dtype=np.uint16))
    with pytest.raises(BadImageError, match="more than 8 bits"):
        decode_image(by_pillow(deep, "TIFF"))


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "TIFF", "AVIF"])
@pytest.mark.parametrize("orientation", range(1, 9))
def test_orientation_is_obeyed_alike_in_every_format(kind: str, orientation: int) -> None:
    shown = np.zeros((40, 60, 3), np.uint8)
    shown[:20, :30], shown[:20, 30:], shown[20:, :30] = (255, 0, 0), (0, 255, 0), (0, 0, 255)
    # EXIF's words: where the first row and the first column of the file are on the picture shown.
    stored = {
        1: shown, 2: shown[:, ::-1], 3: shown[::-1, ::-1], 4: shown[::-1],
        5: shown.transpose(1, 0, 2), 6: np.rot90(shown), 7: np.rot90(shown, 2).transpose(1, 0, 2),
        8: np.rot90(shown, -1),
    }[orientation]  # fmt: skip
    exif = Image.Exif()
    exif[0x0112] = orientation
    options = {} if kind in ("PNG", "TIFF") else {"quality": 100}
    picture = Image.fromarray(np.ascontiguousarray(stored))
    pixels = decode_image(by_pillow(picture, kind, exif=exif, **options))
    assert pixels.shape == shown.shape
    corners = (slice(5, 40, 29), slice(5, 60, 49))
    assert np.abs(pixels[corners].astype(int) - shown[corners]).max() < 40


def test_broken_exif_leaves_the_picture_as_it_is_stored() -> None:
    content = by_pillow(noise(), "JPEG", exif=b"Exif\0\0II*\0\xff\xff\xff\xff")
    assert decode_image(content).shape == (40, 30, 3)


def test_the_content_decides_and_not_a_name() -> None:
    for kind in ("BMP", "GIF", "JPEG2000", "PPM", "AVIF", "WEBP"):
        assert decode_image(by_pillow(noise(), kind)).shape == (40, 30, 3)


def test_colour_models_become_what_a_person_sees() -> None:
    red = Image.new("RGB", (16, 16), (250, 10, 10))
    for picture, kind in (
        (red.convert("CMYK"), "JPEG"), (red.convert("CMYK"), "TIFF"),
        (red.convert("YCbCr"), "TIFF"), (red.quantize(4), "GIF"), (red.quantize(4), "PNG"),
    ):  # fmt: skip
        pixels = decode_image(by_pillow(picture, kind))
        assert np.abs(pixels.astype(int) - (250, 10, 10)).max() <= 3, (picture.mode, kind)
    alpha = np.dstack([np.full((8, 8), 90, np.uint8), np.zeros((8, 8), np.uint8)])
    for content in (
        by_pillow(Image.fromarray(alpha, "LA"), "PNG"),
        tiff(alpha, photometric="minisblack", extrasamples=["unassalpha"]),
    ):
        assert (decode_image(content) == 90).all()
    white = by_pillow(Image.new("1", (20, 20), 1), "TIFF", compression="group4")
    assert (decode_image(white) == 255).all()


@pytest.mark.parametrize("layout", ["separate", "contig"])
@pytest.mark.parametrize("options", [{}, {"compression": "zlib"}, {"tile": (16, 16)}])
def test_planes_and_tiles_are_put_together(layout: str, options: dict[str, Any]) -> None:
    pixels = np.asarray(noise())
    held = pixels.transpose(2, 0, 1) if layout == "separate" else pixels
    content = tiff(held, photometric="rgb", planarconfig=layout, **options)
    np.testing.assert_array_equal(decode_image(content), pixels)


def test_a_preview_of_a_tiff_is_no_second_page() -> None:
    pixels, file = np.asarray(noise()), io.BytesIO()
    with tifffile.TiffWriter(file) as writer:
        writer.write(pixels, photometric="rgb")
        writer.write(pixels[::2, ::2], photometric="rgb", subfiletype=1)
    np.testing.assert_array_equal(decode_image(file.getvalue()), pixels)


def test_several_pictures_in_one_file_are_refused() -> None:
    second = {"save_all": True, "append_images": [noise().rotate(180)]}
    with pytest.raises(BadImageError, match="has 2 pages"):
        decode_image(by_pillow(noise(), "TIFF", **second))
    for kind in ("GIF", "WEBP", "PNG"):
        with pytest.raises(BadImageError, match="is an animation"):
            decode_image(by_pillow(noise(), kind, **second))
    assert decode_image(by_pillow(noise(), "MPO", **second)).shape == (40, 30, 3)


def test_bombs_are_refused_and_large_pictures_read_without_a_word() -> None:
    for kind, options in (("PNG", {}), ("TIFF", {"compression": "group4"}), ("GIF", {})):
        with pytest.raises(BadImageError, match="more than 178,956,970 pixels"):
            decode_image(by_pillow(Image.new("1", (20_000, 10_000)), kind, **options))
    assert decode_image(by_pillow(Image.new("1", (100_000, 1_000)), "PNG")).shape[0] == 1_000


@pytest.mark.parametrize("compression", ["tiff_deflate", "jpeg", "tiff_lzw", "packbits"])
def test_damaged_tiffs_are_refused_or_read_and_nothing_is_printed(
    compression: str, capfd: pytest.CaptureFixture[str]
) -> None:
    content = bytearray(by_pillow(noise(), "TIFF", compression=compression))
    for start in range(8, len(content) - 40, 97):
        damaged = bytes(content[:start]) + bytes(40) + bytes(content[start + 40 :])
        with suppress(BadImageError):
            decode_image(damaged)
    assert capfd.readouterr() == ("", "")


def test_what_else_it_may_be_is_named() -> None:
    for content, words in (
        (b"%PDF-1.7", "PDF"), (b"\x89HDF\r\n", "HDF5"), (b"<!DOCTYPE html>", "a web page"),
        (b"\0\0\0\x18ftypheic", "HEIC"), (b"version https://git-lfs.github.com", "Git LFS"),
        (by_pillow(noise(), "JPEG").replace(b"\xff\xc0\0\x11\x08", b"\xff\xc0\0\x11\x0c"), "JPEG"),
    ):  # fmt: skip
        with pytest.raises(BadImageError, match=f"is not an image that can be read: .*{words}"):
            decode_image(content)


def test_more_bits_are_stretched_where_that_is_asked_for() -> None:
    ramp = np.arange(100, 1700).reshape(40, 40)
    low, high = np.percentile(ramp, [2, 98])
    wanted = np.rint(np.clip((ramp - low) / (high - low), 0, 1) * 255).astype(np.uint8)
    for content in (
        tiff(ramp.astype(np.uint16)), tiff(ramp.astype(np.int32)), tiff(ramp.astype(np.float32)),
        deep_png(ramp[..., None], 0),
        by_pillow(Image.fromarray(ramp.astype(np.uint16)), "JPEG2000"),
    ):  # fmt: skip
        pixels, stretched = decode_any_depth(content)
        assert stretched
        np.testing.assert_array_equal(pixels, wanted[..., None].repeat(3, axis=2))
    plain = by_pillow(noise(), "PNG")
    np.testing.assert_array_equal(decode_any_depth(plain).pixels, decode_image(plain))
    assert not decode_any_depth(plain).stretched


def test_a_deep_picture_is_turned_too() -> None:
    orientation = [(0x0112, "H", 1, 6, True)]
    content = tiff(np.arange(600, dtype=np.uint16).reshape(20, 30), extratags=orientation)
    pixels = decode_any_depth(content).pixels
    assert pixels.shape == (30, 20, 3)
    assert pixels[0, -1, 0] == 0  # the first row of the file is the right column
