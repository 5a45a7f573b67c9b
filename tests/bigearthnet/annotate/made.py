"""Small maps and whole data sets to annotate."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import tifffile
from numpy.typing import NDArray

from wfa.bigearthnet.annotate.corine import ClassMap, classes_of
from wfa.bigearthnet.annotate.patch_metadata import Place
from wfa.bigearthnet.class_names import CLASSES
from wfa.scenes.sensor_pairs import make_pair

PLACE = {land.name: place for place, land in enumerate(CLASSES)}
ARABLE, PASTURES, LAKE, BROAD, MIXED, URBAN = (
    PLACE[name] for name in (
        "Arable land", "Pastures", "Inland waters", "Broad-leaved forest", "Mixed forest",
        "Urban fabric",
    )
)  # fmt: skip
PATCH = "S2A_MSIL2A_20170613T101031_N9999_R022_T33UUP_{:02d}_57"
S1 = "S1B_IW_GRDH_1SDV_20170612T165809_33UUP_{}_57"
SOMEWHERE = Place(
    PATCH.format(0), S1.format(0), "train", "Austria", "Fall",
    "Temperate, no dry season, warm summer", 48.0, 12.0,
)  # fmt: skip


def drawn(picture: str, **letters: int) -> ClassMap:
    """Make a map of a picture: one letter a pixel, `.` where there is no class."""
    code = {".": -1, "a": ARABLE, "p": PASTURES, "w": LAKE, "f": BROAD, "m": MIXED, **letters}
    return np.array(
        [[code[c] for c in line.split("#")[0].strip()] for line in picture.split()], np.int8
    )


def scene_map(index: int, split: str = "train") -> ClassMap:
    """Give the class map of an embedded scene."""
    return classes_of(make_pair(3, split, index).reference, "made")


def random_codes(seed: int, cells: int = 5) -> NDArray[np.uint16]:
    """Draw a map of 120 x 120 codes in blocks, some of them of land without a class."""
    rng = np.random.default_rng(seed)
    codes = np.array([112, 211, 231, 311, 313, 324, 512, 523, 142], np.uint16)
    blocks = rng.choice(codes, (cells, cells), p=[0.1, 0.2, 0.2, 0.15, 0.1, 0.1, 0.05, 0.05, 0.05])
    return np.kron(blocks, np.ones((120 // cells, 120 // cells), np.uint16)).astype(np.uint16)


def row(number: int, **changes: Any) -> dict[str, Any]:
    """Make a row of metadata."""
    return {
        "patch_id": PATCH.format(number),
        "labels": ["Arable land", "Pastures"],
        "split": "train",
        "country": "Austria",
        "s1_name": S1.format(number),
        "contains_seasonal_snow": False,
        **changes,
    }


def write_metadata(path: Path, rows: list[dict[str, Any]]) -> Path:
    """Write rows of metadata."""
    pq.write_table(pa.Table.from_pylist(rows), path)
    return path


def write_maps(folder: Path, maps: Mapping[str, NDArray[Any]]) -> Path:
    """Write maps as GeoTIFFs in the folders of BigEarthNet v2."""
    for patch, codes in maps.items():
        path = folder / patch.rsplit("_", 2)[0] / patch / f"{patch}_reference_map.tif"
        path.parent.mkdir(parents=True)
        tifffile.imwrite(path, codes)
    return folder
