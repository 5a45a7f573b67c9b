import hashlib
import io
import json
import zipfile
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from wfa.data.dataset import ImageTextDataset
from wfa.data.prepare import HUB, prepare
from wfa.data.sets.rsicd import RSICD
from wfa.data.sets.rsicd import Config as RSICDConfig
from wfa.data.sets.sydney_captions import SydneyCaptions
from wfa.data.sets.ucm_captions import Config as UCMConfig
from wfa.data.sets.ucm_captions import UCMCaptions
from wfa.errors import ConfigError, DataError

Picture = Callable[[Path, int], Path]
Write = Callable[..., Path]


def zipped(members: Mapping[str, bytes]) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as opened:
        for name, content in members.items():
            opened.writestr(name, content)
    return file.getvalue()


def serve_archive(
    site: Any, monkeypatch: pytest.MonkeyPatch, dataset: type[ImageTextDataset], content: bytes
) -> None:
    """Let the server have an archive in place of the published one, with its own checksum."""
    (published,) = dataset.facts.downloads
    method, _, _ = published.checksum.partition(":")
    checksum = f"{method}:{hashlib.new(method, content).hexdigest()}"
    ours = replace(published, checksum=checksum)
    monkeypatch.setattr(dataset, "facts", replace(dataset.facts, downloads=(ours,)))
    site.files[f"/{published.address}"] = content


def test_rsicd_is_read_from_the_mirror(site: Any, tmp_path: Path, picture: Picture) -> None:
    image = picture(tmp_path / "made.png", 0).read_bytes()
    for place, download in enumerate(RSICD.facts.downloads):
        file = io.BytesIO()
        row = {
            "filename": f"rsicd_images/{place}.png",
            "captions": ["a", "b"],
            "image": {"bytes": image, "path": None},
        }
        pq.write_table(pa.Table.from_pylist([row]), file)
        site.files[f"/{download.address}"] = file.getvalue()
    root = tmp_path / "rsicd"
    for _ in range(2):
        assert prepare("rsicd", root, site.base_url) == root
    assert len(site.requests) == 3  # the second time nothing is fetched
    options = RSICDConfig(root=str(root))
    assert RSICD.splits(options) == ("train", "validation", "test")
    assert RSICD(options, "validation").records[0].image == "1.png"


