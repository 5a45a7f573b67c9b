"""A bench split of a dozen rows, small enough to score by hand."""

from pathlib import Path

import pytest

from tests.bigearthnet.made import row, write_rows

OPTIONS = "a) Summer, b) Winter, c) Spring, d) Fall"
CAPTIONS = {
    10: "Pastures lie beside a lake in Austria.",
    11: "Mixed forest covers most of the image.",
}
RIGHT = {
    1: "yes", 2: "no", 3: "yes", 4: "d", 5: "a",
    6: "[0.0 0.0, 0.5 0.5]", 7: "[0.5 0.5, 1.0 1.0]", **CAPTIONS,
}  # fmt: skip
"""ID -> the right answer of every row."""


@pytest.fixture
def bench(tmp_path: Path) -> Path:
    """Give a Parquet file in the official columns: 9 rows of bench, one of test."""
    rows = [
        row(1, 0, "binary", "presence", "Does the image depict pastures?", RIGHT[1]),
        row(2, 0, "binary", "presence", "Does the image depict mixed forest?", RIGHT[2]),
        row(3, 1, "binary", "area", "Do pastures cover at least 10% of the image?", RIGHT[3]),
        row(4, 0, "mcq", "season", f"Which season is shown? {OPTIONS}", RIGHT[4]),
        row(5, 1, "mcq", "country", "Which country is shown? a) Austria, b) Serbia", RIGHT[5]),
        row(6, 0, "bounding box", "reference", "Find the <ref>lake</ref>.", RIGHT[6]),
        row(7, 1, "bounding box", "point", "Box <point>(0.7, 0.6)</point>.", RIGHT[7]),
        row(10, 0, "captioning", "None", "Describe it.", RIGHT[10]),
        row(11, 1, "captioning", "None", "Describe it.", RIGHT[11]),
    ]
    rows = [{**one, "split": "bench"} for one in rows]
    rows.append(row(99, 1, "binary", "presence", "Does the image depict pastures?", "yes"))
    return write_rows(tmp_path / "rows.parquet", rows)
