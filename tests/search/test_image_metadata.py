import json
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from wfa.errors import ConfigError, DataError, SearchIndexError
from wfa.search.image_metadata import (
    Condition,
    Metadata,
    load_metadata,
    write_metadata,
)
from wfa.search.metadata_table import read_metadata


def csv(folder: Path, *lines: str) -> Path:
    path = folder / "facts.csv"
    path.write_text("\n".join(lines), encoding="utf-8")
    return path


def test_rows_are_joined_by_path_or_by_a_name_that_is_one_images_only(tmp_path: Path) -> None:
    absolute = tmp_path / "photos" / "x" / "c.png"
    path = csv(tmp_path, "file,country", "x/a.png,Austria", f"{absolute},Finland", "b.png,Spain",
               "./d.png,Italy", "twin.png,Malta", "nothing.png,Peru")  # fmt: skip
    found = read_metadata(path, tmp_path / "photos")
    assert found.columns == ("country",)
    paths = ["x/a.png", "x/c.png", "y/b.png", "d.png", "y/twin.png", "z/twin.png", "y/a.png"]
    assert [facts.get("country") for facts in found.of(paths)] == [
        "Austria", "Finland", "Spain", "Italy", None, None, None,
    ]  # fmt: skip


def test_values_become_text_and_empty_ones_are_left_out(tmp_path: Path) -> None:
    table = pa.table({"cloud": [0.5, None], "labels": [["sea", "sand"], []], "path": ["a", "b"]})
    pq.write_table(table, tmp_path / "facts.parquet")
    found = read_metadata(tmp_path / "facts.parquet", tmp_path)
    assert found.columns == ("cloud", "labels")
    assert found.of(["a", "b"]) == [
        {"cloud": "0.5", "labels": '["sea", "sand"]'},
        {"labels": "[]"},
    ]


def test_values_of_any_type_become_text(tmp_path: Path) -> None:
    table = pa.table(
        {
            "path": pa.array([b"./x\\a.png", b"b.png"]).dictionary_encode(),
            "seen": pa.array([10**15, None], pa.timestamp("s")),
            "country": ["NA", "None"],
            "cloud": [float("nan"), 1.5],
        }
    )
    pq.write_table(table, tmp_path / "facts.parquet")
    first, second = read_metadata(tmp_path / "facts.parquet", tmp_path).of(["x/a.png", "b.png"])
    assert (first["country"], second["country"]) == ("NA", "None")
    assert second == {"country": "None", "cloud": "1.5"}
    assert "cloud" not in first
    assert "out of range" in first["seen"]


def test_what_is_written_is_read(tmp_path: Path) -> None:
    metadata = Metadata(("x", "y"), {"a.png": {"x": "1", "y": "ü"}, "b.png": {"y": "2"}, "c": {}})
    write_metadata(tmp_path / "m.parquet", metadata)
    assert load_metadata(tmp_path / "m.parquet") == metadata
    assert load_metadata(tmp_path / "missing") == Metadata()
    (tmp_path / "m.parquet").write_bytes((tmp_path / "m.parquet").read_bytes()[:-9])
    with pytest.raises(SearchIndexError, match=r"m\.parquet"):
        load_metadata(tmp_path / "m.parquet")


def test_the_column_of_paths_can_be_named(tmp_path: Path) -> None:
    path = csv(tmp_path, "where,name", "a.png,first")
    assert read_metadata(path, tmp_path, "where").of(["a.png"]) == [{"name": "first"}]
    with pytest.raises(DataError, match="its columns are: where, name"):
        read_metadata(path, tmp_path, "nowhere")


@pytest.mark.parametrize(
    ("lines", "message"),
    [
        (("a,b", "1,2"), "no column of image paths"),
        (("path,b", "x.png,1", "./x.png,2"), "row 2: x.png stands there twice"),
        (("path,b", " ,1"), "row 1: no image path"),
        (("path,b",), "has no rows"),
        (("path,b,b", "x.png,1,2"), "several columns 'b'"),
        (("path,b,Path", "x.png,1,y.png"), "2 columns"),
        (("path,b", "x.png"), "line 2: not the 2 values"),
    ],
)
def test_a_bad_table_is_named(tmp_path: Path, lines: tuple[str, ...], message: str) -> None:
    with pytest.raises(DataError, match=message):
        read_metadata(csv(tmp_path, *lines), tmp_path)


def test_a_missing_table_or_one_of_another_kind(tmp_path: Path) -> None:
    (tmp_path / "facts.xlsx").write_bytes(b"x")
    for name in ("facts.xlsx", "facts.csv"):
        with pytest.raises(DataError, match=name):
            read_metadata(tmp_path / name, tmp_path)


@pytest.mark.parametrize(
    ("text", "passing"),
    [
        ("n=5", {"5", "5.0"}),
        ("n!=5", {"-1", "10", "abc", "sea view", None}),
        ("n<5", {"-1"}),
        ("n<=5", {"-1", "5", "5.0"}),
        ("n>5", {"10", "abc", "sea view"}),
        ("n >= 5", {"5", "5.0", "10", "abc", "sea view"}),
        ("n=sea view", {"sea view"}),
        ("n~SEA", {"sea view"}),
        ("n>=b", {"sea view"}),
        ("n=", set()),
    ],
)
def test_conditions(text: str, passing: set[str | None]) -> None:
    condition = Condition.parse(text, ["n"])
    values = ["5", "5.0", "-1", "10", "abc", "sea view", None]
    facts = [{} if value is None else {"n": value} for value in values]
    found = {v for v, f in zip(values, facts, strict=True) if condition.holds(f)}
    assert found == passing


def test_a_condition_that_cannot_hold_is_refused() -> None:
    with pytest.raises(ConfigError, match="did you mean 'country'"):
        Condition.parse("contry=Austria", ["country", "cloud"])
    with pytest.raises(DataError, match="no condition"):
        Condition.parse("country", ["country"])
    with pytest.raises(DataError, match="no metadata"):
        Condition.parse("country=Austria", [])


def test_numbers_are_not_ordered_by_a_text() -> None:
    numbers, mixed = [{"area": "3"}, {}, {"area": "1e2"}], [{"area": "3"}, {"area": "large"}]
    for operator in ("<", "<=", ">", ">="):
        wrong = Condition.parse(f"area{operator}x", ["area"])
        with pytest.raises(DataError, match="'x' is no number, and area holds numbers, such as 3"):
            wrong.check(numbers)
        wrong.check(mixed)
        Condition.parse(f"area{operator}7.5", ["area"]).check(numbers)
    Condition.parse("area=x", ["area"]).check(numbers)


def test_a_column_with_an_operator_in_a_value(tmp_path: Path) -> None:
    (tmp_path / "f.json").write_text(json.dumps([{"path": "a", "note": "x=1<2"}]))
    found = read_metadata(tmp_path / "f.json", tmp_path)
    assert Condition.parse("note=x=1<2", found.columns).holds(found.of(["a"])[0])


@pytest.mark.parametrize(
    ("name", "message"),
    [("gone.csv", "there is no such file"), ("facts.txt", "wanted a file that ends in")],
)
def test_a_table_that_is_not_there(tmp_path: Path, name: str, message: str) -> None:
    with pytest.raises(DataError, match=message):
        read_metadata(tmp_path / name, tmp_path)
