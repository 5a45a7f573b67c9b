"""Shards as a data set: what a folder gives, they give; what is wrong is named before training."""

from collections.abc import Sequence
from dataclasses import fields
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import torch

from tests.data.shards.made_shards import captions_json, jpeg, numbered, write_shards, write_tar
from tests.data.tiny import SPEC, tokenize
from tests.training.conftest import make_folder
from wfa.aggregation.text_half import TextHalf
from wfa.data.batch import Batch
from wfa.data.dataset import ImageTextDataset
from wfa.data.loader import Key, TrainingBatches
from wfa.data.pixel_inputs import PixelInputs
from wfa.data.sets.webdataset import Config, WebDataset
from wfa.data.shards.pack import pack
from wfa.data.shards.pack_options import PackOptions
from wfa.data.shards.stream_batches import StreamDataModule
from wfa.data.weighted_captions import WeightedCaptions, weights_key
from wfa.errors import ConfigError, DataError, UserError
from wfa.options.option_classes import read_choice
from wfa.runs.parts import open_split
from wfa.testing.dataset_contract import check_dataset

UNIQUENESS = read_choice("aggregation", "uniqueness")
ALL = read_choice("aggregation", "uniqueness", {"caption_dropout": 0.0})  # nothing is drawn
HALF = TextHalf(ALL.plugin(), ALL.options)


@pytest.fixture(scope="module")
def packed(tmp_path_factory: pytest.TempPathFactory) -> tuple[ImageTextDataset, Path]:
    """The training split of a folder, and the folder that it was packed into."""
    root = make_folder(tmp_path_factory.mktemp("own"), 32)
    data = read_choice("data", "captions_folder", {"root": str(root)})
    out = tmp_path_factory.mktemp("shards")
    pack(data, UNIQUENESS, out, PackOptions(images=6))
    return data.plugin()(data.options, "train"), out


def batches(
    options: Config, size: int, count: int, rank: int = 0, ranks: int = 1, workers: int = 0
) -> list[Batch]:
    """The first batches of an epoch of one process, as its loader gives them."""
    dataset = WebDataset(options, "train")
    stream = dataset.stream(weights_key(HALF))
    assert stream is not None
    inputs = PixelInputs(dataset, SPEC, tokenize, cache=None, augment="none")
    module = StreamDataModule(inputs, stream, HALF, 3, size, count, workers)
    made, places = module.share(rank, ranks)
    if not workers:
        return [made[place].item for place in places]
    return list(module.train_dataloader())


def assert_equal(ours: Batch, theirs: Batch, but: Sequence[str] = ()) -> None:
    for field in fields(Batch):
        if field.name not in but:
            assert torch.equal(getattr(ours, field.name), getattr(theirs, field.name)), field.name


def test_in_a_fixed_order_batches_are_those_of_the_folder(
    packed: tuple[ImageTextDataset, Path],
) -> None:
    folder, out = packed
    inputs = PixelInputs(folder, SPEC, tokenize, cache=None, augment="none")
    by_number = TrainingBatches(inputs, WeightedCaptions(folder, HALF), 3)
    streamed = batches(Config(root=str(out), shuffle=0), 8, 3)
    for place, ours in enumerate(streamed):
        theirs = by_number[[Key(0, row) for row in range(8 * place, 8 * place + 8)]]
        assert_equal(ours, theirs, but=("rows",))


@pytest.mark.parametrize("workers", [1, 3])
def test_in_a_fixed_order_an_epoch_goes_on_where_the_last_one_ended(
    packed: tuple[ImageTextDataset, Path], monkeypatch: pytest.MonkeyPatch, workers: int
) -> None:
    info = SimpleNamespace(id=workers - 1, num_workers=workers)
    monkeypatch.setattr("wfa.data.shards.stream_batches.get_worker_info", lambda: info)
    options = Config(root=str(packed[1]), shuffle=0)
    dataset = WebDataset(options, "train")
    inputs = PixelInputs(dataset, SPEC, tokenize, cache=None, augment="none")

    def epochs(*wanted: int) -> list[list[Batch]]:
        stream = dataset.stream(weights_key(HALF))
        assert stream is not None
        module = StreamDataModule(inputs, stream, HALF, 3, 2, 4, 0)
        made, places = module.share(0, 1)
        found = []
        for epoch in wanted:
            places.set_epoch(epoch)  # type: ignore[attr-defined]
            found.append([made[place].item for place in list(places)[workers - 1 :: workers]])
        return found

    through = epochs(*range(6))
    assert len({row for own in through[:3] for batch in own for row in batch.rows.tolist()}) > 2
    rows = [row for own in through for batch in own for row in batch.rows.tolist()]
    own_pass = len(set(rows))
    assert rows == [rows[place % own_pass] for place in range(len(rows))]
    for epoch in (2, 5):  # as after an interruption
        for ours, theirs in zip(epochs(epoch)[0], through[epoch], strict=True):
            assert_equal(ours, theirs)


