import json
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from wfa.data.file_hashes import Stamp
from wfa.data.sets.captions_folder import CaptionsFolder
from wfa.data.sets.captions_folder import Config as FolderConfig
from wfa.data.sets.rsicd import RSICD
from wfa.data.sets.rsicd import Config as RSICDConfig
from wfa.data.sets.ucm_captions import Config, UCMCaptions
from wfa.data.verify import bad_images, verify
from wfa.errors import DataError
from wfa.scenes.sets.scenes import Config as ScenesConfig
from wfa.scenes.sets.scenes import Scenes

Picture = Callable[[Path, int], Path]


def test_the_real_data_set_is_whole(
    data_dir: Callable[[str], Path], shown: list[tuple[str, int, int]]
) -> None:
    options = Config(root=str(data_dir("ucm_captions")))
    report = verify(UCMCaptions, options)
    assert report.ok
    assert report.problems == ()
    assert [(s.split, s.images, s.captions) for s in report.splits] == [
        ("train", 1680, 8400),
        ("validation", 210, 1050),
        ("test", 210, 1050),
    ]
    assert sum(sum(split.sizes.values()) for split in report.splits) == 2100
    assert report.repeats == ("train/102.jpg = train/103.jpg",)
    assert len(shown) == 2100
    assert shown[1679] == ("verifying train", 1680, 1680)
    assert json.loads(json.dumps(report.to_json()))["ok"] is True


@pytest.mark.slow
def test_captions_without_images(data_dir: Callable[[str], Path], tmp_path: Path) -> None:
    shutil.copy(data_dir("rsicd") / "captions.json", tmp_path)
    report = verify(RSICD, RSICDConfig(root=str(tmp_path)))
    assert not report.ok
    # Blank captions are published so, and therefore no problem; each image is one.
    assert len(report.problems) == 10921
    assert report.splits[1].skipped == ("bridge_59.jpg: empty caption",)
    assert report.problems[0].startswith("train: 00001.jpg is missing")


@pytest.fixture
def root(tmp_path: Path, picture: Picture) -> Path:
    """Six images: two the same, one missing, one cut, one without a caption."""
    root = tmp_path / "set"
    rows = ["a,one,train", "b,two,train", "c,three,test", "d,four,test", "e,five,test", "f,,train"]
    lines = [row.replace(",", ".png,", 1) for row in rows]
    for seed, name in enumerate("abcf"):
        picture(root / "images" / f"{name}.png", seed)
    same = (root / "images" / "a.png").read_bytes()
    (root / "images" / "d.png").write_bytes(same)
    (root / "images" / "b.png").write_bytes(same[:150])
    (root / "table.csv").write_text("\n".join(["file,caption,split", *lines]), encoding="utf-8")
    return root


def test_everything_wrong_is_listed(root: Path) -> None:
    report = verify(CaptionsFolder, FolderConfig(root=str(root)))
    looked_in = f"(looked in {root / 'images'}, {root})"
    assert report.problems == (
        "train: b.png is truncated",
        "train: f.png, row 6: no caption (data.on_empty_caption=skip leaves out what has none)",
        f"test: e.png is missing {looked_in}",
    )
    assert report.repeats == ("train/a.png = test/d.png",)
    assert report.splits[0].sizes == {"12 x 10 x 3 uint8": 1}


def test_bad_images_that_are_to_be_skipped_are_noted(root: Path) -> None:
    report = verify(CaptionsFolder, FolderConfig(root=str(root), on_bad_image="skip"))
    assert [line.partition(" (")[0] for line in report.problems] == [
        "train: f.png, row 6: no caption"
    ]
    train, test = (note for note in report.notes if "on_bad_image" in note)
    assert "train: " in train
    assert "1 of 2 images, such as b.png, which is truncated" in train
    assert "1 of 3 images, such as e.png, which is missing" in test
    # What is left out is what training leaves out, and that is told in the file too.
    options = FolderConfig(root=str(root), on_bad_image="skip", on_empty_caption="skip")
    for split in report.splits:
        kept = CaptionsFolder(options, split.split)
        assert len(kept) == split.images - len(split.bad_images)


