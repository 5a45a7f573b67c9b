"""Packing: what is in the shards is what was in the folder, however it came about."""

import json
import shutil
from pathlib import Path

import numpy as np
import pytest

from tests.data.shards.made_shards import jpeg, write_shards
from tests.training.conftest import make_folder
from wfa.aggregation.text_half import TextHalf
from wfa.data.shards.pack import pack
from wfa.data.shards.pack_options import PackOptions
from wfa.data.shards.shard_index import PackedSplit, ShardIndex, read_index
from wfa.data.shards.shard_reader import read_shard
from wfa.data.shards.shard_samples import SampleForm, decode
from wfa.data.shards.verify_shards import verify_shards
from wfa.data.weighted_captions import weights_key
from wfa.errors import DataError
from wfa.options.option_classes import read_choice
from wfa.plugins.registry import Choice

UNIQUENESS = read_choice("aggregation", "uniqueness")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_folder(tmp_path_factory.mktemp("own"), 23)


@pytest.fixture
def data(folder: Path) -> Choice:
    return read_choice("data", "captions_folder", {"root": str(folder)})


def packed(data: Choice, out: Path, workers: int = 0) -> ShardIndex:
    return pack(data, UNIQUENESS, out, PackOptions(images=6, workers=workers))


def test_samples_are_those_of_the_data_set(data: Choice, tmp_path: Path) -> None:
    index = packed(data, tmp_path)
    half = TextHalf(UNIQUENESS.plugin(), UNIQUENESS.options)
    form = SampleForm(weights_key=weights_key(half))
    for name in ("train", "validation"):
        opened = data.plugin()(data.options, name)
        files = [shard.file for shard in index.splits[name].shards]
        samples = [one for file in files for one in read_shard(str(tmp_path / file))]
        assert len(samples) == len(opened) == index.splits[name].images
        for row, sample in enumerate(samples):
            texts, ending = form.texts_of(sample), form.image_of(sample)
            assert texts.captions == opened.records[row].captions
            assert texts.image == opened.records[row].image
            assert texts.weights is not None
            assert texts.weights.tolist() == half.weigh([texts.captions]).tolist()
            assert np.array_equal(decode(ending, sample[ending]), opened.read_image(row))
    assert [len(split.shards) for split in index.splits.values()] == [3, 2]


def test_any_number_of_processes_writes_the_same_bytes(data: Choice, tmp_path: Path) -> None:
    assert packed(data, tmp_path / "one") == packed(data, tmp_path / "two", workers=2)


def test_an_interrupted_packing_goes_on(data: Choice, tmp_path: Path) -> None:
    whole = packed(data, tmp_path)
    first, second, third = (tmp_path / shard.file for shard in whole.splits["train"].shards)
    stamp = first.stat().st_mtime_ns
    second.unlink()
    third.write_bytes(third.read_bytes()[:-600])
    index = json.loads((tmp_path / "index.json").read_text())
    index["splits"]["train"]["shards"].pop()
    (tmp_path / "index.json").write_text(json.dumps(index))
    assert "23" not in str(verify_shards(tmp_path).problems[0])
    assert not verify_shards(tmp_path).ok
    assert packed(data, tmp_path) == whole
    assert first.stat().st_mtime_ns == stamp
    assert verify_shards(tmp_path).ok


def test_a_folder_of_something_else_is_left_alone(data: Choice, tmp_path: Path) -> None:
    packed(data, tmp_path / "mine")
    with pytest.raises(DataError, match="name another out=DIR"):
        pack(data, UNIQUENESS, tmp_path / "mine", PackOptions(images=7))
    (theirs,) = write_shards(tmp_path, [2])
    with pytest.raises(DataError, match="did not write"):
        packed(data, tmp_path)
    assert theirs.is_file()


def test_a_data_set_is_not_packed_into_itself(tmp_path: Path) -> None:
    root = make_folder(tmp_path, 4)
    before = sorted(root.rglob("*"))
    with pytest.raises(DataError, match="did not write"):
        packed(read_choice("data", "captions_folder", {"root": str(root)}), root)
    assert sorted(root.rglob("*")) == before


def test_a_missing_image_stops_it_before_its_shard(
    folder: Path, data: Choice, tmp_path: Path
) -> None:
    broken = tmp_path / "own"
    shutil.copytree(folder, broken)
    (broken / "2.png").unlink()
    with pytest.raises(DataError, match=r"2\.png"):
        packed(read_choice("data", "captions_folder", {"root": str(broken)}), tmp_path / "out")
    assert not list((tmp_path / "out").glob("*.tar"))
    assert packed(data, tmp_path / "whole").complete


