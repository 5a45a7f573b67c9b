"""Which columns and names Parquet files with images have; the images are read in the data set."""

import json
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from wfa.data.sets.captions_parquet import CaptionsParquet, Config
from wfa.data.tables.columns import Wanted
from wfa.data.tables.parquet_rows import read_rows
from wfa.errors import DataError

N = 12
SPLITS = ["test"] * 4 + ["val"] * 2 + ["train"] * 6


def columns(**others: Any) -> dict[str, Any]:
    return {
        "image": [f"png {place}".encode() for place in range(N)],
        "caption": [f"a lake {place}" for place in range(N)],
        **others,
    }


def write(root: Path, made: dict[str, Any], name: str = "0.parquet") -> Path:
    (root / name).parent.mkdir(parents=True, exist_ok=True)
    pq.write_table(pa.table(made), root / name)
    return root


def splits(root: Path, **options: Any) -> dict[str, int]:
    config = Config(root=str(root), **options)
    return {name: len(CaptionsParquet(config, name)) for name in CaptionsParquet.splits(config)}


def labels(root: Path) -> Path:
    names = ["test", "train", "val"]
    table = pa.table(columns(split=[names.index(split) for split in SPLITS]))
    info = json.dumps({"info": {"features": {"split": {"names": names}}}})
    pq.write_table(table.replace_schema_metadata({"huggingface": info}), root / "0.parquet")
    return root


def test_splits_as_text_category_and_class_label(tmp_path: Path) -> None:
    wanted = {"train": 6, "validation": 2, "test": 4}
    for kind in (pa.string(), pa.large_string(), pa.string_view(), pa.binary()):
        root = write(tmp_path, columns(split=pa.array(SPLITS, kind)))
        assert splits(root) == splits(root, split_column="split") == wanted
    root = write(tmp_path, columns(split=pa.array(SPLITS).dictionary_encode()))
    assert splits(root) == splits(root, split_column="Split") == wanted
    assert splits(labels(tmp_path)) == wanted


@pytest.mark.parametrize("values", [[0, 1] * 6, [True, False] * 6, [["train"]] * N])
def test_splits_without_names_are_refused(tmp_path: Path, values: list[Any]) -> None:
    with pytest.raises(DataError, match=r"0\.parquet, row 1: the split .* is no name; write one"):
        splits(write(tmp_path, columns(split=values)))


@pytest.mark.parametrize(
    ("others", "image"),
    [
        ({}, "image"),
        ({"id": [b"7"] * N}, "image"),
        ({"thumbnail": [b"x"] * N, "png": [b"x"] * N}, "image"),
        ({"Image": [{"bytes": b"x", "path": "a"}] * N, "image": ["a.png"] * N}, "Image"),
        ({"image": [1] * N, "jpg": [b"x"] * N, "mask": [b"x"] * N}, "jpg"),
        ({"image": [1] * N, "mask": [b"x"] * N, "caption": [b"a"] * N}, "mask"),
    ],
)
def test_the_column_of_images(tmp_path: Path, others: dict[str, Any], image: str) -> None:
    made = {**others, **{k: v for k, v in columns().items() if k not in others}}
    if "Image" in others:
        made["image"] = [f"{place}.png" for place in range(N)]
    assert read_rows(write(tmp_path, made), "", Wanted()).image == image


def test_several_columns_of_bytes_are_asked_for(tmp_path: Path) -> None:
    made = columns(image=[1] * N, one=[b"x"] * N, other=[b"y"] * N)
    with pytest.raises(DataError, match=r"\(one, other\): say which one with data\.image_column"):
        splits(write(tmp_path, made))
    assert read_rows(tmp_path, "other", Wanted()).image == "other"


@pytest.mark.parametrize("name", ["a.parquet", "z/metadata.parquet"])
def test_a_file_without_images_is_named(tmp_path: Path, name: str) -> None:
    write(tmp_path, columns(), "m.parquet")
    write(tmp_path, {"file_name": ["x"], "caption": ["y"]}, name)
    with pytest.raises(DataError, match=rf"{name} has no column of image bytes .*: file_name, cap"):
        splits(tmp_path)


@pytest.mark.parametrize(
    "other",
    [
        {"image": [b"x"], "text": ["a lake"]},
        {"image": [b"x"], "caption": ["a lake"], "file_name": ["x.png"]},
        {"img": [b"x"], "caption": ["a lake"]},
    ],
)
def test_files_are_read_by_the_same_columns(tmp_path: Path, other: dict[str, Any]) -> None:
    write(write(tmp_path, columns(), "a.parquet"), other, "b.parquet")
    with pytest.raises(DataError, match=r"b\.parquet would be read by .*a\.parquet by image, cap"):
        splits(tmp_path)


def test_files_may_have_unequal_numbers_of_captions_and_more_columns(tmp_path: Path) -> None:
    one = {"image": [b"1"], "caption_1": ["a"], "split": ["train"]}
    two = {"n": [1], "image": [b"2"], "caption_1": ["b"], "caption_2": ["c"], "split": ["test"]}
    write(write(tmp_path, one, "a.parquet"), two, "b.parquet")
    found = read_rows(tmp_path, "", Wanted())
    assert [entry.captions for entry in found.entries] == [("a",), ("b", "c")]


def test_a_split_in_one_file_only_is_refused(tmp_path: Path) -> None:
    write(write(tmp_path, columns(split=SPLITS), "a.parquet"), columns(), "b.parquet")
    with pytest.raises(DataError, match="names a split for some images but not for b-000000"):
        splits(tmp_path)


@pytest.mark.parametrize("folder", ["plain", "dev", "my-test-data", "test"])
def test_the_data_sets_own_folder_names_no_split(tmp_path: Path, folder: str) -> None:
    root = write(tmp_path / folder, columns())
    assert splits(root) == {"train": 10, "validation": 1, "test": 1}
    root = write(tmp_path / folder / "b", columns(), "train/0.parquet")
    assert splits(tmp_path / folder / "b") == {"train": 10, "validation": 1, "test": 1}


def test_folders_below_it_do(tmp_path: Path) -> None:
    for name in ("train-00000-of-00002", "train-00001-of-00002", "dev-00000-of-00001"):
        write(tmp_path, columns(), f"data/{name}.parquet")
    write(tmp_path, columns(), "test/part/0.parquet")
    assert splits(tmp_path) == {"train": 24, "validation": 12, "test": 12}


def test_shards_that_are_missing_are_told(tmp_path: Path) -> None:
    write(tmp_path, columns(), "data/train-00000-of-00002.parquet")
    (note,) = read_rows(tmp_path, "", Wanted()).notes
    assert "1 of the 2 files" in note
    write(tmp_path, columns(), "data/train-00001-of-00002.PARQUET")
    write(tmp_path, {"n": [1]}, ".cache/x.parquet")
    found = read_rows(tmp_path, "", Wanted())
    assert (len(found.entries), found.notes) == (2 * N, ())


def test_images_that_are_no_files_may_have_any_name(tmp_path: Path) -> None:
    odd = ["/data/a.png", "https://x.org/a.png", "../a.png", "C:\\a.png", None, " ", "nan"]
    made = {"image": [b"x"] * 7, "caption": ["a"] * 7, "file_name": odd}
    found = read_rows(write(tmp_path, made), "", Wanted())
    assert [entry.image for entry in found.entries] == [
        *odd[:4], "0-000004", "0-000005", "0-000006",
    ]  # fmt: skip
