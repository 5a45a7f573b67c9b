import pickle
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from wfa.bigearthnet.bands import PRESETS
from wfa.bigearthnet.image_texts import KINDS, left_out
from wfa.data.verify import verify
from wfa.errors import ConfigError, DataError
from wfa.scenes.sensor_pairs import make_pair
from wfa.scenes.sets.scenes_s1s2 import Config, ScenesS1S2


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> str:
    return str(tmp_path_factory.mktemp("scenes") / "made")


def few(root: str, **options: Any) -> Config:
    counts = Config(root=root, train_images=6, validation_images=2, test_images=3, bench_images=2)
    return replace(counts, **options)


def test_every_split_has_its_images_and_texts(root: str) -> None:
    options = few(root)
    sizes = {split: len(ScenesS1S2(options, split)) for split in ScenesS1S2.splits(options)}
    assert sizes == {"train": 6, "validation": 2, "test": 3, "bench": 2}
    assert len(ScenesS1S2(options, "test+bench")) == 5
    train = ScenesS1S2(options, "train")
    assert all(len(record.captions) > 8 for record in train.records)
    rows = [row for image in range(len(train)) for row in train.rows(image)]
    assert list(left_out(rows, list(KINDS))) == []
    assert train.skipped == ()


@pytest.mark.parametrize("preset", sorted(PRESETS))
def test_every_sensor_is_read(root: str, preset: str) -> None:
    train = ScenesS1S2(few(root, bands=preset), "train")
    image = train.read_image(0)
    assert train.channels is not None
    assert image.shape == (120, 120, len(train.channels.bands))
    pair = make_pair(0, "train", 0)
    for channel, band in enumerate(PRESETS[preset]):
        values = pair.s1[band] if band in pair.s1 else pair.s2[band]
        factor = 120 // len(values)
        np.testing.assert_array_equal(image[:, :, channel], np.kron(values, np.ones((factor,) * 2)))


def test_it_is_made_in_the_cache_on_first_use(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WFA_CACHE_DIR", str(tmp_path))
    options = few("", train_images=1, validation_images=0, test_images=0, bench_images=0)
    assert ScenesS1S2.splits(options) == ("train",)
    assert not list(tmp_path.iterdir())
    first = ScenesS1S2(options, "train")
    (folder,) = (tmp_path / "scenes_s1s2").iterdir()
    assert (folder / "bigearthnet_v2" / "metadata.parquet").is_file()
    copy = pickle.loads(pickle.dumps(first))  # noqa: S301 - what a DataLoader does
    assert copy.read_image(0).shape == (120, 120, 12)
    other = ScenesS1S2(few("", train_images=1, seed=1), "train")
    assert other.checksum != first.checksum
    assert len(list((tmp_path / "scenes_s1s2").iterdir())) == 2


def test_geotiffs_hold_the_same_images(root: str, tmp_path: Path) -> None:
    tif = ScenesS1S2(few(str(tmp_path / "tif"), images="geotiff"), "bench")
    lmdb = ScenesS1S2(few(root), "bench")
    assert tif.records[:] == lmdb.records[:]
    for index in range(len(tif)):
        np.testing.assert_array_equal(tif.read_image(index), lmdb.read_image(index))


def test_verify_finds_nothing_wrong(root: str) -> None:
    report = verify(ScenesS1S2, few(root))
    assert report.ok
    assert [split.images for split in report.splits] == [6, 2, 3, 2]


def test_what_is_wrong_is_told(root: str) -> None:
    options = few(root, test_images=0)
    with pytest.raises(DataError, match=r"has no split 'test'; it has: .*data\.test_images=N"):
        ScenesS1S2(options, "test")
    with pytest.raises(DataError, match=r"'test\+bench'; .* \(set data\.test_images=N\)"):
        ScenesS1S2(options, "test+bench")
    with pytest.raises(ConfigError, match=r"data\.images_root=x has no meaning"):
        ScenesS1S2(few(root, images_root="x"), "train")
    with pytest.raises(ConfigError, match=r"data\.train_images=-1 must be in \[0, 486000\]"):
        ScenesS1S2(few(root, train_images=-1), "train")