def test_an_image_that_comes_again_in_an_epoch_draws_anew(
    packed: tuple[ImageTextDataset, Path],
) -> None:
    options = Config(root=str(packed[1]), shuffle=0)
    stream = WebDataset(options, "train").stream(None)
    assert stream is not None
    dataset, one = WebDataset(options, "train"), read_choice("aggregation", "single")
    inputs = PixelInputs(dataset, SPEC, tokenize, cache=None, augment="none")
    half = TextHalf(one.plugin(), one.options)
    module = StreamDataModule(inputs, stream, half, 3, 16, 4, 0)
    made, places = module.share(0, 1)
    drawn = [made[place].item for place in places]
    images = len(set(torch.cat([batch.rows for batch in drawn]).tolist()))
    ids = torch.cat([batch.caption_ids for batch in drawn])
    again = len(ids) - images
    assert again > 0
    assert ids[:again].tolist() != ids[images:].tolist()


def test_weights_of_another_technique_are_computed(
    packed: tuple[ImageTextDataset, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    options = Config(root=str(packed[1]), shuffle=0)
    stored = batches(options, 8, 1)[0].prior
    monkeypatch.setattr("tests.data.sets.test_webdataset.weights_key", lambda half: "another")
    computed = batches(options, 8, 1)[0].prior
    assert torch.equal(stored, computed)


def test_two_processes_see_other_images_and_together_those_of_one(
    packed: tuple[ImageTextDataset, Path],
) -> None:
    options = Config(root=str(packed[1]), streams=2, shuffle=5)
    whole = batches(options, 8, 3)
    parts = [batches(options, 8, 3, rank, 2) for rank in range(2)]
    for together, left, right in zip(whole, *parts, strict=True):
        assert together.rows.tolist() == [*left.rows.tolist(), *right.rows.tolist()]
        assert len(set(together.rows.tolist())) == 8
        assert torch.equal(together.images, torch.cat([left.images, right.images]))


def test_worker_processes_see_other_images(packed: tuple[ImageTextDataset, Path]) -> None:
    options = Config(root=str(packed[1]), shuffle=5)
    found = batches(options, 6, 4, workers=2)
    rows = [row for batch in found for row in batch.rows.tolist()]
    assert len(set(rows)) == len(rows) == 24
    assert [b.rows.tolist() for b in batches(options, 6, 4, workers=2)] == [
        b.rows.tolist() for b in found
    ]


def test_streams_that_cannot_be_shared(packed: tuple[ImageTextDataset, Path]) -> None:
    with pytest.raises(ConfigError, match="a multiple of the 2 processes"):
        batches(Config(root=str(packed[1]), streams=3), 6, 1, 0, 2)
    with pytest.raises(ConfigError, match=r"train\.batch_size=7"):
        batches(Config(root=str(packed[1])), 7, 1, 0, 2)


def test_splits_for_evaluation_are_looked_up(
    packed: tuple[ImageTextDataset, Path], cache_dir: Path
) -> None:
    folder, out = packed
    check_dataset(WebDataset, Config, root=str(out))
    train = WebDataset(Config(root=str(out)), "train")
    assert list(train.records) == list(folder.records)
    assert np.array_equal(train.read_image(9), folder.read_image(9))
    assert train.size() == folder.size()
    files = out / "validation-00000.tar"
    for url in (str(files), f"pipe:cat {files}"):
        options = Config(shards=(str(out / "train-*.tar"),), validation_shards=(url,))
        assert WebDataset.splits(options) == ("train", "validation")
        found = WebDataset(options, "validation")
        assert found.records == WebDataset(Config(root=str(out)), "validation").records[:6]
        assert found.read_image(3).shape == (20, 24, 3)


def test_a_shard_that_was_fetched_in_part_is_fetched_again(tmp_path: Path, cache_dir: Path) -> None:
    good, flag = write_shards(tmp_path, [6])[0], tmp_path / "whole"
    url = f"pipe:head -c 9000 {good}; test -e {flag} && tail -c +9001 {good}"
    options = Config(shards=(str(good),), validation_shards=(url,), on_bad_shard="skip")
    with pytest.raises(DataError, match="its command ended with code 1"):
        len(WebDataset(options, "validation"))
    flag.touch()
    assert len(WebDataset(options, "validation")) == 6


def test_one_address_that_does_not_answer_is_left_out(tmp_path: Path) -> None:
    urls = ("pipe:exit 3", f"pipe:cat {write_shards(tmp_path, [2])[0]}")
    WebDataset(Config(shards=urls, on_bad_shard="skip"), "train")
    with pytest.raises(DataError, match="ended with code 3"):
        WebDataset(Config(shards=urls), "train")
    with pytest.raises(DataError, match="none of 1 shards can be read"):
        WebDataset(Config(shards=urls[:1], on_bad_shard="skip"), "train")


@pytest.mark.parametrize("value", ["[[a.tar]]", "[{a: b}]", {"a": "b"}, [["a.tar"]], 7, "[a.tar"])
def test_what_is_no_pattern_is_told_with_its_key(value: object) -> None:
    with pytest.raises(ConfigError, match=r"^[^\n]*data\.validation_shards[^\n]*$"):
        read_choice("data", "webdataset", {"validation_shards": value})


def test_a_split_without_shards_says_how_to_name_them(tmp_path: Path) -> None:
    train = str(write_shards(tmp_path, [2])[0])
    choice = read_choice("data", "webdataset", {"shards": train})
    for split in ("validation", "test"):
        with pytest.raises(DataError, match=rf"data\.{split}_shards=PATTERN"):
            open_split(choice, split, choice.plugin().splits(choice.options))


def test_sizes_that_nobody_counted(tmp_path: Path) -> None:
    write_shards(tmp_path, [3, 2])
    train = WebDataset(Config(shards=(str(tmp_path / "{0..1}.tar"),)), "train")
    assert train.size() == (None, None)
    assert len(train) == 5


@pytest.mark.parametrize(
    ("files", "options", "message"),
    [
        ({}, {}, "needs data.shards=PATTERN"),
        ({}, {"shards": ("no-{0..3}.tar",)}, "no-0.tar is missing"),
        ({}, {"shards": ("no-*.tar",)}, r"data.shards='no-\*.tar' matches nothing"),
        ({}, {"root": "elsewhere"}, "no such folder"),
        ({"a": numbered(0, 2)}, {"shards": ("a.tar", "a.tar")}, "more than once"),
        (
            {"a": numbered(0, 2)},
            {"shards": ("a.tar",), "test_shards": ("./a.tar",)},
            r"data\.shards and data\.test_shards both name .*a\.tar",
        ),
        (
            {"a": numbered(0, 2), "b": numbered(2, 2), "c": numbered(4, 2)},
            {"shards": ("a.tar",), "validation_shards": ("b.tar",), "test_shards": ("{b..c}.tar",)},
            r"data\.validation_shards and data\.test_shards both name .*b\.tar",
        ),
        ({"a": {}}, {"shards": ("a.tar",)}, "holds no sample"),
        ({"a": {"x": {"json": captions_json("a")}}}, {"shards": ("a.tar",)}, "x of .* no image"),
        ({"a": {"x": {"png": jpeg(1)}}}, {"shards": ("a.tar",)}, "has no caption: it has png"),
        (
            {"a": {"x": {"png": jpeg(1), "txt": b"a"}}, "b": numbered(0, 1)},
            {"shards": ("a.tar", "b.tar")},
            r"b.tar has the keys png, json, and .*a.tar has png, txt",
        ),
        (
            {"a": {"x": {"png": jpeg(1), "json": captions_json("a", weights=[0.5, 0.5])}}},
            {"shards": ("a.tar",)},
            "do not fit: 2 for 1 captions",
        ),
    ],
)
def test_what_is_wrong_is_named_before_anything_is_trained(
    files: dict[str, dict[str, dict[str, bytes]]],
    options: dict[str, Sequence[str]],
    message: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(tmp_path)
    for name, samples in files.items():
        write_tar(tmp_path / f"{name}.tar", samples)
    asked = read_choice("data", "webdataset", options).options
    with pytest.raises(UserError, match=message):
        WebDataset(asked, "train")


def test_what_is_no_tar_and_what_is_damaged_inside(tmp_path: Path) -> None:
    good, bad = write_shards(tmp_path, [4, 4])
    content = bad.read_bytes()
    bad.write_bytes(content[:-9000])
    names = (str(good), str(bad))
    validation = Config(validation_shards=names)
    with pytest.raises(DataError, match=r"1\.tar is truncated"):
        len(WebDataset(validation, "validation"))
    skipping = Config(validation_shards=names, on_bad_shard="skip")
    left = WebDataset(skipping, "validation")
    assert 4 <= len(left) < 8
    assert any("1.tar is truncated" in line for line in left.skipped)
    for text in ("not found" * 200, "not found", ""):
        bad.write_text(text)
        with pytest.raises(DataError, match=r"1\.tar is .*no tar file"):
            WebDataset(Config(shards=names), "train")


def test_probabilities_need_their_keys() -> None:
    with pytest.raises(ConfigError, match="caption_probabilities"):
        Config(caption_keys=("txt",), caption_probabilities=(0.5, 0.5))
