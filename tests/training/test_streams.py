"""Training on shards as a process: as on a folder, on two processes as on one, after a kill."""

import json
from pathlib import Path

import pytest

from tests.data.shards.made_shards import captions_json, write_tar
from tests.data.shards.stalling_store import stalling_store
from tests.training.conftest import SMALL, run, train_until_killed
from tests.training.test_fit import check_equal, metrics
from wfa import fetched_bytes
from wfa.data.shards.pack import pack
from wfa.data.shards.pack_options import PackOptions
from wfa.errors import ConfigError
from wfa.options.option_classes import read_choice
from wfa.options.run_config import resolve
from wfa.training.fit import fit

STREAM = (
    *(word for word in SMALL if not word.startswith(("data=", "train.epochs", "train.workers"))),
    "data=webdataset", "data.streams=2", "data.shuffle=6", "data.on_bad_image=skip",
    "train.steps=9", "train.steps_per_epoch=3", "train.workers=1",
    "aggregation.caption_dropout=0.9", "aggregation.caption_dropout_end=0.0",
)  # fmt: skip


@pytest.fixture(scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("cache")


@pytest.fixture(scope="module")
def shards(tmp_path_factory: pytest.TempPathFactory, own_folder: Path) -> Path:
    """The forty pictures in shards of eight, and a shard of one that is no picture."""
    out = tmp_path_factory.mktemp("shards")
    data = read_choice("data", "captions_folder", {"root": str(own_folder)})
    pack(data, read_choice("aggregation", "uniqueness"), out, PackOptions(images=8))
    write_tar(out / "more.tar", {"x": {"png": b"no", "json": captions_json("a", "b")}})
    return out


@pytest.fixture(scope="module")
def finished(
    tmp_path_factory: pytest.TempPathFactory, shards: Path, cache: Path
) -> tuple[Path, list[str]]:
    words = [*STREAM, f"data.shards=[{shards}/train-*.tar, {shards}/more.tar]"]
    words += [f"data.validation_shards={shards}/validation-00000.tar"]
    folder = tmp_path_factory.mktemp("runs") / "first"
    run(["train", *words, f"out={folder}"], cache)
    return folder, words


@pytest.mark.slow
def test_two_processes_give_the_result_of_one(
    finished: tuple[Path, list[str]], tmp_path: Path, cache: Path
) -> None:
    folder, words = finished
    both = [*words, "train.devices=2", "train.strategy=ddp", f"out={tmp_path / 'both'}"]
    run(["train", *both], cache)
    check_equal(tmp_path / "both", folder)
    ours, theirs = (
        json.loads((path / "run.json").read_text())["left_out"]
        for path in (tmp_path / "both", folder)
    )
    assert ours == theirs
    assert ours["images"] >= 1
    assert "more.tar is not an image" in ours["first"][0]


@pytest.mark.slow
def test_a_killed_run_goes_on_to_the_same_result(
    finished: tuple[Path, list[str]], tmp_path: Path, cache: Path
) -> None:
    folder, words = finished
    killed = tmp_path / "killed"
    train_until_killed(words, killed, cache, 240)
    run(["train", *words, f"out={killed}"], cache)
    assert metrics(killed) == metrics(folder)
    ours, theirs = (
        json.loads((path / "run.json").read_text())["left_out"] for path in (killed, folder)
    )
    assert ours == theirs


@pytest.mark.usefixtures("cache_dir")
def test_a_model_that_learns_instructions_is_refused_on_shards(
    shards: Path, tmp_path: Path
) -> None:
    words = [*STREAM, f"data.shards={shards}/train-*.tar", "model=coca", "model.instructions=2"]
    words += [f"data.validation_shards={shards}/validation-00000.tar"]
    with pytest.raises(ConfigError, match=r"shards come one after the other: choose model=clip"):
        fit(resolve(words), tmp_path / "run")
    assert not (tmp_path / "run").exists()


@pytest.mark.slow
@pytest.mark.usefixtures("cache_dir")
def test_a_store_that_stalls_holds_training_up_and_changes_nothing(
    shards: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fetched_bytes, "STALLED", 1.0)
    with stalling_store(shards, "train-00002.tar") as store:
        for name, place in (("near", shards), ("far", store)):
            words = [word for word in STREAM if not word.startswith("train.steps")]
            words += ["train.steps=4", "train.steps_per_epoch=4"]  # all shards, once
            words += [f"data.shards={place}/train-{{00000..00003}}.tar"]
            words += [f"data.validation_shards={place}/validation-00000.tar"]
            fit(resolve(words), tmp_path / name)
    check_equal(tmp_path / "far", tmp_path / "near")


@pytest.mark.usefixtures("cache_dir")
def test_shards_that_nobody_counted_need_the_steps_of_an_epoch(
    shards: Path, tmp_path: Path
) -> None:
    words = [word for word in STREAM if not word.startswith("train.steps")]
    words += [f"data.shards={shards}/train-*.tar"]
    words += [f"data.validation_shards={shards}/validation-00000.tar"]
    with pytest.raises(ConfigError, match=r"train\.steps_per_epoch=NUMBER"):
        fit(resolve(words), tmp_path / "run")
    assert not (tmp_path / "run").exists()
