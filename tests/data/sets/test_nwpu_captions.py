import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from wfa.data.sets.nwpu_captions import Config, NWPUCaptions
from wfa.errors import DataError


def item(name: str, split: str, captions: int = 5) -> dict[str, Any]:
    keys = ["raw", *(f"raw_{place}" for place in range(1, captions))]
    return {"filename": name, "imgid": 1, "split": split} | {key: f"{name} {key}" for key in keys}


def write(root: Path, content: object) -> Config:
    (root / "dataset_nwpu.json").write_text(json.dumps(content), encoding="utf-8")
    return Config(root=str(root))


@pytest.mark.parametrize("folder", ["NWPU_images", "images"])
def test_class_folders(tmp_path: Path, picture: Callable[[Path, int], Path], folder: str) -> None:
    content = {
        "airport": [item("1.png", "train"), item("2.png", "val")],
        "bridge": [item("1.png", "train", captions=3)],
    }
    options = write(tmp_path, content)
    picture(tmp_path / folder / "airport" / "1.png", 0)
    picture(tmp_path / folder / "bridge" / "1.png", 1)
    dataset = NWPUCaptions(options, "train")
    assert NWPUCaptions.splits(options) == ("train", "validation")
    assert [record.image for record in dataset.records] == ["airport/1.png", "bridge/1.png"]
    assert dataset.records[0].captions == tuple(
        f"1.png {key}" for key in ("raw", "raw_1", "raw_2", "raw_3", "raw_4")
    )
    assert len(dataset.records[1].captions) == 3
    assert (dataset.read_image(0) != dataset.read_image(1)).any()


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ([], "not the JSON of NWPU-Captions"),
        ({}, "not the JSON of NWPU-Captions"),
        ({"airport": "x"}, "class 'airport' is no list"),
        ({"airport": ["x"]}, "class airport: an image has no 'filename'"),
        ({"airport": [{"filename": "1.jpg"}]}, "an image has no 'split'"),
        ({"airport": [item("1.jpg", "train") | {"raw_2": None}]}, "a caption is not a text"),
        ({"airport": [item("../1.jpg", "train")]}, "leaves the data set's folder"),
        ({"..": [item("1.jpg", "train")]}, "leaves the data set's folder"),
        (
            {"airport": [item("1.jpg", "train", 1) | {"raw": " "}]},
            "1 image without any caption",
        ),
    ],
)
def test_broken_json(tmp_path: Path, content: object, message: str) -> None:
    with pytest.raises(DataError, match=message):
        NWPUCaptions(write(tmp_path, content), "train")
