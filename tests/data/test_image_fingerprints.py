"""Caches of folders, Parquet and shards: other images, another key; the same, the same key."""

import os
import shutil
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from PIL import Image

from tests.data.pictures import by_pillow, noise
from tests.data.shards.made_shards import captions_json, write_tar
from tests.data.tiny import SPEC, TinyDataset, tokenize
from wfa.data.dataset import ImageTextDataset, SourceConfig
from wfa.data.file_hashes import Stamp
from wfa.data.pixel_inputs import PixelInputs, resized_images
from wfa.data.sets.captions_folder import CaptionsFolder
from wfa.data.sets.captions_folder import Config as FolderConfig
from wfa.data.sets.captions_parquet import CaptionsParquet
from wfa.data.sets.captions_parquet import Config as ParquetConfig
from wfa.data.sets.webdataset import Config as ShardsConfig
from wfa.data.sets.webdataset import WebDataset
from wfa.scenes.sets.scenes import Config as ScenesConfig
from wfa.scenes.sets.scenes import Scenes
from wfa.testing import ContractError, check_dataset

SPLITS = ("train",) * 4 + ("validation", "test")


def picture(turns: int) -> bytes:
    """Give one of four pictures of equal size in bytes."""
    return by_pillow(Image.fromarray(noise(16, 16, 3)).rotate(90 * turns), "BMP")


def write_folder(root: Path, turned: int = 0) -> None:
    root.mkdir(exist_ok=True)
    for number in range(len(SPLITS)):
        replace(root / f"{number}.bmp", picture(turned if number == 2 else 0))
    lines = [f"{number}.bmp,a lake {number},{split}" for number, split in enumerate(SPLITS)]
    (root / "c.csv").write_text("\n".join(["file_name,caption,split", *lines]))


def write_parquet(root: Path, turned: int = 0) -> None:
    root.mkdir(exist_ok=True)
    rows = [
        {"image": picture(turned if number == 2 else 0), "caption": f"a lake {number}",
         "split": split}
        for number, split in enumerate(SPLITS)
    ]  # fmt: skip
    pq.write_table(
        pa.Table.from_pylist(rows), root / "new", compression="none", use_dictionary=False
    )
    replace(root / "all.parquet", (root / "new").read_bytes())
    (root / "new").unlink()


def write_shard(root: Path, turned: int = 0) -> None:
    root.mkdir(exist_ok=True)
    samples = {
        f"{number}": {
            "bmp": picture(turned if number == 2 else 0),
            "json": captions_json(f"a lake {number}"),
        }
        for number in range(4)
    }
    replace(root / "all.tar", write_tar(root / "new", samples).read_bytes())
    (root / "new").unlink()


def replace(path: Path, content: bytes) -> None:
    """Put a file in the place of another with its date; they have the same size."""
    status = path.stat() if path.exists() else None
    new = path.with_suffix(".part")
    new.write_bytes(content)
    if status is not None:
        assert status.st_size == new.stat().st_size
        os.utime(new, ns=(status.st_atime_ns, status.st_mtime_ns))
    new.replace(path)


def open_folder(root: Path) -> ImageTextDataset:
    return CaptionsFolder(FolderConfig(root=str(root)), "train")


def open_parquet(root: Path) -> ImageTextDataset:
    return CaptionsParquet(ParquetConfig(root=str(root)), "train")


def open_shard(root: Path) -> ImageTextDataset:
    return WebDataset(ShardsConfig(test_shards=(str(root / "all.tar"),)), "test")


def open_piped(root: Path) -> ImageTextDataset:
    return WebDataset(ShardsConfig(test_shards=(f"pipe:cat {root / 'all.tar'}",)), "test")


FAMILIES = {
    "folder": (write_folder, open_folder),
    "parquet": (write_parquet, open_parquet),
    "shards": (write_shard, open_shard),
}


@pytest.mark.parametrize("settled", [True, False])
@pytest.mark.parametrize("family", FAMILIES)
def test_a_store_replaced_in_place_shares_nothing(
    tmp_path: Path, cache_dir: Path, family: str, settled: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Stamp, "settled", settled)
    write, opened = FAMILIES[family]
    root = tmp_path / "own"
    write(root)
    first = opened(root)
    before = resized_images(first, SPEC, cache_dir).values.copy()
    write(root, turned=1)
    second = opened(root)
    assert second.checksum != first.checksum
    after = resized_images(second, SPEC, cache_dir).values
    assert [(before[row] == after[row]).all() for row in range(4)] == [True, True, False, True]


@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.usefixtures("cache_dir")
def test_the_same_content_elsewhere_and_later_has_the_same_key(
    tmp_path: Path, family: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Stamp, "settled", True)
    write, opened = FAMILIES[family]
    write(tmp_path / "own")
    first = opened(tmp_path / "own").checksum
    for path in (tmp_path / "own").iterdir():
        os.utime(path)
    assert opened(tmp_path / "own").checksum == first
    shutil.copytree(tmp_path / "own", tmp_path / "copy")
    assert opened(tmp_path / "copy").checksum == first


def test_two_sets_of_shards_with_equal_names_have_their_own_pixels(
    tmp_path: Path, cache_dir: Path
) -> None:
    for turned, name in enumerate(("one", "other")):
        write_shard(tmp_path / name, turned)
        for opened in (open_shard, open_piped):
            dataset = opened(tmp_path / name)
            cached = PixelInputs(dataset, SPEC, tokenize, cache_dir, "none")
            plain = PixelInputs(dataset, SPEC, tokenize, None, "none")
            for row in range(4):
                assert (cached.image(row, None) == plain.image(row, None)).all()


def test_a_checksum_of_ones_own_needs_a_fingerprint_of_the_images() -> None:
    class Own(TinyDataset):
        @property
        def checksum(self) -> str:
            return "mine"

    with pytest.raises(ContractError, match="overrides checksum and not image_fingerprint"):
        check_dataset(Own, SourceConfig)


@pytest.mark.usefixtures("cache_dir")
def test_scenes_are_known_by_their_images(tmp_path: Path) -> None:
    options = ScenesConfig(
        root=str(tmp_path / "made"), train_images=4, validation_images=2, test_images=2
    )
    first = Scenes(options, "train").checksum
    assert Scenes(options, "train").checksum == first
    path = next((tmp_path / "made").glob("images_train.npy"))
    content = bytearray(path.read_bytes())
    content[-1] ^= 1
    replace(path, bytes(content))
    assert Scenes(options, "train").checksum != first
