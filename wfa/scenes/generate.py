"""Making the data set `scenes` on disk: images, maps and captions, complete or not at all."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO

from wfa.draws import CAPTIONS, Draws
from wfa.errors import ConfigError
from wfa.files import atomic_write, write_text
from wfa.progress import track
from wfa.scenes.drawing import draw_rgb
from wfa.scenes.land_classes import LAND
from wfa.scenes.made_folder import as_json, make_whole
from wfa.scenes.scene_captions import MOST_CAPTIONS, write_captions
from wfa.scenes.scene_layout import make_scene

MANIFEST = "scenes.json"
FORMAT_VERSION = 1
"""Raised whenever the same settings give other bytes than before."""

RANGES = {
    "seed": {"at_least": 0, "at_most": 2**63 - 1},
    "size": {"at_least": 32, "at_most": 512},
    "redundancy": {"at_least": 0, "at_most": 1},
    "captions_per_image": {"at_least": 1, "at_most": MOST_CAPTIONS},
    "verbatim": {"at_least": 0, "at_most": 1},
}
"""What each setting of `generate` may be; the options of `data=scenes` have the same limits."""


def generate(
    folder: Path,
    seed: int,
    counts: Mapping[str, int],
    size: int = 64,
    redundancy: float | None = None,
    captions_per_image: int | None = None,
    verbatim: float = 0.5,
) -> None:
    """Make the data set in `folder`, unless it is there already; equal settings give equal bytes.

    The folder appears whole, when all is made: `images_<split>.npy` (n, size, size, 3) uint8 RGB,
    `land_cover_<split>.npy` (n, size, size) uint8 codes, `captions.json` in Karpathy's form with
    file names like `train/000000`, and `scenes.json` with the settings, the names of the classes
    and the sha256 of each file. Of several processes that make the same folder, the first to
    finish wins and the others take its result.

    Args:
        folder: Where the data set shall lie.
        seed: Seed, >= 0.
        counts: Split name -> number of images; image i of a split is the same at any number.
        size: Side of the images in pixels, 32 to 512.
        redundancy: Chance, 0 to 1, that a caption after an image's first one only repeats or
            paraphrases an earlier one; None draws it anew for each image.
        captions_per_image: Number of captions, 1 to 16; None draws 1 to 8 for each image.
        verbatim: Share of the repeats that are copied word for word, 0 to 1.

    Raises:
        ConfigError: A setting is out of its range.
        DataError: The folder holds something else.
        UserError: The folder cannot be written, or the disk is full.
    """
    settings = {
        "seed": seed,
        "size": size,
        "redundancy": redundancy,
        "captions_per_image": captions_per_image,
        "verbatim": verbatim,
    }
    _check_ranges(settings, counts)
    wanted = {"format_version": FORMAT_VERSION, "counts": dict(counts), **settings}

    def fill(building: Path) -> Mapping[str, Any]:
        entries: list[dict[str, Any]] = []
        for split in counts:
            entries += _write_split(building, split, wanted)
        write_text(building / "captions.json", as_json({"dataset": "scenes", "images": entries}))
        return {"classes": {land.name: land.bigearthnet for land in LAND}}

    make_whole(folder, MANIFEST, wanted, fill)


def _check_ranges(settings: Mapping[str, Any], counts: Mapping[str, int]) -> None:
    for key, limits in RANGES.items():
        value, low, high = settings[key], limits["at_least"], limits["at_most"]
        if value is not None and not low <= value <= high:
            raise ConfigError(f"scenes: {key} is {value}: give a number from {low} to {high}")
    if not counts:
        raise ConfigError(
            "scenes: no split is asked for: give the number of images of at least one"
        )
    for split, count in counts.items():
        if not split.isidentifier() or count < 1:
            raise ConfigError(
                f"scenes: split {split!r} is to have {count} images: "
                "give it a plain name and 1 image or more"
            )


def _write_split(building: Path, split: str, wanted: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Write the arrays of one split and give its entries for the JSON of captions."""
    seed, size, count = wanted["seed"], wanted["size"], wanted["counts"][split]
    entries: list[dict[str, Any]] = []
    with (
        _array_file(building / f"images_{split}.npy", (count, size, size, 3)) as pictures,
        _array_file(building / f"land_cover_{split}.npy", (count, size, size)) as maps,
    ):
        for index in track(range(count), f"making scenes ({split})"):
            scene = make_scene(seed, split, index, size)
            pictures.write(draw_rgb(scene).tobytes())
            maps.write(scene.land_cover.tobytes())
            texts = write_captions(
                scene,
                wanted["redundancy"],
                Draws(seed, split, index, CAPTIONS),
                wanted["captions_per_image"],
                wanted["verbatim"],
            )
            sentences = [{"raw": text} for text in texts]
            entries.append(
                {"filename": f"{split}/{index:06d}", "split": split, "sentences": sentences}
            )
    return entries


@contextmanager
def _array_file(path: Path, shape: tuple[int, ...]) -> Iterator[BinaryIO]:
    """Give a file that begins as an npy file of a uint8 array; write the values, first to last.

    One image at a time goes through memory, and a full disk raises an error (a memory map that is
    written on a full disk would kill the process). The header is the npy format's version 1.0; we
    write it ourselves because NumPy's own padding differs between its versions.
    """
    header = f"{{'descr': '|u1', 'fortran_order': False, 'shape': {shape}, }}".encode()
    start = b"\x93NUMPY\x01\x00"
    fill = -(len(start) + 2 + len(header) + 1) % 64
    header += b" " * fill + b"\n"
    with atomic_write(path) as temporary, temporary.open("wb") as stream:
        stream.write(start + len(header).to_bytes(2, "little") + header)
        yield stream
