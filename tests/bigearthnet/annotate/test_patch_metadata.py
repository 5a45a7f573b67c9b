from pathlib import Path

import pytest

from tests.bigearthnet.annotate.made import ARABLE, LAKE, PASTURES, PATCH, S1, row, write_metadata
from wfa.bigearthnet.annotate.patch_metadata import Metadata, Place
from wfa.errors import DataError


def test_a_row_becomes_a_place(tmp_path: Path) -> None:
    found = Metadata(write_metadata(tmp_path / "m.parquet", [row(4), row(5)]))
    assert found.patches == [PATCH.format(4), PATCH.format(5)]
    assert found.place(1) == Place(
        PATCH.format(5), S1.format(5), "train", "Austria", "Summer", "", None, None
    )


def test_columns_beyond_the_official_ones_are_read(tmp_path: Path) -> None:
    more = {"season": "Fall", "climate_zone": "Polar, tundra", "latitude": 1.5, "longitude": 2.5}
    place = Metadata(write_metadata(tmp_path / "m.parquet", [row(0, **more)])).place(0)
    assert (place.season, place.climate_zone) == ("Fall", "Polar, tundra")
    assert (place.latitude, place.longitude) == (1.5, 2.5)


@pytest.mark.parametrize(
    ("date", "season"),
    [("20171201", "Winter"), ("20180228", "Winter"), ("20180301", "Spring"), ("20180531", "Spring"),
     ("20180601", "Summer"), ("20170831", "Summer"), ("20170901", "Fall"), ("20171130", "Fall")],
)  # fmt: skip
def test_the_date_tells_the_season(tmp_path: Path, date: str, season: str) -> None:
    name = PATCH.format(0).replace("20170613", date)
    path = write_metadata(tmp_path / "m.parquet", [row(0, patch_id=name)])
    assert Metadata(path).place(0).season == season


def test_the_universe_follows_the_labels(tmp_path: Path) -> None:
    rows = [row(0), row(1, labels=["Pastures"]), row(2, labels=["Inland waters", "Pastures"])]
    weights = Metadata(write_metadata(tmp_path / "m.parquet", rows)).universe.weights
    assert weights[PASTURES] > weights[ARABLE] == weights[LAKE] > weights[0] == 1


@pytest.mark.parametrize("column", ["patch_id", "s1_name", "split", "country", "labels"])
def test_a_missing_column_is_named(tmp_path: Path, column: str) -> None:
    rows = [{key: value for key, value in row(0).items() if key != column}]
    path = write_metadata(tmp_path / "m.parquet", rows)
    with pytest.raises(DataError, match=rf"m\.parquet has no column {column}; it has: "):
        Metadata(path)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"split": "val"}, r"patch S2A.* has the split 'val'; known are: train, "),
        ({"s1_name": ""}, "row 0 of .* has no s1_name"),
        ({"patch_id": None}, "row 0 of .* has no patch_id"),
        ({"patch_id": "S2A_T33UUP_1_2"}, "name of patch S2A_T33UUP_1_2 has no date"),
        ({"patch_id": PATCH.format(1).replace("0613T", "1313T")}, "has no date"),
        ({"season": "Autumn"}, r"patch S2A.* has the season 'Autumn'; known are: Winter, "),
    ],
)
def test_a_broken_row_is_named(tmp_path: Path, change: dict[str, object], message: str) -> None:
    found = Metadata(write_metadata(tmp_path / "m.parquet", [row(0, **change)]))
    with pytest.raises(DataError, match=message):
        found.place(0)


def test_what_is_no_metadata_is_told(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="there is no metadata file"):
        Metadata(tmp_path / "m.parquet")
    (tmp_path / "m.parquet").write_text("no")
    with pytest.raises(DataError, match="is no Parquet file"):
        Metadata(tmp_path / "m.parquet")
