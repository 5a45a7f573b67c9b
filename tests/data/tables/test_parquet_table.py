import datetime
import json
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from wfa.data.tables.formats import read_table
from wfa.data.tables.parquet_table import ParquetTable
from wfa.errors import DataError


def write(root: Path, columns: Any, names: list[str] | None = None) -> Path:
    table = pa.table(columns, names=names) if names else pa.table(columns)
    pq.write_table(table, root / "t.parquet", row_group_size=2)
    return root / "t.parquet"


def cells(path: Path, *places: int) -> list[tuple[Any, ...]]:
    return list(ParquetTable(path).rows(places))


@pytest.mark.parametrize(
    "kind",
    [
        pa.string(), pa.large_string(), pa.string_view(), pa.dictionary(pa.int8(), pa.string()),
        pa.list_(pa.string()), pa.large_list(pa.large_string()), pa.list_(pa.string(), 1),
        pa.list_(pa.struct([("raw", pa.string())])), pa.dictionary(pa.int32(), pa.large_string()),
    ],
    ids=str,
)  # fmt: skip
def test_every_type_of_text(tmp_path: Path, kind: pa.DataType) -> None:
    raw: Any = ["a", "b", None]
    if "struct" in str(kind):
        raw = [[{"raw": "a"}], [{"raw": "b"}], None]
    elif "list" in str(kind):
        raw = [["a"], ["b"], None]
    dictionary = pa.types.is_dictionary(kind)
    array = (
        pa.array(raw, kind.value_type).dictionary_encode() if dictionary else pa.array(raw, kind)
    )
    path = write(tmp_path, {"n": [1, 2, 3], "caption": array})
    table = ParquetTable(path)
    assert [table.may_hold_text(place) for place in (0, 1)] == [False, True]
    assert cells(path, 1) == [(value,) for value in raw]


def test_only_the_columns_that_are_wanted_are_read(tmp_path: Path) -> None:
    broken = pa.Array.from_buffers(
        pa.string(), 1, [None, *pa.array(["é"]).cast(pa.binary()).buffers()[1:]]
    )
    latin = pa.Array.from_buffers(pa.string(), 1, pa.array([b"\xe9"]).buffers())
    path = write(tmp_path, {"latin": latin, "name": ["a.png"], "accent": broken})
    assert cells(path, 1, 2) == [("a.png", "é")]
    with pytest.raises(DataError, match=r"column latin of .*t\.parquet cannot be read"):
        cells(path, 0)


def test_times_that_python_has_no_type_for(tmp_path: Path) -> None:
    far = pa.array([10**15, 0], pa.timestamp("s"))
    day = pa.array([datetime.date(2024, 5, 1), None])
    path = write(tmp_path, {"far": far, "day": day})
    (_, first), (epoch, second) = cells(path, 0, 1)
    assert (first, second) == (datetime.date(2024, 5, 1), None)
    assert epoch.startswith("1970-01-01 00:00:00")


def test_columns_of_one_name_are_told_by_their_place(tmp_path: Path) -> None:
    path = write(tmp_path, [["a"], ["one"], [7], ["two"]], ["f", "caption", "n", "caption"])
    assert cells(path, 3, 0, 1) == [("two", "a", "one")]


def test_class_labels_have_their_names(tmp_path: Path) -> None:
    features = {"split": {"names": ["train", "test"], "_type": "ClassLabel"}, "n": {"dtype": "x"}}
    table = pa.table({"split": [1, 0, -1, None], "n": [0, 1, 2, 3]})
    info = json.dumps({"info": {"features": features}})
    pq.write_table(table.replace_schema_metadata({"huggingface": info}), tmp_path / "t.parquet")
    assert cells(tmp_path / "t.parquet", 0, 1) == [("test", 0), ("train", 1), (None, 2), (None, 3)]


@pytest.mark.parametrize("info", [b"", b"[]", b"{}", b'{"info": {"features": [1]}}', b"\xff", b"["])
def test_other_metadata_do_not_matter(tmp_path: Path, info: bytes) -> None:
    table = pa.table({"split": [1]}).replace_schema_metadata({b"huggingface": info})
    pq.write_table(table, tmp_path / "t.parquet")
    assert cells(tmp_path / "t.parquet", 0) == [(1,)]


def test_damaged_files_are_named(tmp_path: Path) -> None:
    path = write(tmp_path, {"a": [f"{n} {'x' * 99}" for n in range(99)]})
    content = path.read_bytes()
    path.write_bytes(b"\0" * 2000 + content[2000:])
    with pytest.raises(DataError, match=r"t\.parquet cannot be read"):
        cells(path, 0)
    path.write_bytes(content[:-9])
    with pytest.raises(DataError, match=r"t\.parquet is not Parquet"):
        read_table(path)
    with pytest.raises(DataError, match=r"t\.parquet has no rows"):
        read_table(write(tmp_path, {"a": pa.array([], pa.string())}))
    with pytest.raises(DataError, match=r"t\.xls does not end in one of \.csv"):
        read_table(tmp_path / "t.xls")
