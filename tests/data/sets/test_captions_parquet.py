import pickle
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from wfa.data.decode import decode_image
from wfa.data.sets.captions_parquet import CaptionsParquet, Config
from wfa.data.tables.entries import split_in_name
from wfa.errors import DataError

Picture = Callable[[Path, int], Path]

STRUCT = pa.struct([("bytes", pa.binary()), ("path", pa.string())])


@pytest.fixture
def encoded(tmp_path: Path, picture: Picture) -> list[bytes]:
    """Seven different pictures as PNG."""
    return [picture(tmp_path / "made" / f"{seed}.png", seed).read_bytes() for seed in range(7)]


def write(path: Path, columns: dict[str, Any], group: int = 3) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    pq.write_table(pa.table(columns), path, row_group_size=group)
    return path


def structs(encoded: list[bytes], paths: list[str | None]) -> Any:
    rows = [{"bytes": b, "path": p} for b, p in zip(encoded, paths, strict=True)]
    return pa.array(rows, STRUCT)


@pytest.fixture
def root(tmp_path: Path, encoded: list[bytes]) -> Path:
    """Five images for training in two row groups, one each for validation and test."""
    root = tmp_path / "set"
    shards = {"train": range(5), "valid": range(5, 6), "test": range(6, 7)}
    for split, places in shards.items():
        columns = {
            "filename": [f"folder/{place}.png" for place in places],
            "captions": [[f"caption {place}"] * (place + 1) for place in places],
            "image": structs([encoded[place] for place in places], [None] * len(places)),
        }
        write(root / "data" / f"{split}-00000-of-00001.parquet", columns)
    return root


def test_hub_form(root: Path, encoded: list[bytes]) -> None:
    config = Config(root=str(root))
    assert CaptionsParquet.splits(config) == ("train", "validation", "test")
    train = CaptionsParquet(config, "train")
    assert [record.image for record in train.records] == [f"folder/{n}.png" for n in range(5)]
    assert [len(texts) for texts in train.captions] == [1, 2, 3, 4, 5]
    for index in (4, 0, 3, 1, 2):
        np.testing.assert_array_equal(train.read_image(index), decode_image(encoded[index]))
    assert CaptionsParquet(config, "test").captions == [("caption 6",) * 7]


@pytest.mark.parametrize("cache_mb", [0, 256])
def test_threads_and_copies_read_the_same(root: Path, encoded: list[bytes], cache_mb: int) -> None:
    dataset = CaptionsParquet(Config(root=str(root), cache_mb=cache_mb), "train")
    copy = pickle.loads(pickle.dumps(dataset))  # noqa: S301
    with ThreadPoolExecutor(4) as pool:
        images = list(pool.map(copy.read_image, list(range(5)) * 8))
    for index, image in enumerate(images):
        np.testing.assert_array_equal(image, decode_image(encoded[index % 5]))


