"""BigEarthNet.txt: 464,044 Sentinel-1 and Sentinel-2 pairs with 9.6 M annotations."""

import hashlib
import logging
import os
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from wfa import __version__
from wfa.bigearthnet import layout
from wfa.bigearthnet.annotation_table import AnnotationTable, splits_in
from wfa.bigearthnet.archives import (
    ANNOTATIONS,
    ANNOTATIONS_ADDRESS,
    ANNOTATIONS_SHA256,
    BY_HAND,
    LMDB,
)
from wfa.bigearthnet.bad_patches import bad_patches
from wfa.bigearthnet.bands import RESAMPLINGS, SENSORS, channels_of, resolve_bands
from wfa.bigearthnet.build import build_lmdb, how_to_get
from wfa.bigearthnet.image_texts import KINDS, resolve_kinds
from wfa.bigearthnet.patch_labels import LABEL_WORDS, has_labels, patch_labels
from wfa.bigearthnet.patch_reader import PatchReader
from wfa.bigearthnet.row_instructions import as_written, instruction_of
from wfa.bigearthnet.rows import Row
from wfa.bigearthnet.text_records import TextRecords
from wfa.data.channels import Channels
from wfa.data.dataset import REMEDIES, SPLITS, ImageTextDataset, SourceConfig
from wfa.data.instruction import Instruction
from wfa.data.locations import data_folder, data_root
from wfa.data.made_on_access import Captions
from wfa.data.publication import Download, Facts
from wfa.errors import DataError

_log = logging.getLogger(__name__)

PAPER_TEST = "test+bench"
"""The split that the paper calls test."""


@dataclass(frozen=True)
class Config(SourceConfig):
    """Options of BigEarthNet.txt.

    Attributes:
        images_root: Folder of BigEarthNet v2; empty means `bigearthnet_v2` beside the data set's
            own folder, or that folder itself.
        images: `lmdb`, `geotiff`, or `auto`: the LMDB where there is one.
        bands: The channels: a preset (`rgb s1 s2-10m s2-10m20m s1s2-10m20m all`), or bands joined
            by commas.
        resampling: `nearest` or `bilinear`, for bands of 20 m and 60 m; the statistics follow it.
        drop_sensor: `s1` or `s2`: in the splits that test, that sensor is missing and its channels
            are zero once normalised. Empty drops none.
        texts: What an image's captions are, joined by commas: `caption`, `sentences` of it,
            `yes_no` (statements of questions answered with yes), `negations` (of those answered
            with no), `choices` (statements of right options), `regions` (phrases).
        snow: Keep patches that BigEarthNet v2 lists with seasonal snow.
        clouds: Keep patches that it lists with cloud or shadow.
        on_bad_row: `error` stops at a row that does not parse, `skip` leaves it out.
    """

    images_root: str = ""
    images: str = field(default="auto", metadata={"one_of": ("auto", "lmdb", "geotiff")})
    bands: str = "s1s2-10m20m"
    resampling: str = field(default="nearest", metadata={"one_of": RESAMPLINGS})
    drop_sensor: str = field(default="", metadata={"one_of": ("", *SENSORS)})
    texts: str = "sentences,yes_no,choices,regions"
    snow: bool = False
    clouds: bool = False
    on_bad_row: str = field(default="error", metadata={"one_of": REMEDIES})


