import shutil
from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from wfa.data.sets.rsicd import RSICD, Config
from wfa.errors import DataError

Folder = Callable[[str], Path]

ROWS = {
    "train": {
        0: ("00001.jpg", "A football field with several buildiings surroudned"),
        9: ("00010.jpg", "The playground here serves for residents nearby"),
        -1: ("viaduct_400.jpg", "There are many bare lands around the viaduct"),
    },
    "validation": {
        0: (
            "00721.jpg",
            "The tennis court is surrounded by several rectangular buildings, a parking lot and a "
            "piece of grassland",
        ),
        9: ("00743.jpg", "The tennis courts and rows of villas are seperated by this road"),
        -1: ("viaduct_99.jpg", "Park area of car parked"),
    },
    "test": {
        0: (
            "00623.jpg",
            "This is a huge playground with basketball courts and tennis courts planned orderly "
            "inside",
        ),
        9: (
            "00632.jpg",
            "The football field is surrounded by lush trees, filled with fog over it",
        ),
        -1: (
            "viaduct_60.jpg",
            "There is a arc shaped viaduct over the cloverleaf shaped ramps",
        ),
    },
}
BLANK = {"train": ["bridge_218.jpg", "parking_211.jpg"], "validation": ["bridge_59.jpg"]}


@pytest.mark.parametrize("split", ROWS)
def test_captions_open_without_images(data_dir: Folder, tmp_path: Path, split: str) -> None:
    shutil.copy(data_dir("rsicd") / "captions.json", tmp_path)
    dataset = RSICD(Config(root=str(tmp_path)), split)
    assert (len(dataset), sum(map(len, dataset.captions))) == RSICD.facts.counts[split]
    for index, (image, caption) in ROWS[split].items():
        assert dataset.records[index].image == image
        assert dataset.records[index].captions[0] == caption
    assert [line.split(":")[0] for line in dataset.skipped_captions] == BLANK.get(split, [])
    with pytest.raises(DataError, match=r"is missing \(there is no folder RSICD_images/"):
        dataset.read_image(0)


def test_the_mirror_gives_the_names_of_the_json(
    tmp_path: Path, picture: Callable[[Path, int], Path], write_karpathy: Callable[..., Path]
) -> None:
    image = picture(tmp_path / "set" / "RSICD_images" / "port_1.png", 0)
    write_karpathy(tmp_path / "set" / "dataset_rsicd.json", [("port_1.png", "val", ["a", "b"])])
    published = RSICD(Config(root=str(tmp_path / "set")), "validation")
    row = {
        "filename": "rsicd_images/port_1.png",
        "captions": ["a", "b"],
        "image": {"bytes": image.read_bytes(), "path": None},
    }
    (tmp_path / "mirror" / "data").mkdir(parents=True)
    path = tmp_path / "mirror" / "data" / "valid-00000-of-00001.parquet"
    pq.write_table(pa.Table.from_pylist([row]), path)
    mirrored = RSICD(Config(root=str(tmp_path / "mirror")), "validation")
    assert mirrored.records == published.records
    assert (mirrored.read_image(0) == published.read_image(0)).all()
    assert mirrored.image_sha256(0) == published.image_sha256(0)


def test_most_file_names_tell_a_class(data_dir: Folder) -> None:
    known = 0
    for split in ROWS:
        dataset = RSICD(Config(root=str(data_dir("rsicd"))), split)
        labels = [dataset.labels(index) for index in range(len(dataset))]
        known += sum(map(len, labels))
        for record, own in zip(dataset.records, labels, strict=True):
            stem, numbered, _ = record.image.partition("_")
            found = [dataset.classes[k].replace(" ", "") for k in own]
            assert found == ([stem] if numbered else [])
    assert known == 10_000
    assert len(RSICD.classes) == 30