def test_few_row_groups_stay_in_memory(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    reads: list[int] = []
    plain = pq.ParquetFile.read_row_group

    def counted(self: Any, group: int, *args: Any, **kwargs: Any) -> Any:
        reads.append(group)
        return plain(self, group, *args, **kwargs)

    monkeypatch.setattr(pq.ParquetFile, "read_row_group", counted)
    roomy = CaptionsParquet(Config(root=str(root)), "train")
    assert reads == []  # opening reads no image
    for index in (0, 4, 1, 3, 2):
        roomy.read_image(index)
    assert reads == [0, 1]
    tight = CaptionsParquet(Config(root=str(root), cache_mb=0), "train")
    for index in range(5):
        tight.read_image(index)
    assert reads == [0, 1, 0, 1]


def test_names_from_the_image_column(tmp_path: Path, encoded: list[bytes]) -> None:
    images = structs(encoded[:2], ["x.png", "y.png"])
    write(tmp_path / "s" / "train.parquet", {"image": images, "text": ["one", "two"]})
    dataset = CaptionsParquet(Config(root=str(tmp_path / "s")), "train")
    assert [record.image for record in dataset.records] == ["x.png", "y.png"]
    assert dataset.captions == [("one",), ("two",)]


@pytest.mark.parametrize("paths", [["x.png", "x.png"], ["x.png", None]])
def test_names_from_the_rows(tmp_path: Path, encoded: list[bytes], paths: list[str | None]) -> None:
    images = structs(encoded[:2], paths)
    write(tmp_path / "s" / "train.parquet", {"image": images, "text": ["one", "two"]})
    dataset = CaptionsParquet(Config(root=str(tmp_path / "s")), "train")
    assert [record.image for record in dataset.records] == ["train-000000", "train-000001"]


def test_plain_bytes_and_a_column_of_splits(tmp_path: Path, encoded: list[bytes]) -> None:
    columns = {
        "jpg": encoded[:2],
        "name": ["x", "y"],
        "caption_1": ["one", "two"],
        "caption_2": ["three", "four"],
        "split": ["test", "val"],
    }
    write(tmp_path / "s" / "0000.parquet", columns)
    config = Config(root=str(tmp_path / "s"))
    assert CaptionsParquet.splits(config) == ("validation", "test")
    dataset = CaptionsParquet(config, "validation")
    assert dataset.captions == [("two", "four")]
    np.testing.assert_array_equal(dataset.read_image(0), decode_image(encoded[1]))


def test_without_splits_names_are_divided(tmp_path: Path, encoded: list[bytes]) -> None:
    write(tmp_path / "s" / "0000.parquet", {"image": encoded, "caption": list("abcdefg")})
    config = Config(root=str(tmp_path / "s"))
    sizes = [len(CaptionsParquet(config, split)) for split in CaptionsParquet.splits(config)]
    assert sizes == [5, 1, 1]


def test_an_image_without_bytes(tmp_path: Path, encoded: list[bytes]) -> None:
    images = pa.array([{"bytes": encoded[0], "path": "x"}, {"bytes": None, "path": "y"}], STRUCT)
    write(tmp_path / "s" / "train.parquet", {"image": images, "text": ["one", "two"]})
    dataset = CaptionsParquet(Config(root=str(tmp_path / "s")), "train")
    with pytest.raises(DataError, match="image y of captions_parquet has no bytes"):
        dataset.read_image(1)


@pytest.mark.parametrize(
    ("columns", "options", "message"),
    [
        ({"image": ["x"], "caption": ["a"]}, {}, "no column of image bytes .*image, caption"),
        (
            {"image": [b"x"], "caption": ["a"]},
            {"image_column": "jpg"},
            "no column 'jpg' of image bytes",
        ),
        ({"image": [b"x"], "label": [1]}, {}, r"no column of captions \(data\.caption_column=NA"),
        (
            {"image": [b"x"], "caption": ["a"]},
            {"file_column": "id"},
            r"no column of image file names \(data\.file_column=id\)",
        ),
        ({"image": [b"x", b"y"], "file": ["1", "1"], "caption": ["a", "b"]}, {}, "more than once"),
        ({"image": [b"x"], "caption": [None]}, {}, "1 image without any caption"),
    ],
)
def test_broken_files(
    tmp_path: Path, columns: dict[str, Any], options: dict[str, Any], message: str
) -> None:
    types = {"caption": pa.array(columns["caption"], pa.string())} if "caption" in columns else {}
    write(tmp_path / "s" / "train.parquet", columns | types)
    with pytest.raises(DataError, match=message):
        CaptionsParquet(Config(root=str(tmp_path / "s"), **options), "train")


def test_no_parquet_at_all(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"hold no file NAME\.parquet"):
        CaptionsParquet(Config(root=str(tmp_path)), "train")
    (tmp_path / "train.parquet").write_bytes(b"PAR1")
    with pytest.raises(DataError, match="is not Parquet"):
        CaptionsParquet(Config(root=str(tmp_path)), "train")


@pytest.mark.parametrize(
    ("path", "split"),
    [
        ("data/train-00000-of-00001.parquet", "train"),
        ("data/valid-00000-of-00001-abc.parquet", "valid"),
        ("default/validation/0000.parquet", "validation"),
        ("test.parquet", "test"),
        ("constrained/latest.parquet", ""),
    ],
)
def test_split_in_a_name(path: str, split: str) -> None:
    assert split_in_name(Path(path)) == split
