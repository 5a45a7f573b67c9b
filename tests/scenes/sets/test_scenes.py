import pickle
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from wfa.errors import DataError
from wfa.scenes.sets.scenes import Config, Scenes

FEW = Config(train_images=6, validation_images=3, test_images=3, size=32)


def test_made_once_in_the_cache_and_read_from_there(cache_dir: Path) -> None:
    dataset = Scenes(FEW, "train")
    assert Scenes.splits(FEW) == ("train", "validation", "test")
    assert [len(Scenes(FEW, split)) for split in Scenes.splits(FEW)] == [6, 3, 3]
    folders = list((cache_dir / "scenes").iterdir())
    assert len(folders) == 1
    image = dataset.read_image(5)
    assert (image.shape, image.dtype) == ((32, 32, 3), np.dtype(np.uint8))
    stored = np.load(folders[0] / "images_train.npy", allow_pickle=False)
    np.testing.assert_array_equal(image, stored[5])
    assert all(1 <= len(captions) <= 8 for captions in dataset.captions)


def test_options_decide_the_bytes(cache_dir: Path, tmp_path: Path) -> None:
    here = Scenes(FEW, "test")
    there = Scenes(replace(FEW, root=str(tmp_path / "there")), "test")
    other = Scenes(replace(FEW, seed=1), "test")
    assert here.records == there.records
    assert here.checksum == there.checksum
    assert here.checksum != other.checksum
    assert len(list((cache_dir / "scenes").iterdir())) == 2


@pytest.mark.usefixtures("cache_dir")
def test_number_of_captions() -> None:
    options = replace(FEW, captions_per_image=4, redundancy=1.0, verbatim=1.0)
    for captions in Scenes(options, "train").captions:
        assert len(captions) == 4
        assert len(set(captions)) == 1


@pytest.mark.usefixtures("cache_dir")
def test_a_copy_for_a_worker_process_leaves_the_images_behind() -> None:
    dataset = Scenes(FEW, "train")
    image = dataset.read_image(1)
    content = pickle.dumps(dataset)
    assert image.tobytes() not in content
    np.testing.assert_array_equal(pickle.loads(content).read_image(1), image)  # noqa: S301


@pytest.mark.usefixtures("cache_dir")
def test_a_split_without_images_is_absent() -> None:
    options = replace(FEW, test_images=0)
    assert Scenes.splits(options) == ("train", "validation")
    with pytest.raises(DataError, match=r"no split 'test'; .*data\.test_images=N"):
        Scenes(options, "test")


def test_a_damaged_file_says_what_to_delete(cache_dir: Path) -> None:
    Scenes(FEW, "train")
    (folder,) = (cache_dir / "scenes").iterdir()
    path = folder / "images_train.npy"
    path.write_bytes(path.read_bytes()[:-1])
    with pytest.raises(DataError, match=r"is damaged .* delete .* to have it made again"):
        Scenes(FEW, "train").read_image(0)
