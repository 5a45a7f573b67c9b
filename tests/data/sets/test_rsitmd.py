from collections.abc import Callable
from pathlib import Path

import pytest

from wfa.data.sets.rsitmd import RSITMD, Config
from wfa.errors import ConfigError, DataError

Write = Callable[..., Path]


@pytest.fixture
def root(tmp_path: Path, write_karpathy: Write) -> Path:
    images = [(f"{place}.tif", "train", [f"caption {place}"]) for place in range(4291)]
    images += [(f"test_{place}.tif", "test", [f"caption {place}"]) for place in range(452)]
    write_karpathy(tmp_path / "dataset_RSITMD.json", images)
    return tmp_path


def names(root: Path, split: str, fraction: float = 0.1) -> list[str]:
    dataset = RSITMD(Config(root=str(root), validation_fraction=fraction), split)
    return [record.image for record in dataset.records]


def test_validation_is_held_out_of_train(root: Path) -> None:
    found = {split: names(root, split) for split in ("train", "validation", "test")}
    for split, images in found.items():
        assert len(images) == RSITMD.facts.counts[split][0]
    assert len(set().union(*found.values())) == 4743
    assert all(name.startswith("test_") for name in found["test"])
    assert found["train"] == sorted(found["train"], key=lambda name: int(name[:-4]))


def test_a_larger_share_holds_the_smaller(root: Path) -> None:
    assert set(names(root, "validation", 0.1)) < set(names(root, "validation", 0.2))


def test_nothing_is_held_out_on_demand(root: Path) -> None:
    assert len(names(root, "train", 0.0)) == 4291
    with pytest.raises(DataError, match="no split 'validation'; it has: train, test"):
        names(root, "validation", 0.0)
    with pytest.raises(ConfigError, match=r"data\.validation_fraction=1\.0 must be in \[0, 1\)"):
        names(root, "train", 1.0)


def test_a_published_validation_split_is_kept(tmp_path: Path, write_karpathy: Write) -> None:
    images = [("1.tif", "train", ["a"]), ("2.tif", "val", ["b"]), ("3.tif", "test", ["c"])]
    write_karpathy(tmp_path / "dataset_RSITMD.json", images)
    assert names(tmp_path, "validation") == ["2.tif"]
