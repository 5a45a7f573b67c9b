from pathlib import Path, PurePath

import pytest

from wfa.data.tables.entries import (
    Entry,
    hold_out,
    image_name,
    our_split,
    split_in_name,
    with_splits,
)
from wfa.errors import ConfigError, DataError


def entries(**counts: int) -> list[Entry]:
    """So many images of each split; `none` names none."""
    return [
        Entry(f"{split}_{place}.png", "" if split == "none" else split, ("a",))
        for split, count in counts.items()
        for place in range(count)
    ]


def divided(given: list[Entry]) -> tuple[dict[str, int], str]:
    found, notes = with_splits(given, 0.1, 0.1, Path("t.csv"))
    assert [entry.image for entry in found] == [entry.image for entry in given]
    splits = [entry.split for entry in found]
    return {split: splits.count(split) for split in dict.fromkeys(sorted(splits))}, " ".join(notes)


@pytest.mark.parametrize(
    ("given", "wanted", "note"),
    [
        ({"none": 20}, {"test": 2, "train": 16, "validation": 2}, "no image names a split"),
        ({"train": 20}, {"test": 2, "train": 16, "validation": 2}, "all images are in the split"),
        ({"train": 2}, {"train": 2}, "2 images are too few"),
        ({"train": 20, "test": 5}, {"test": 5, "train": 18, "validation": 2}, "2 of the 20 images"),
        ({"train": 8, "test": 4}, {"test": 4, "train": 7, "validation": 1}, "1 of the 8 images"),
        ({"train": 4, "test": 4}, {"test": 4, "train": 4}, "too few to give some"),
        ({"train": 9, "validation": 1}, {"train": 9, "validation": 1}, ""),
        ({"test": 20}, {"test": 20}, ""),
        ({"test": 5, "bench": 5}, {"bench": 5, "test": 5}, ""),
        ({"train": 9, "restval": 1}, {"restval": 1, "train": 8, "validation": 1}, "1 of the 9"),
    ],
)
def test_only_train_is_ever_divided(
    given: dict[str, int], wanted: dict[str, int], note: str
) -> None:
    counts, said = divided(entries(**given))
    assert counts == wanted
    assert note in said
    assert bool(note) == bool(said)


def test_held_out_images_come_from_train_alone() -> None:
    given = entries(train=50, test=10)
    found, _ = hold_out(given, 0.2)
    moved = [(old.split, new.split) for old, new in zip(given, found, strict=True) if old != new]
    assert moved == [("train", "validation")] * 10
    assert hold_out(given, 0) == (given, ())
    with pytest.raises(ConfigError, match="must be >= 0 and sum to less than 1"):
        hold_out(given, 1.0)


def test_splits_of_some_images_only() -> None:
    with pytest.raises(DataError, match=r"t\.csv names a split for some .* not for none_0\.png"):
        divided(entries(train=3, none=2))


@pytest.mark.parametrize(
    ("written", "wanted"),
    [
        ("train", "train"), (" Test ", "test"), ("VAL", "validation"), ("dev", "validation"),
        ("training", "train"), ("testing", "test"), ("fold 1 ", "fold 1"), ("", ""),
    ],
)  # fmt: skip
def test_names_of_splits(written: str, wanted: str) -> None:
    assert our_split(written) == wanted


@pytest.mark.parametrize(
    ("path", "split"),
    [
        ("captions_train2017.json", "train"),
        ("test.csv", "test"),
        ("data/train-00000-of-00002.parquet", "train"),
        ("validation/part-0/0000.parquet", "validation"),
        ("my-test-data/0000.parquet", ""),
        ("my-test-data.csv", ""),
        ("train_and_test.csv", ""),
        ("latest.csv", ""),
        ("0000.parquet", ""),
    ],
)
def test_a_split_in_a_name_is_a_word_at_its_end(path: str, split: str) -> None:
    assert our_split(split_in_name(PurePath(path))) == split


@pytest.mark.parametrize("name", ["./a/b.png", "a//b.png", "a\\b.png", " a/b.png ", "a/./b.png"])
def test_one_image_has_one_name(name: str) -> None:
    assert image_name(name, "t.csv, row 1") == "a/b.png"


@pytest.mark.parametrize(
    "name",
    ["", " ", ".", "/a.png", "C:\\a.png", "C:/a.png", "../a.png", "a/../../b.png",
     "\\\\host\\a.png", "a\0.png", "\ud800.png", "a" * 300, "a/" * 2000 + "b.png"],
)  # fmt: skip
def test_names_that_no_image_here_has(name: str) -> None:
    with pytest.raises(DataError, match=r"^t\.csv, row 1: "):
        image_name(name, "t.csv, row 1")
