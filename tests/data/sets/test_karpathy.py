"""The form that four data sets share, and what every annotated data set checks."""

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from wfa.data.sets.sydney_captions import Config, SydneyCaptions, archive_place
from wfa.errors import ConfigError, DataError

Write = Callable[..., Path]
Picture = Callable[[Path, int], Path]


def opened(root: Path, split: str = "train", **options: Any) -> SydneyCaptions:
    return SydneyCaptions(Config(root=str(root), **options), split)


@pytest.mark.parametrize("json_name", ["dataset.json", "dataset_sydney.json", "captions.json"])
@pytest.mark.parametrize("folder", ["imgs", "images"])
def test_published_names_and_ours(
    tmp_path: Path, write_karpathy: Write, picture: Picture, json_name: str, folder: str
) -> None:
    write_karpathy(tmp_path / json_name, [("1.png", "train", ["a", "b"])])
    picture(tmp_path / folder / "1.png", 0)
    dataset = opened(tmp_path)
    assert dataset.captions == [("a", "b")]
    assert dataset.read_image(0).shape == (12, 10, 3)


@pytest.mark.parametrize("name", ["val", "valid", "validation", "dev", "VAL"])
def test_validation_has_many_names(tmp_path: Path, write_karpathy: Write, name: str) -> None:
    write_karpathy(tmp_path / "dataset.json", [("1.png", name, ["a"]), ("2.png", "test", ["b"])])
    assert SydneyCaptions.splits(Config(root=str(tmp_path))) == ("validation", "test")
    assert opened(tmp_path, "validation").records[0].image == "1.png"


def test_missing_root_says_what_to_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(DataError, match=r"not at .*data\.root=DIR.*wfa data prepare sydney"):
        opened(tmp_path / "nowhere")
    monkeypatch.delenv("WFA_DATA_DIR", raising=False)
    with pytest.raises(DataError, match=r"no folder: add data\.root=DIR to the command"):
        SydneyCaptions(Config(), "train")


def test_missing_json_says_which(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"put dataset\.json or .*captions\.json there"):
        opened(tmp_path)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("{", "is not JSON"),
        ("[]", 'no list "images"'),
        ('{"images": []}', 'no list "images"'),
        ('{"images": [{"split": "train"}]}', 'image 0 has no "filename"'),
        ('{"images": [{"filename": "1.png"}]}', r'1\.png\) has no "split"'),
        ('{"images": [{"filename": "1.png", "split": "train"}]}', "holds no captions"),
        (
            '{"images": [{"filename": "1.png", "split": "train", "sentences": ["a"]}]}',
            'a sentence has no text "raw"',
        ),
        (
            '{"images": [{"filename": "1.png", "split": "train", "sentences": {"raw": "a"}}]}',
            '"sentences" is not a list',
        ),
    ],
)
def test_broken_json(tmp_path: Path, content: str, message: str) -> None:
    (tmp_path / "dataset.json").write_text(content, encoding="utf-8")
    with pytest.raises(DataError, match=message):
        opened(tmp_path)


def test_latin_1_is_not_json(tmp_path: Path) -> None:
    (tmp_path / "dataset.json").write_bytes('{"images": "é"}'.encode("latin-1"))
    with pytest.raises(DataError, match="is not JSON"):
        opened(tmp_path)


@pytest.mark.parametrize("name", ["../1.png", "/etc/1.png", "a/../../1.png", "C:\\1.png"])
def test_names_stay_in_the_folder(tmp_path: Path, write_karpathy: Write, name: str) -> None:
    write_karpathy(tmp_path / "dataset.json", [(name, "train", ["a"])])
    with pytest.raises(DataError, match=r"leaves the data set's folder"):
        opened(tmp_path)


def test_a_name_is_not_empty(tmp_path: Path, write_karpathy: Write) -> None:
    write_karpathy(tmp_path / "dataset.json", [("", "train", ["a"])])
    with pytest.raises(DataError, match=r"image 0: the image name is empty"):
        opened(tmp_path)


def test_a_name_stands_once(tmp_path: Path, write_karpathy: Write) -> None:
    twice = [("1.png", "train", ["a"]), ("./1.png", "test", ["b"])]
    write_karpathy(tmp_path / "dataset.json", twice)
    with pytest.raises(DataError, match=r"1 image names stand more than once.*1\.png"):
        opened(tmp_path)


def test_an_absent_split_names_those_present(tmp_path: Path, write_karpathy: Write) -> None:
    write_karpathy(tmp_path / "dataset.json", [("1.png", "train", ["a"]), ("2.png", "test", ["b"])])
    with pytest.raises(DataError, match="no split 'validation'; it has: train, test"):
        opened(tmp_path, "validation")


def test_an_unknown_split_is_refused(tmp_path: Path, write_karpathy: Write) -> None:
    write_karpathy(tmp_path / "dataset.json", [("1.png", "restval", ["a"])])
    with pytest.raises(DataError, match=r"1\.png .* in split 'restval', which is not known"):
        opened(tmp_path)


def test_empty_captions(tmp_path: Path, write_karpathy: Write) -> None:
    images = [("1.png", "train", ["a", " "]), ("2.png", "train", []), ("3.png", "train", ["c"])]
    write_karpathy(tmp_path / "dataset.json", images)
    with pytest.raises(DataError) as error:
        opened(tmp_path)
    assert str(error.value) == (
        f"{tmp_path / 'dataset.json'} has 1 image without any caption (2.png) and 1 image with an "
        "empty caption beside others (1.png): write the captions there, or leave out what has "
        "none with data.on_empty_caption=skip"
    )
    dataset = opened(tmp_path, on_empty_caption="skip")
    assert dataset.captions == [("a",), ("c",)]
    assert dataset.skipped == ("2.png: no caption",)
    assert dataset.skipped_captions == ("1.png: empty caption",)


