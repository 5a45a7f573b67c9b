"""Made pairs and rows in the official forms, small enough for every test."""

from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import tifffile

from wfa.bigearthnet.annotation_table import COLUMNS
from wfa.bigearthnet.bands import NATIVE_SIZE, S1_BANDS, S2_BANDS

S2 = "S2A_MSIL2A_20170613T101031_N9999_R022_T33UUP_{:02d}_57"
S1 = "S1B_IW_GRDH_1SDV_20170612T165809_33UUP_{}_57"


def names(pair: int) -> tuple[str, str]:
    """Give patch_id and s1_name of made pair 0, 1, ..."""
    return S2.format(pair), S1.format(pair)


def write_geotiffs(root: Path, pair: int) -> None:
    """Write a pair of random values in the folders of BigEarthNet v2."""
    rng = np.random.default_rng(pair)
    for name, sensor, bands in zip(
        names(pair), ("BigEarthNet-S2", "BigEarthNet-S1"), (S2_BANDS, S1_BANDS), strict=True
    ):
        group = name.rsplit("_", 2 if name.startswith("S2") else 3)[0]
        folder = root / sensor / group / name
        folder.mkdir(parents=True)
        for band in bands:
            shape = (NATIVE_SIZE[band],) * 2
            values: Any = rng.integers(0, 10_000, shape).astype(np.uint16)
            if sensor == "BigEarthNet-S1":
                values = rng.normal(-15, 5, shape).astype(np.float32)
            tifffile.imwrite(folder / f"{name}_{band}.tif", values)


def row(
    number: int, pair: int, kind: str, category: str, question: str, answer: str
) -> dict[str, Any]:
    """Make one row in the official columns."""
    patch_id, s1_name = names(pair)
    values = (number, s1_name, patch_id, question, answer, kind, category, "test", 48.1, 12.7,
              "Austria", "Summer", "Cold, no dry season, warm summer")  # fmt: skip
    return dict(zip(COLUMNS, values, strict=True))


def three_pairs() -> list[dict[str, Any]]:
    """Make rows of three pairs that are not sorted by pair; pair 2 has no text of its own."""
    options = "a) Summer, b) Winter, c) Spring, d) Fall"
    return [
        row(1, 1, "binary", "presence", "Does the image depict pastures?", "yes"),
        row(2, 0, "captioning", "None", "Describe it.", "Pastures lie here. A lake is there."),
        row(3, 1, "mcq", "season", f"Which season is shown? {options}", "d"),
        row(4, 0, "bounding box", "reference", "Find the <ref>lake</ref>.", "[0.0 0.1, 0.5 1.0]"),
        row(5, 0, "bounding box", "point", "Box <point>(0.2, 0.3)</point>.", "[0.0 0.1, 0.5 1.0]"),
        row(6, 2, "binary", "presence", "Does the image depict pastures?", "no"),
        row(7, 0, "binary", "area", "How come?", "yes"),
    ]


def write_rows(path: Path, rows: list[dict[str, Any]], **options: Any) -> Path:
    """Write rows as Parquet."""
    path.parent.mkdir(parents=True, exist_ok=True)
    pq.write_table(pa.Table.from_pylist(rows), path, **options)
    return path