def test_ucm_images_join_the_captions(
    site: Any,
    tmp_path: Path,
    picture: Picture,
    write_karpathy: Write,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    names = ["agricultural/agricultural00", "agricultural/agricultural01", "airplane/airplane00"]
    members = {
        f"UCMerced_LandUse/Images/{name}.tif": picture(tmp_path / f"{seed}.tif", seed).read_bytes()
        for seed, name in enumerate(names)
    }
    readme = {"UCMerced_LandUse/readme.txt": b"x"}
    serve_archive(site, monkeypatch, UCMCaptions, zipped(members | readme))
    root = tmp_path / "ucm"
    with pytest.raises(DataError, match=r"not complete .*\n  .*/ucm/dataset\.json: the captions"):
        prepare("ucm_captions", root, site.base_url)
    images = [(f"{n}.tif", "train", [f"image {n}"]) for n in (100, 1, 101)]
    write_karpathy(root / "dataset.json", images)
    prepare("ucm_captions", root, site.base_url)
    assert len(site.requests) == 1  # not fetched again, though the archive is gone
    dataset = UCMCaptions(UCMConfig(root=str(root)), "train")
    for index, content in enumerate(members.values()):
        assert dataset.image_sha256(index) == hashlib.sha256(content).hexdigest()
    left = {path.name for path in root.iterdir()}
    assert left == {"imgs", "dataset.json", ".UCMerced_LandUse.zip.unpacked"}


def test_what_is_complete_is_left_alone(
    site: Any, tmp_path: Path, picture: Picture, write_karpathy: Write,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    counts = {"train": (2, 3), "test": (1, 1)}
    monkeypatch.setattr(UCMCaptions, "facts", replace(UCMCaptions.facts, counts=counts))
    images = [("1.tif", "train", ["a", "b"]), ("2.tif", "train", ["c"]), ("3.tif", "test", ["d"])]
    write_karpathy(tmp_path / "captions.json", images)
    for seed in (1, 2, 3):
        picture(tmp_path / "images" / f"{seed}.jpg", seed)
    before = sorted(tmp_path.rglob("*"))
    assert prepare("ucm_captions", tmp_path, site.base_url) == tmp_path
    assert site.requests == []
    assert sorted(tmp_path.rglob("*")) == before
    (tmp_path / "images" / "2.jpg").unlink()
    with pytest.raises(DataError):  # now it asks for the images, and there are none
        prepare("ucm_captions", tmp_path, site.base_url)
    assert len(site.asked) == 1


def test_real_captions_and_images_are_complete(site: Any, data_dir: Callable[[str], Path]) -> None:
    root = data_dir("ucm_captions")
    assert prepare("ucm_captions", root, site.base_url) == root
    assert site.requests == []


def test_a_file_of_ones_own_is_not_overwritten(site: Any, tmp_path: Path) -> None:
    path = tmp_path / "bigearthnet_txt" / "BigEarthNet.txt.parquet"
    path.parent.mkdir()
    path.write_text("mine")
    with pytest.raises(DataError, match=r"is not the file that was published .*sha256:d3b9"):
        prepare("bigearthnet_txt", path.parent, site.base_url)
    assert path.read_text() == "mine"
    assert site.requests == []


def test_an_unpacking_that_stopped_is_done_again(
    site: Any, tmp_path: Path, picture: Picture, monkeypatch: pytest.MonkeyPatch
) -> None:
    captions = {"images": [{"filename": "1.tif", "split": "val", "sentences": [{"raw": "a"}]}]}
    members = {
        "Sydney_captions/imgs/1.tif": picture(tmp_path / "1.tif", 0).read_bytes(),
        "Sydney_captions/dataset.json": json.dumps(captions).encode(),
    }
    serve_archive(site, monkeypatch, SydneyCaptions, zipped(members))

    def killed(*_args: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr("wfa.data.prepare.unpack", killed)
        with pytest.raises(KeyboardInterrupt):
            prepare("sydney_captions", tmp_path / "sydney", site.base_url)
    prepare("sydney_captions", tmp_path / "sydney", site.base_url)
    assert len(site.requests) == 1  # the archive was whole already
    assert {path.name for path in (tmp_path / "sydney").iterdir()} == {
        "imgs",
        "dataset.json",
        ".Sydney_captions.zip.unpacked",
    }


def test_another_file_than_the_published_one(site: Any, tmp_path: Path) -> None:
    (published,) = UCMCaptions.facts.downloads
    site.files[f"/{published.address}"] = zipped({"UCMerced_LandUse/Images/x.tif": b"x"})
    with pytest.raises(DataError, match="wanted is md5:5b7ec56793786b6dc8a908e8854ac0e4"):
        prepare("ucm_captions", tmp_path / "ucm", site.base_url)
    assert list((tmp_path / "ucm").iterdir()) == []


@pytest.mark.parametrize("name", ["rsitmd", "nwpu_captions"])
def test_what_has_no_address_is_put_there_by_hand(tmp_path: Path, name: str) -> None:
    with pytest.raises(DataError, match=r"put it there and run this again:\n  .*dataset_.*json"):
        prepare(name, tmp_path / name)


@pytest.mark.slow
def test_embedded_data_is_made(tmp_path: Path) -> None:
    prepare("scenes", tmp_path / "scenes")
    assert (tmp_path / "scenes" / "captions.json").is_file()


def test_unknown_names(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="did you mean 'rsicd'"):
        prepare("rsidc", tmp_path)


def test_the_hub_is_asked_over_https() -> None:
    assert HUB.startswith("https://")
