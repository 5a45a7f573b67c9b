"""Mutate pictures of all formats, GeoTIFFs and blobs; count what is read, refused or breaks.

    nice python -m experiments.robustness.fuzz_images --cases 10000

See `fuzz_cases` for what is counted. The counts go to `fuzz_images.json`, the failures with them.
"""

import io
import random
from pathlib import Path
from typing import Any

import lmdb
import numpy as np
import tifffile
from PIL import Image

from experiments.robustness.fuzz_cases import Fuzz, Kinds, mutate, run_all
from tests.data.pictures import by_pillow, deep_png, tiff
from wfa.bigearthnet.annotate.reference_maps import open_maps
from wfa.bigearthnet.bands import S2_BANDS
from wfa.bigearthnet.blobs import encode
from wfa.bigearthnet.lmdb_handles import close_environments
from wfa.bigearthnet.patch_stores import LmdbStore, read_geotiff
from wfa.data.decode import BadImageError, decode_any_depth, decode_image
from wfa.data.images import ImageSpec, resize
from wfa.errors import DataError

FORMATS = ("JPEG", "PNG", "TIFF", "WEBP", "BMP", "GIF", "JPEG2000", "AVIF", "PPM", "MPO")
MODES = ("RGB", "L", "RGBA", "P", "1", "CMYK", "LA", "I;16")
COMPRESSIONS = ("raw", "tiff_deflate", "tiff_lzw", "packbits", "jpeg", "zstd", "group4")
PATCH = "S2A_MSIL2A_20170613T101031_N9999_R022_T33UUP_00_57"
SPEC = ImageSpec(32, (0.0,) * 3, (1.0,) * 3)


def picture(rng: random.Random) -> bytes:
    """Make a picture of any format and mode that go together; else a PNG."""
    draw = np.random.default_rng(rng.randrange(1 << 32))
    sides = (rng.choice((1, 2, 7, 24, 61)), rng.choice((1, 3, 8, 30, 500)))
    image = Image.fromarray(draw.integers(0, 256, (*sides, 3), dtype=np.uint8))
    options: dict[str, Any] = {}
    kind, exif = rng.choice(FORMATS), Image.Exif()
    exif[0x0112] = rng.randrange(10)
    if kind in ("JPEG", "PNG", "WEBP", "TIFF") and rng.random() < 0.5:
        options["exif"] = exif
    if kind == "TIFF" and rng.random() < 0.8:
        options["compression"] = rng.choice(COMPRESSIONS)
    if kind in ("GIF", "WEBP", "PNG", "TIFF", "MPO") and rng.random() < 0.2:
        options |= {"save_all": True, "append_images": [image.rotate(180)]}
    try:
        return by_pillow(image.convert(rng.choice(MODES)), kind, **options)
    except (OSError, ValueError, RuntimeError, KeyError):
        return by_pillow(image, "PNG")


def deep_picture(rng: random.Random) -> bytes:
    """Make a picture of many bits or bands."""
    draw = np.random.default_rng(rng.randrange(1 << 32))
    bands = rng.choice((1, 2, 3, 4, 13))
    values = draw.integers(0, 4000, (20, 24, bands))
    if rng.random() < 0.3 and bands <= 4:
        return deep_png(values, {1: 0, 2: 4, 3: 2, 4: 6}[bands])
    planes = rng.random() < 0.5
    held = np.moveaxis(values, -1, 0) if planes else values
    return tiff(
        held.astype(rng.choice(("u1", "i1", "u2", "i2", "u4", "f4", "f8", "c8"))),
        photometric=rng.choice(("minisblack", "rgb")) if bands in (3, 4) else "minisblack",
        planarconfig=("separate" if planes else "contig") if bands > 1 else None,
        compression=rng.choice((None, "zlib", "lzma")), bigtiff=rng.random() < 0.2,
        tile=rng.choice((None, (16, 16))),
    )  # fmt: skip


def picture_case(rng: random.Random, root: Path) -> None:
    """Decode a mutated picture in both ways, and bring it to a tower's size."""
    del root
    content = mutate(rng.choice((picture, picture, deep_picture))(rng), rng)
    decode = decode_image if rng.random() < 0.5 else decode_any_depth
    found = decode(content)
    pixels = found if isinstance(found, np.ndarray) else found.pixels
    assert pixels.dtype == np.uint8
    assert pixels.shape[2] == 3
    assert resize(pixels, SPEC).shape == (3, 32, 32)


def geotiff_case(rng: random.Random, root: Path) -> None:
    """Read a mutated band file, and the same file as a reference map."""
    draw = np.random.default_rng(rng.randrange(1 << 32))
    values = draw.integers(0, 9000, (120, 120)).astype(rng.choice(("u2", "f4")))
    file = io.BytesIO()
    places = [(33922, "d", 6, (0.0, 0, 0, 3e5, 5e6, 0), True), (33550, "d", 3, (10.0, 10, 0), True)]
    tifffile.imwrite(file, values, compression=rng.choice((None, "zlib", "lzma")), extratags=places)
    path = root / f"{PATCH}_reference_map.tif"
    path.write_bytes(mutate(file.getvalue(), rng))
    read_geotiff(path)
    open_maps(root).read(PATCH)


def blob_case(rng: random.Random, root: Path) -> None:
    """Read a mutated blob of an LMDB."""
    blob = encode({band: np.zeros((20, 20), np.uint16) for band in S2_BANDS})
    start = rng.choice((0, 8, 200))
    blob = blob[:start] + mutate(blob[start:], rng)
    close_environments()
    with lmdb.open(str(root / "l"), map_size=1 << 22) as env, env.begin(write=True) as transaction:
        transaction.put(PATCH.encode(), blob or b"x")
    with LmdbStore(root / "l").patch(PATCH, S2_BANDS[:3]) as bands:
        assert all(array.ndim >= 0 for array in bands.values())


KINDS: Kinds = {
    "picture": (picture_case, 0.7),
    "GeoTIFF": (geotiff_case, 0.2),
    "blob": (blob_case, 0.1),
}

if __name__ == "__main__":
    run_all(Fuzz(KINDS, (BadImageError, DataError), silent=True), Path(__file__))