class BigEarthNetTxt(ImageTextDataset):
    """One split of BigEarthNet.txt, or `test+bench`; texts are made and images read on demand.

    Attributes:
        bad_rows: The rows that were left out, and why.
        imagery: The folder of BigEarthNet v2.
    """

    name = "bigearthnet_txt"
    joined = (PAPER_TEST,)
    locates = True
    facts = Facts(
        citation="BigEarthNet.txt: arXiv:2603.29630; BigEarthNet v2: arXiv:2407.03653",
        terms="annotations and images: CDLA-Permissive-1.0",
        downloads=(Download(ANNOTATIONS_ADDRESS, ANNOTATIONS, f"sha256:{ANNOTATIONS_SHA256}"),),
        by_hand=BY_HAND,
    )

    def __init__(self, options: Config, split: str) -> None:
        self.split = split
        self._options = options
        self._kinds = resolve_kinds(options.texts)
        bands = resolve_bands(options.bands)
        self.channels = self.channels_for(options)
        root = _root(options)
        self.imagery = imagery = layout.imagery_folder(root, options.images_root)
        self._store = layout.open_store(imagery, options.images)
        dropped = options.drop_sensor if split in ("test", "bench", PAPER_TEST) else ""
        self._reader = PatchReader(self._store, bands, options.resampling, dropped)
        self._table = _table(root / ANNOTATIONS, options, split, self._kinds)
        self.bad_rows = self._table.bad_rows
        self.skipped_rows, self.skipped_captions = self.bad_rows.count, self.bad_rows.listed()
        self._choose(layout.flagged(imagery, options.snow, options.clouds))
        self.classes = LABEL_WORDS if has_labels(imagery) else ()

    @classmethod
    def channels_for(cls, options: Any) -> Channels:
        """Return the wanted bands with the statistics of their resampling.

        Raises:
            ConfigError: There is no such band or preset.
        """
        return channels_of(resolve_bands(options.bands), options.resampling)

    @classmethod
    def splits(cls, options: Any) -> tuple[str, ...]:
        """Return the splits that the Parquet file has rows of, in the order of `SPLITS`."""
        path = _root(options) / ANNOTATIONS
        found = splits_in(path)
        if (unknown := found - set(SPLITS)) and options.on_bad_row == "error":
            raise DataError(
                f"{path} has rows of the split {', '.join(map(repr, sorted(unknown)))}; known are: "
                f"{', '.join(SPLITS)}. Correct the column split, or leave such rows out with "
                "data.on_bad_row=skip"
            )
        return tuple(split for split in SPLITS if split in found)

    @classmethod
    def build(cls, options: Any) -> None:
        """Build the LMDB from GeoTIFF folders, where they are and no other LMDB is used.

        With `on_bad_image=skip` a patch that cannot be read is told and left out.

        Args:
            options: The plug-in's `Config`.

        Raises:
            DataError: A band is missing or broken.
            UserError: The disk is full or the folder may not be written to.
        """
        imagery = _imagery(options)
        other = layout.find_lmdb(imagery) not in (None, imagery / LMDB)
        if options.images != "geotiff" and layout.has_geotiffs(imagery) and not other:
            skips = options.on_bad_image == "skip"
            build_lmdb(imagery, on_bad=_log.warning if skips else None)

    @classmethod
    def how_to_get(cls, options: SourceConfig, root: Path) -> str:
        """Say what to get from where, what is there already, and what to do then."""
        return "see below.\n" + how_to_get(root, _imagery(options))

    @property
    def captions(self) -> Sequence[tuple[str, ...]]:
        """The texts of each image, made on access."""
        return Captions(self.records)

    def labels(self, index: int) -> tuple[int, ...]:
        """Return the land-cover classes of patch `index`; none where there are no metadata."""
        return self._labels.get(self._names(self._patch(index))[0], ())

    @cached_property
    def _labels(self) -> dict[str, tuple[int, ...]]:
        return patch_labels(self.imagery, self._pairs(self._records.patches)[0])

    def read_image(self, index: int) -> NDArray[np.float32]:
        """Read pair `index`, (120, 120, C) float32: digital numbers for S2, dB for S1.

        Raises:
            DataError: A patch or band is missing or broken; the message names it.
        """
        return self._reader.read(*self._names(self._patch(index)))

    def rows(self, index: int) -> list[Row]:
        """Return the annotations of image `index` that its texts are made of."""
        return self._table.rows(self._patch(index))

    def instructions(self, index: int) -> list[Instruction]:
        """Return the annotations of image `index` as instructions, see the base class."""
        return [instruction_of(row) for row in self.rows(index)]

    def questions(self, index: int) -> list[Instruction]:
        """Return the rows of image `index` as they stand."""
        return [as_written(row) for row in self.rows(index)]

    @cached_property
    def checksum(self) -> str:
        """SHA-256 (hex) over the rows and the options that texts and images depend on."""
        digest = hashlib.sha256()
        # The rules that make statements may change with the version.
        for part in (self.name, self.split, __version__, ",".join(self._kinds)):
            digest.update(part.encode() + b"\0")
        digest.update(self.image_fingerprint().encode())
        for block in self._table.digest_parts():
            digest.update(block)
        digest.update(self._records.patches.astype("<i8").tobytes())
        return digest.hexdigest()

    def image_fingerprint(self) -> str:
        """Return which channels the images have, how they are made, and a hash of their patches.

        An LMDB and GeoTIFFs of the same patches differ: at worst a cache is made once more.
        """
        options = self._options
        bands = ",".join(self.channels.bands) if self.channels else ""
        store = self._store.fingerprint(self._reader.names(*self._pairs(self._records.patches)))
        return f"{bands};{options.resampling};{options.drop_sensor};{store}"

    def check_present(self) -> None:
        """Look whether the store has the patches that are read for each image.

        Raises:
            DataError: Some are missing; the message names the first.
        """
        patches = self._records.patches
        missing = patches[~self._stored(patches)]
        if len(missing):
            raise DataError(
                f"{len(missing)} of {len(patches)} images of {self.name} {self.split} are not in "
                f"the imagery, the first is {' with '.join(self._names(int(missing[0])))}: "
                f"`wfa data prepare {self.name}` says what to get, or leave them out with "
                "data.on_bad_image=skip"
            )

    def _choose(self, unwanted: Any) -> None:
        shown = pc.invert(pc.is_in(self._table.patch_ids, unwanted)).to_numpy(zero_copy_only=False)
        patches = np.flatnonzero(shown)
        if self._options.on_bad_image == "skip":
            patches = self._drop_bad_images(patches)
        self.records = self._records = TextRecords(self._table, self._kinds, patches)
        self.skipped += tuple(
            f"{self._names(patch)[0]}: no text" for patch in self._records.without_text.tolist()
        )
        if not self._records:
            raise DataError(
                f"split {self.split} of {self.name} has no image left: {len(self._table)} patches "
                f"have rows, {len(patches)} of them pass the filters, none has a text of the kinds "
                f"{', '.join(self._kinds)}"
            )

    def _drop_bad_images(self, patches: NDArray[np.int64]) -> NDArray[np.int64]:
        """Return the patches that can be read; name the others in `skipped`."""
        absent = ~self._stored(patches)
        self.skipped = tuple(
            f"{self._names(patch)[0]}: not in the imagery" for patch in patches[absent].tolist()
        )
        there = patches[~absent]
        bad = bad_patches(self._reader, self._store, self.imagery, *self._pairs(there))
        self.skipped += tuple(f"{self._names(int(there[k]))[0]}: {why}" for k, why in bad.items())
        return np.delete(there, list(bad))

    def _stored(self, patches: NDArray[np.int64]) -> NDArray[np.bool_]:
        """Say of each patch, (P,), whether the store has what is read for it."""
        return self._reader.stored(*self._pairs(patches))

    def _pairs(self, patches: NDArray[np.int64]) -> tuple[list[str], list[str]]:
        """Return the patch_id and the s1_name of each patch."""
        own = pa.array(patches)
        patch_ids, s1_names = self._table.patch_ids.take(own), self._table.s1_names.take(own)
        return patch_ids.to_pylist(), s1_names.to_pylist()

    def _patch(self, index: int) -> int:
        return int(self._records.patches[index])

    def _names(self, patch: int) -> tuple[str, str]:
        return self._table.patch_ids[patch].as_py(), self._table.s1_names[patch].as_py()


def _root(options: SourceConfig) -> Path:
    return data_root(options, BigEarthNetTxt.name, os.environ.get("WFA_DATA_DIR"))


def _imagery(options: Any) -> Path:
    """Return the imagery's folder, which need not be there: beside the data set's by default."""
    root = data_folder(options, BigEarthNetTxt.name, os.environ.get("WFA_DATA_DIR"))
    return layout.expected_imagery(root, options.images_root)


def _table(path: Path, options: Config, split: str, kinds: Sequence[str]) -> AnnotationTable:
    wanted = split.split("+") if split == PAPER_TEST else [split]
    types = {KINDS[kind][0] for kind in kinds}
    table = AnnotationTable(path, wanted, types, options.on_bad_row)
    if not len(table):
        raise DataError(
            f"{path} has no rows of split {split!r} and of the types {', '.join(sorted(types))}; "
            f"it has the splits: {', '.join(sorted(splits_in(path))) or 'none'}"
        )
    return table