def test_unknown_remedies_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"data\.on_bad_image='ignore' is not known"):
        opened(tmp_path, on_bad_image="ignore")
    with pytest.raises(ConfigError, match=r"data\.on_empty_caption='drop' is not known"):
        opened(tmp_path, on_empty_caption="drop")


@pytest.fixture
def damaged(tmp_path: Path, write_karpathy: Write, picture: Picture) -> Path:
    """Five images: one good, one missing, one truncated, one not an image, one empty."""
    root = tmp_path / "set"
    names = ["good.png", "gone.png", "cut.png", "page.png", "empty.png"]
    write_karpathy(root / "dataset.json", [(name, "train", [name]) for name in names])
    picture(root / "imgs" / "good.png", 0)
    cut = picture(root / "imgs" / "cut.png", 1)
    cut.write_bytes(cut.read_bytes()[:200])
    (root / "imgs" / "page.png").write_text("<html>", encoding="utf-8")
    (root / "imgs" / "empty.png").touch()
    return root


@pytest.mark.parametrize(
    ("index", "reason"),
    [
        (1, r"gone\.png of sydney_captions is missing"),
        (2, r"cut\.png of sydney_captions is truncated"),
        (3, r"page\.png of sydney_captions is not an image"),
        (4, r"empty\.png of sydney_captions is empty"),
    ],
)
def test_a_bad_image_stops(damaged: Path, index: int, reason: str) -> None:
    dataset = opened(damaged)
    assert len(dataset) == 5
    with pytest.raises(DataError, match=rf"{reason}.*Put a good copy.*on_bad_image=skip"):
        dataset.read_image(index)


@pytest.mark.usefixtures("cache_dir")
def test_bad_images_are_skipped_until_mended(damaged: Path, picture: Picture) -> None:
    for _ in range(2):  # the second time from the cache
        dataset = opened(damaged, on_bad_image="skip")
        assert [record.image for record in dataset.records] == ["good.png"]
        assert [line.partition(":")[0] for line in dataset.skipped] == [
            "gone.png",
            "cut.png",
            "page.png",
            "empty.png",
        ]
        assert dataset.read_image(0).shape == (12, 10, 3)
    picture(damaged / "imgs" / "cut.png", 1)
    mended = opened(damaged, on_bad_image="skip")
    assert [record.image for record in mended.records] == ["good.png", "cut.png"]


@pytest.mark.usefixtures("cache_dir")
def test_skipping_everything_is_an_error(tmp_path: Path, write_karpathy: Write) -> None:
    write_karpathy(tmp_path / "dataset.json", [("1.png", "train", ["a"])])
    with pytest.raises(DataError, match=r"none of the 1 images .* no folder imgs/ or images/"):
        opened(tmp_path, on_bad_image="skip")


@pytest.mark.usefixtures("cache_dir")
def test_all_missing_images_are_found_without_reading_any(
    damaged: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (damaged / "imgs" / "empty.png").unlink()
    dataset = opened(damaged)
    monkeypatch.setattr(Path, "read_bytes", lambda _: pytest.fail("an image was read"))
    with pytest.raises(
        DataError, match=r"2 images .* are missing .*: gone\.png, empty\.png\. Put a"
    ):
        dataset.check_present()


@pytest.mark.usefixtures("cache_dir")
def test_what_is_missing_is_looked_up_anew(damaged: Path, picture: Picture) -> None:
    assert len(opened(damaged, on_bad_image="skip")) == 1
    picture(damaged / "imgs" / "gone.png", 4)
    assert len(opened(damaged, on_bad_image="skip")) == 2


@pytest.mark.usefixtures("cache_dir")
def test_data_sets_of_equal_names_have_memories_of_their_own(
    tmp_path: Path, write_karpathy: Write, picture: Picture
) -> None:
    for root in ("a", "b"):
        write_karpathy(tmp_path / root / "dataset.json", [("1.png", "train", ["x"])])
    picture(tmp_path / "a" / "imgs" / "1.png", 0)
    (tmp_path / "b" / "imgs").mkdir()
    (tmp_path / "b" / "imgs" / "1.png").write_bytes(b"no image")
    for path in tmp_path.glob("*/imgs/1.png"):
        os.utime(path, (1, 1))
    for _ in range(2):
        assert len(opened(tmp_path / "a", on_bad_image="skip")) == 1
        with pytest.raises(DataError, match="none of the 1 images"):
            opened(tmp_path / "b", on_bad_image="skip")


@pytest.mark.usefixtures("cache_dir")
def test_checksum_follows_captions_and_images(
    tmp_path: Path, write_karpathy: Write, picture: Picture
) -> None:
    path = write_karpathy(tmp_path / "dataset.json", [("1.png", "train", ["a", "b"])])
    image = picture(tmp_path / "imgs" / "1.png", 0)
    first = opened(tmp_path).checksum
    image.touch()
    assert opened(tmp_path).checksum == first
    length = image.stat().st_size
    image.write_bytes(image.read_bytes()[:-1] + b"\0")
    assert image.stat().st_size == length  # another image, equally long
    second = opened(tmp_path).checksum
    path.write_text(json.dumps(json.loads(path.read_text())).replace('"b"', '"c"'))
    assert len({first, second, opened(tmp_path).checksum}) == 3


def test_sydney_archive_goes_into_place() -> None:
    assert archive_place("Sydney_captions/imgs/1.tif") == "imgs/1.tif"
    assert archive_place("Sydney_captions/dataset.json") == "dataset.json"
    assert archive_place("__MACOSX/Sydney_captions/imgs/._1.tif") is None
    assert archive_place("Sydney_captions/imgs/._1.tif") is None
    assert archive_place("Sydney_captions/features.pkl") is None
