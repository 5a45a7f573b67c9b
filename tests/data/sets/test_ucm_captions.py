import json
import multiprocessing
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from wfa.data.sets.ucm_captions import Config, UCMCaptions, caption_name

Folder = Callable[[str], Path]

ROWS = {
    "train": {
        0: ("1.jpg", "There is a piece of farmland ."),
        9: ("10.jpg", "There is a piece of farmland ."),
        -1: ("2080.jpg", "A small tennis court with some plants and a swimming pool beside ."),
    },
    "validation": {
        0: ("91.jpg", "There is a piece of farmland ."),
        9: ("100.jpg", "There is a piece of farmland ."),
        -1: ("2090.jpg", "Two tennis courts arranged neatly on the lawn with some trees beside ."),
    },
    "test": {
        0: ("81.jpg", "There is a piece of farmland ."),
        9: ("90.jpg", "There is a piece of farmland ."),
        -1: ("2100.jpg", "Four tennis courts on the lawn with a road beside ."),
    },
}


@pytest.mark.parametrize("split", ROWS)
def test_counts_and_rows(data_dir: Folder, split: str) -> None:
    dataset = UCMCaptions(Config(root=str(data_dir("ucm_captions"))), split)
    captions = sum(len(texts) for texts in dataset.captions)
    assert (len(dataset), captions) == UCMCaptions.facts.counts[split]
    for index, (image, caption) in ROWS[split].items():
        assert dataset.records[index].image == image
        assert dataset.records[index].captions[0] == caption
        assert len(dataset.records[index].captions) == 5


def test_splits_and_images(data_dir: Folder) -> None:
    options = Config(root=str(data_dir("ucm_captions")))
    assert UCMCaptions.splits(options) == ("train", "validation", "test")
    image = UCMCaptions(options, "test").read_image(0)
    assert image.shape == (256, 256, 3)
    assert image.dtype == np.uint8
    assert image.std() > 1


def test_environment_names_the_folder(data_dir: Folder, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WFA_DATA_DIR", str(data_dir("ucm_captions").parent))
    assert len(UCMCaptions(Config(), "test")) == 210


def test_archive_names_agree_with_the_annotations(data_dir: Folder) -> None:
    path = data_dir("ucm_captions") / "captions.json"
    for image in json.loads(path.read_text(encoding="utf-8"))["images"]:
        member = f"UCMerced_LandUse/Images/{image['class']}/{image['ucmerced_name']}.tif"
        assert caption_name(member) == f"imgs/{image['orig_filename']}"


@pytest.mark.parametrize(
    "member",
    [
        "UCMerced_LandUse/readme.txt",
        "UCMerced_LandUse/Images/river/",
        "UCMerced_LandUse/Images/river/forest00.tif",
        "UCMerced_LandUse/Images/castle/castle00.tif",
    ],
)
def test_other_members_stay_out(member: str) -> None:
    assert caption_name(member) is None


def test_tiff_stands_for_jpeg(
    tmp_path: Path, picture: Callable[[Path, int], Path], write_karpathy: Callable[..., Path]
) -> None:
    write_karpathy(tmp_path / "dataset.json", [("7.jpg", "train", ["a river"])])
    picture(tmp_path / "imgs" / "7.tif", 1)
    assert UCMCaptions(Config(root=str(tmp_path)), "train").read_image(0).shape == (12, 10, 3)


def _first_pixel(dataset: UCMCaptions) -> int:
    return int(dataset.read_image(0)[0, 0, 0])


def test_worker_processes_can_read(
    tmp_path: Path, picture: Callable[[Path, int], Path], write_karpathy: Callable[..., Path]
) -> None:
    write_karpathy(tmp_path / "captions.json", [("7.png", "train", ["a river"])])
    picture(tmp_path / "images" / "7.png", 1)
    dataset = UCMCaptions(Config(root=str(tmp_path)), "train")
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        assert pool.apply(_first_pixel, (dataset,)) == _first_pixel(dataset)


def test_the_number_of_an_image_tells_the_class_that_the_json_names(data_dir: Folder) -> None:
    stored = json.loads((data_dir("ucm_captions") / "captions.json").read_text(encoding="utf-8"))
    named = {image["filename"]: image["class"] for image in stored["images"]}
    dataset = UCMCaptions(Config(root=str(data_dir("ucm_captions"))), "test")
    for index, record in enumerate(dataset.records):
        (label,) = dataset.labels(index)
        assert dataset.classes[label].replace(" ", "") == named[record.image]
