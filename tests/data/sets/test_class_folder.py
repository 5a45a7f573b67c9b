from collections.abc import Callable
from pathlib import Path

import pytest

from wfa.data.sets.class_folder import ClassFolder, Config
from wfa.errors import DataError

Picture = Callable[[Path, int], Path]


def classes_of(dataset: ClassFolder) -> dict[str, str]:
    return {
        record.image: dataset.classes[dataset.labels(index)[0]]
        for index, record in enumerate(dataset.records)
    }


def test_folders_of_splits_and_classes(tmp_path: Path, picture: Picture) -> None:
    names = ("train/SeaLake/a.png", "val/SeaLake/b.png", "test/AnnualCrop/c.png",
             "train/AnnualCrop/deep/d.png")  # fmt: skip
    for seed, name in enumerate(names):
        picture(tmp_path / "images" / name, seed)
    options = Config(root=str(tmp_path), caption="a satellite photo of {}.")
    assert ClassFolder.splits(options) == ("train", "validation", "test")
    train = ClassFolder(options, "train")
    assert train.classes == ("annual crop", "sea lake")
    assert classes_of(train) == {
        "train/AnnualCrop/deep/d.png": "annual crop", "train/SeaLake/a.png": "sea lake",
    }  # fmt: skip
    assert train.captions[0] == ("a satellite photo of annual crop.",)
    assert train.read_image(0).shape[2] == 3
    # Test has one class only, and still the same numbers.
    assert ClassFolder(options, "test").classes == train.classes


def test_class_folders_alone_are_divided(tmp_path: Path, picture: Picture) -> None:
    for seed in range(12):
        picture(tmp_path / ("forest" if seed % 2 else "test_site") / f"{seed}.png", seed)
    options = Config(root=str(tmp_path))
    sizes = {split: len(ClassFolder(options, split)) for split in ClassFolder.splits(options)}
    assert sizes == {"train": 10, "validation": 1, "test": 1}
    assert ClassFolder(options, "train").classes == ("forest", "test site")


def test_eurosat(data_dir: Callable[[str], Path]) -> None:
    options = Config(root=str(data_dir("eurosat")))
    found = {split: ClassFolder(options, split) for split in ClassFolder.splits(options)}
    assert {split: len(own) for split, own in found.items()} == {
        "train": 1000, "validation": 400, "test": 2000,
    }  # fmt: skip
    test = found["test"]
    assert len(test.classes) == 10
    for image, name in list(classes_of(test).items())[::100]:
        assert image.split("/")[0].lower() == name.replace(" ", "")


@pytest.mark.parametrize(
    ("table", "message"),
    [
        ("file_name,kind\na.png,x\n", "no column of labels"),
        ("label,kind\nx,y\n", "no column of file names"),
        ("file_name,label\na.png,\n", "row 1.*blank"),
        ("file_name,label\n../a.png,x\n", "leaves the data set's folder"),
    ],
)
def test_a_table_that_says_too_little_is_refused(tmp_path: Path, table: str, message: str) -> None:
    (tmp_path / "labels.csv").write_text(table, encoding="utf-8")
    with pytest.raises(DataError, match=message):
        ClassFolder(Config(root=str(tmp_path)), "train")


def test_what_is_missing_is_named(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="no image in a class's folder"):
        ClassFolder(Config(root=str(tmp_path)), "train")
    (tmp_path / "empty").mkdir()
    with pytest.raises(DataError, match="empty has no image"):
        ClassFolder(Config(root=str(tmp_path)), "train")
    with pytest.raises(DataError, match=r"must hold \{\} once"):
        ClassFolder(Config(root=str(tmp_path), caption="a photo"), "train")