def test_a_split_without_a_good_image_is_wrong_all_the_same(root: Path) -> None:
    for image in (root / "images").iterdir():
        image.write_bytes(b"no picture")
    report = verify(CaptionsFolder, FolderConfig(root=str(root), on_bad_image="skip"))
    assert "train: a.png is not an image" in report.problems
    with pytest.raises(DataError):
        CaptionsFolder(FolderConfig(root=str(root), on_bad_image="skip"), "train")


def test_what_was_decided_is_told(root: Path) -> None:
    report = verify(CaptionsFolder, FolderConfig(root=str(root), validation_fraction=0.5))
    (note,) = report.notes
    assert "1 of the 3 images of train are taken" in note
    assert json.loads(json.dumps(report.to_json()))["notes"] == [note]
    assert [split.split for split in report.splits] == ["train", "validation", "test"]


def test_hashes_follow_images_and_names(tmp_path: Path, picture: Picture) -> None:
    def found() -> str:
        return verify(CaptionsFolder, FolderConfig(root=str(tmp_path))).splits[0].sha256

    table = tmp_path / "t.csv"
    table.write_text("file,caption,split\na.png,one,train\n", encoding="utf-8")
    image = picture(tmp_path / "a.png", 0)
    first = found()
    assert found() == first
    image.rename(tmp_path / "b.png")
    table.write_text("file,caption,split\nb.png,one,train\n", encoding="utf-8")
    second = found()
    picture(tmp_path / "b.png", 1)
    assert len({first, second, found()}) == 3


def test_published_counts_are_compared(
    tmp_path: Path, picture: Picture, write_karpathy: Callable[..., Path]
) -> None:
    write_karpathy(tmp_path / "dataset.json", [("1.png", "train", ["a"])])
    picture(tmp_path / "imgs" / "1.png", 0)
    assert verify(UCMCaptions, Config(root=str(tmp_path))).problems == (
        "validation: the split is missing",
        "test: the split is missing",
        "train: 1 images with 1 captions, published are 1680 with 8400",
    )


@pytest.mark.usefixtures("cache_dir")
def test_a_data_set_that_is_not_files() -> None:
    report = verify(Scenes, ScenesConfig(train_images=4, validation_images=2, test_images=2))
    assert report.ok
    assert report.splits[0].sizes == {"64 x 64 x 3 uint8": 4}


def test_a_data_set_that_cannot_be_opened(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"put dataset\.json"):
        verify(UCMCaptions, Config(root=str(tmp_path)))


def test_checked_images_are_remembered(
    root: Path, cache_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    dataset = CaptionsFolder(FolderConfig(root=str(root), on_empty_caption="skip"), "train")
    files = [root / "images" / "a.png", root / "images" / "b.png"]
    monkeypatch.setattr(Stamp, "settled", True)
    first = bad_images(dataset, files, root)
    assert [(found.index, found.image, found.reason) for found in first] == [
        (1, "b.png", "is truncated")
    ]
    read: list[int] = []
    whole = CaptionsFolder.read_image

    def note(self: CaptionsFolder, index: int) -> NDArray[np.uint8]:
        read.append(index)
        return whole(self, index)

    monkeypatch.setattr(CaptionsFolder, "read_image", note)
    assert bad_images(dataset, files, root) == first
    assert read == []
    files[1].write_bytes(files[0].read_bytes())  # mended
    assert bad_images(dataset, files, root) == []
    assert read == [1]
    files[0].unlink()
    for _ in range(2):  # that a file is missing is not remembered
        read.clear()
        (found,) = bad_images(dataset, [None, files[1]], root)
        assert found.index == 0
        assert "is missing" in found.reason
        assert read == [0]
    assert len(list(cache_dir.glob("checked_images-*/*"))) == 1
