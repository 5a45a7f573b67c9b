"""What a picture file says of its pixels before they are decoded: bands, bits, pages."""

import io
import re
from dataclasses import dataclass
from typing import Any

import tifffile

MOST_PIXELS = 178_956_970
"""Height times width of the largest picture that is read, half a gigabyte in red, green and blue:
a file of a few bytes can ask for any amount of memory."""

TIFF_MAGIC = (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")
PNG_MAGIC = b"\x89PNG\r\n\x1a\n"
_JP2_MAGIC = b"\0\0\0\x0cjP  "
_SOC_SIZ = b"\xff\x4f\xff\x51"
_REDUCED_OR_MASK = 1 | 4  # bits of the tag NewSubfileType
_COLOURS_OF_TIFF = {
    0: ("grey", 1), 1: ("grey", 1), 2: ("RGB", 3), 3: ("palette", 1), 5: ("CMYK", 4),
    6: ("YCbCr", 3), 8: ("CIELAB", 3), 9: ("CIELAB", 3), 10: ("CIELAB", 3),
}  # fmt: skip
_COLOURS_OF_PNG = {0: ("grey", 1), 2: ("RGB", 3), 3: ("palette", 1), 4: ("grey", 2), 6: ("RGB", 4)}
_NUMBERS = {1: "", 2: "signed ", 3: "floating-point ", 5: "complex ", 6: "complex "}
_OTHERS = (
    (rb"\x00\x00\x00\x0cJXL |\xff\x0a", "JPEG XL"), (rb"....ftyp(hei|hev|mif)", "HEIC"),
    (rb"\x89HDF|CDF[\x01\x02]", "HDF5 or NetCDF"), (rb"%PDF|%!PS", "PDF or PostScript"),
    (rb"8BPS", "Photoshop"), (rb"PK\x03\x04|\x1f\x8b", "a packed archive"),
    (rb"\s*<(!doctype |html)", "a web page"), (rb"\s*<(svg|\?xml)", "SVG or XML"),
    (rb"\x93NUMPY", "a NumPy array"), (rb"version https://git-lfs", "a pointer of Git LFS"),
)  # fmt: skip


@dataclass(frozen=True)
class Layout:
    """The pixels of a picture file as its header describes them.

    Attributes:
        bands: How many values a pixel has.
        bits: Of each value.
        colours: What the bands are: grey, RGB, palette, CMYK, YCbCr, CIELAB, or empty: not said.
        number: Empty for unsigned whole numbers, else `signed `, `floating-point `, `complex `.
        pages: Pictures in the file, without previews and masks.
        pixels: Height times width; 0 where only the decoder finds out.
    """

    bands: int
    bits: int
    colours: str
    number: str = ""
    pages: int = 1
    pixels: int = 0

    @property
    def found(self) -> str:
        """Bands and bits in words."""
        bands = "1 band" if self.bands == 1 else f"{self.bands} bands"
        return f"{bands} of {self.bits} {self.number}bits"

    @property
    def is_deep(self) -> bool:
        """Whether turning the values into 8 bits needs a rule of scaling."""
        return self.bits > 8 or bool(self.number)

    @property
    def is_grey_or_rgb(self) -> bool:
        """Whether the first band, or the first three, show what a person sees once scaled."""
        return self.colours in ("grey", "RGB") and self.number in ("", "signed ", "floating-point ")

    def refusal(self) -> str:
        """Say why no rule makes a picture of it, to be put after its name; empty if one does."""
        if self.pages > 1:
            return f"has {self.pages} pages: a picture has one; save each to a file of its own"
        if self.pixels > MOST_PIXELS:
            return f"has more than {MOST_PIXELS:,} pixels: cut it into pieces"
        if self.colours == "CIELAB":
            return f"has {self.found} in CIELAB: convert it to red, green and blue"
        if not self.colours:
            return (
                f"has {self.found} that are not said to be colours: pictures have red, green and "
                "blue; convert it"
            )
        return ""


def read_layout(content: bytes) -> Layout | None:
    """Read the header of TIFF, PNG, JPEG 2000 and PPM: not all of them hold 8-bit colours.

    Args:
        content: The whole file.

    Returns:
        What it says; None for all other formats.

    Raises:
        Exception: The header is damaged; whatever the reader makes of that.
    """
    if content.startswith(TIFF_MAGIC):
        with tifffile.TiffFile(io.BytesIO(content)) as file:
            return tiff_layout(file)
    if content.startswith(PNG_MAGIC) and len(content) > 25:
        colours, bands = _COLOURS_OF_PNG.get(content[25], ("", 1))
        return Layout(bands, content[24], colours)
    if content.startswith((_JP2_MAGIC, _SOC_SIZ)):
        return _jpeg_2000(content)
    if re.match(rb"P[1-6]\s", content):
        return _ppm(content)
    return None


def begins_like_a_picture(start: bytes) -> bool:
    """Say whether the first 16 bytes of a file are those of a format that is read."""
    magics = (*TIFF_MAGIC, PNG_MAGIC, _JP2_MAGIC, _SOC_SIZ, b"\xff\xd8\xff", b"GIF8")
    return start.startswith(magics) or bool(re.match(rb"RIFF....WEBP|....ftypavif", start, re.S))


def other_format(content: bytes) -> str:
    """Name the format of what is no picture, to be put after `is not an image`; maybe empty."""
    if content.startswith(b"\xff\xd8\xff"):
        return " that can be read: it seems to be a damaged JPEG, or one of more than 8 bits"
    named = next((name for magic, name in _OTHERS if re.match(magic, content, re.I | re.S)), "")
    return f" that can be read: it seems to be {named}" if named else ""


def tiff_layout(file: Any) -> Layout:
    """Describe the first page of an opened TIFF; `tifffile` has no types.

    A preview in front of the picture and tags that contradict each other give no colours.
    """
    page = file.pages.first
    bits = page.bitspersample
    bits = max(bits) if isinstance(bits, tuple) else int(bits)
    colours, needed = _COLOURS_OF_TIFF.get(int(page.photometric or 0), ("", 1))
    extra = page.samplesperpixel - needed
    kinds = [int(kind) for kind in page.extrasamples]
    # One more band may be alpha, and beside colours also unsaid. Beside grey it must be said:
    # two bands of a radar are no picture.
    alpha = extra == 1 and (kinds[-1:] in ([1], [2]) or (colours == "RGB" and kinds in ([], [0])))
    if (extra and not alpha) or int(page.subfiletype or 0) & _REDUCED_OR_MASK:
        colours = ""
    number = _NUMBERS.get(int(page.sampleformat or 1), "unknown ")
    return Layout(
        page.samplesperpixel,
        bits,
        colours,
        number,
        _pages(file),
        page.imagelength * page.imagewidth,
    )


def _pages(file: Any) -> int:
    """Count pages; overviews and masks are none, and of many pages the second one decides."""
    more = len(file.pages) - 1
    whole = [not int(page.subfiletype or 0) & _REDUCED_OR_MASK for page in file.pages[1:9]]
    return 1 + (more if any(whole) else 0)


def _jpeg_2000(content: bytes) -> Layout | None:
    start = content.find(_SOC_SIZ)
    if start < 0 or len(content) < start + 45:
        return None
    size = content[start + 4 :]
    width, height, left, top = (int.from_bytes(size[k : k + 4]) for k in (4, 8, 12, 16))
    bands = int.from_bytes(size[36:38])
    depths = size[38 : 38 + 3 * bands : 3]
    signed = any(depth & 0x80 for depth in depths)
    colours = {1: "grey", 2: "grey", 3: "RGB", 4: "RGB"}.get(bands, "")
    box = content.find(b"colr", 0, start)
    grey = box >= 0 and content[box + 4] == 1 and content[box + 7 : box + 11] == b"\0\0\0\x11"
    if (grey and bands > 2) or (bands == 2 and b"cdef" not in content[:start]):
        colours = ""
    return Layout(
        bands, max((1 + (depth & 0x7F) for depth in depths), default=8), colours,
        "signed " if signed else "", 1, max(width - left, 0) * max(height - top, 0),
    )  # fmt: skip


def _ppm(content: bytes) -> Layout | None:
    words = re.sub(rb"#[^\n]*", b"", content[:4096]).split(maxsplit=4)
    if words[0] in (b"P1", b"P4") or len(words) < 4 or not words[3][:9].isdigit():
        return None
    bands = 3 if words[0] in (b"P3", b"P6") else 1
    deepest = int(words[3][:9])
    return Layout(bands, 16 if deepest > 255 else 8, "RGB" if bands == 3 else "grey")
