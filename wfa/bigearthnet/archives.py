"""What the publishers of BigEarthNet v2 and BigEarthNet.txt offer for download, as data."""

from typing import NamedTuple

ANNOTATIONS = "BigEarthNet.txt.parquet"
ANNOTATIONS_SHA256 = "d3b97f999456016bb13c2a8e94b8f47825654f07a0394a6b266a38b750ca1554"
ANNOTATIONS_ADDRESS = f"datasets/BIFOLD-BigEarthNetv2-0/BigEarthNet.txt/resolve/main/{ANNOTATIONS}"
"""Below the hub's address; 467 MB."""

IMAGERY_RECORD = "https://zenodo.org/records/10891137"
"""Holds the archives of BigEarthNet v2, with an MD5 beside each."""

IMAGERY = "bigearthnet_v2"
"""The folder of BigEarthNet v2, beside the annotations' own."""
LMDB = "BigEarthNet-V2-LMDB"
S1_FOLDER, S2_FOLDER, MAPS_FOLDER = "BigEarthNet-S1", "BigEarthNet-S2", "Reference_Maps"
MAP_SUFFIX, MAP_KEY = "_reference_map", "Data"
"""What the name of a reference map ends in, and its key in a blob."""
METADATA = ("metadata.parquet", "metadata_for_patches_with_snow_cloud_or_shadow.parquet")


class Archive(NamedTuple):
    """One file of the record.

    Attributes:
        name: Its name there.
        size: Its length in bytes.
        needed: Whether reading needs it; the rest is for annotating anew.
    """

    name: str
    size: int
    needed: bool


ARCHIVES = (
    Archive(f"{S2_FOLDER}.tar.zst", 63_251_710_377, True),
    Archive(f"{S1_FOLDER}.tar.zst", 54_439_153_171, True),
    Archive(f"{MAPS_FOLDER}.tar.zst", 282_391_301, False),
    Archive(METADATA[0], 3_616_349, True),
    Archive(METADATA[1], 710_162, True),
)

BY_HAND = tuple(
    f"../{IMAGERY}/{archive.name}  ({archive.size / 1e9:.2f} GB, from {IMAGERY_RECORD})"
    for archive in ARCHIVES
    if archive.needed
)
"""One line a file that has to be fetched by hand, below the data set's folder."""