def test_a_truncated_picture_is_named_or_left_out(folder: Path, tmp_path: Path) -> None:
    broken = tmp_path / "own"
    shutil.copytree(folder, broken)
    picture = broken / "2.png"
    picture.write_bytes(picture.read_bytes()[:-200])
    options = {"root": str(broken)}
    out = tmp_path / "out"
    with pytest.raises(
        DataError, match=r"2\.png of captions_folder is truncated.*on_bad_image=skip"
    ):
        packed(read_choice("data", "captions_folder", options), out)
    assert not list(out.glob("*.tar"))
    # As the message says, in the same folder: nothing was finished there.
    skipping = {**options, "on_bad_image": "skip"}
    index = packed(read_choice("data", "captions_folder", skipping), out)
    assert sum(split.images for split in index.splits.values()) == 22
    assert verify_shards(out).ok


def test_classes_travel_along(tmp_path: Path, cache_dir: Path) -> None:
    own, out = tmp_path / "own", tmp_path / "out"
    for place, split in enumerate(("train", "validation", "test") * 2):
        path = own / split / ("RiverBank", "forest")[place // 3] / f"{place}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(jpeg(place))
    data = read_choice("data", "class_folder", {"root": str(own)})
    packed(data, out)
    shards = read_choice("data", "webdataset", {"root": str(out)})
    for split in ("train", "test"):
        theirs = data.plugin()(data.options, split)
        ours = shards.plugin()(shards.options, split)
        assert ours.classes == theirs.classes == ("forest", "river bank")
        assert [ours.labels(row) for row in range(2)] == [theirs.labels(row) for row in range(2)]
    (out / "index.json").write_text((out / "index.json").read_text().replace("forest", "wood"))
    ours = shards.plugin()(shards.options, "test")
    with pytest.raises(DataError, match=r"of a class that index\.json does not have"):
        [ours.labels(row) for row in range(2)]


BANDS = """
import numpy as np
from wfa.data.channels import Channels
from wfa.data.dataset import ImageTextDataset, Record, SourceConfig as Config

class Bands(ImageTextDataset):
    name = "bands"
    channels = Channels(("VV", "VH"), (0.0, 1.0), (1.0, 2.0), sensors=("S1", "S1"))

    def __init__(self, options, split):
        self.split, self.records = split, (Record("a", ("a field",)),)

    @classmethod
    def splits(cls, options):
        return ("train",)

    def read_image(self, index):
        return np.arange(24, dtype=np.float32).reshape(3, 4, 2)
"""


def test_arrays_of_sensors_travel_with_their_channels(tmp_path: Path) -> None:
    plugin = tmp_path / "bands.py"
    plugin.write_text(BANDS)
    data = read_choice("data", str(plugin))
    packed(data, tmp_path / "out")
    opened = data.plugin()(data.options, "train")
    index = read_index(tmp_path / "out")
    assert index is not None
    assert index.channels == opened.channels
    (sample,) = read_shard(str(tmp_path / "out" / "train-00000.tar"))
    image = decode("npy", sample["npy"])
    assert np.array_equal(image, opened.read_image(0))
    assert image.dtype == np.float32


def test_verifying_names_what_is_wrong(data: Choice, tmp_path: Path) -> None:
    index = packed(data, tmp_path)
    assert verify_shards(tmp_path).ok
    shard = tmp_path / index.splits["train"].shards[0].file
    shard.write_bytes(shard.read_bytes().replace(b"IHDR", b"IHDX", 1))
    write_shards(tmp_path, [1])
    report = verify_shards(tmp_path)
    lines = "\n".join(report.problems)
    assert "0.tar: is not in index.json" in lines
    assert f"{shard.name}: sample 000000000" in lines
    assert f"{shard.name}: is not the file that was packed" in lines
    assert len(report.problems) == 3


def test_shards_of_others_are_verified_too(tmp_path: Path) -> None:
    write_shards(tmp_path, [2, 3])
    report = verify_shards(tmp_path)
    assert [(one.images, one.captions) for one in report.shards] == [(2, 4), (3, 6)]
    (tmp_path / "one").mkdir()
    write_shards(tmp_path / "one", [1])
    (one,) = verify_shards(tmp_path / "one").shards
    assert str(one.images) == "1"  # a count, also of one image
    with pytest.raises(DataError, match="neither"):
        verify_shards(tmp_path / "nothing")


def test_a_damaged_index_is_told(data: Choice, tmp_path: Path) -> None:
    packed(data, tmp_path)
    (tmp_path / "index.json").write_text('{"form": 1')
    with pytest.raises(DataError, match="damaged"):
        verify_shards(tmp_path)


def test_an_index_without_classes_is_of_the_first_form_and_read(tmp_path: Path) -> None:
    index = ShardIndex("own", 2, {}, splits={"train": PackedSplit("0", 4, 4)})
    index.write(tmp_path)
    written = json.loads((tmp_path / "index.json").read_text())
    del written["classes"]
    (tmp_path / "index.json").write_text(json.dumps(written | {"form": 1}))
    assert read_index(tmp_path) == index
