"""Mixtures: how often images come, what leaks, what is evaluated, and what does not fit."""

import csv
import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tests.training.conftest import SMALL, make_folder, run
from wfa.data.loader import EpochBatches, repeated
from wfa.errors import ConfigError, DataError, UserError
from wfa.mixtures.sets.mixture import Config, Mixture
from wfa.options.run_config import resolve
from wfa.plugins.registry import Choice
from wfa.retrieval.metrics import MetricRow
from wfa.runs.run_results import means


@pytest.fixture(autouse=True)
def own_cache(cache_dir: Path) -> None:
    """Hashes of images are kept in a folder of the test."""


@pytest.fixture
def parts(tmp_path: Path) -> tuple[Path, Path]:
    """Two folders of pictures; `two` has validation pictures and captions of `one` to train on."""
    one, two = tmp_path / "one", tmp_path / "two"
    one.mkdir()
    two.mkdir()
    make_folder(one, 16)
    rng = np.random.default_rng(5)
    rows = []
    for place in range(12):
        if place < 2:  # of the validation split of `one`, under other names
            picture = Image.open(one / f"{8 + place}.png").convert("RGB")
            texts = [f"stolen picture {place}"]
        else:
            picture = Image.fromarray(rng.integers(0, 255, (16, 16, 3), dtype=np.uint8))
            leaked = ["The field is RED."] if place in (4, 6) else []
            texts = [f"noise of kind {place}"] * (place != 6) + leaked
        picture.save(two / f"p{place}.png")
        split = "train" if place < 8 else "validation"
        rows += [(f"p{place}.png", text, split) for text in texts]
    with (two / "captions.csv").open("w", newline="") as file:
        csv.writer(file).writerows([("file_name", "caption", "split"), *rows])
    return one, two


def choose(*parts: str, **options: str) -> Choice:
    words = [f"data.{key}={value}" for key, value in options.items()]
    return resolve(["data=mixture", f"data.parts=[{', '.join(parts)}]", *words]).data


def mixed(folders: tuple[Path, Path], weight: str = "1", **options: str) -> Config:
    one, two = folders
    config: Config = choose(
        f"{{name: captions_folder, as: one, root: {one}}}",
        f"{{name: captions_folder, as: two, weight: {weight}, root: {two}}}",
        **options,
    ).options
    return config


def test_images_and_captions_that_leak_are_found_and_removed(parts: tuple[Path, Path]) -> None:
    named = Mixture(mixed(parts, image_leaks="name"), "train")
    images = [record.image for record in named.records]
    assert len(images) == 8 + 8
    leaks = named.details()["leaks"]
    assert leaks["two"]["images"] == {"one/validation": 2}
    # "the field is red" and others stand in both splits of `one`; case and stop do not matter
    assert leaks["two"]["captions"] == {"one/validation": 2}
    removed = Mixture(mixed(parts), "train")
    assert [r.image for r in removed.records] == [i for i in images if i not in STOLEN]
    assert removed.details()["leaks"] == leaks
    assert any("two/p1.png: has the picture of an image of one/" in one for one in removed.skipped)
    bare = Mixture(mixed(parts, caption_leaks="remove"), "train")
    held_out = {text.lower() for text in all_captions(Mixture(mixed(parts), "validation"))}
    assert not held_out & {text.lower().rstrip(".") for text in all_captions(bare)}
    assert "noise of kind 4" in all_captions(bare)
    gone = set(images) - {record.image for record in bare.records}
    assert gone == {*STOLEN, "two/p6.png"}
    assert {line.partition(": ")[0] for line in bare.skipped} == gone
    assert "two/p6.png: all its captions stand in one/validation" in bare.skipped
    for kind, message in (("image_leaks", "2 images of two"), ("caption_leaks", "captions of one")):
        with pytest.raises(DataError, match=f"{message}/train stand in one/validation"):
            Mixture(mixed(parts, **{kind: "refuse"}), "train")


STOLEN = {"two/p0.png", "two/p1.png"}


def all_captions(mixture: Mixture) -> set[str]:
    return {text for record in mixture.records for text in record.captions}


def test_parts_are_evaluated_by_themselves(parts: tuple[Path, Path]) -> None:
    config = mixed(parts, weight="2.5")
    assert Mixture.splits(config) == ("train", "validation")
    members = Mixture(config, "validation").members()
    assert {name: len(part) for name, part in members.items()} == {"one": 8, "two": 4}
    train = Mixture(config, "train")
    repeats = train.repeats()
    assert repeats is not None
    assert repeats.tolist() == [1.0] * 8 + [2.5] * 6
    row = [record.image for record in train.records].index("two/p5.png")
    pixels = np.asarray(Image.open(parts[1] / "p5.png"))
    assert np.array_equal(train.read_image(row), pixels)


def test_the_saved_config_gives_the_same_mixture(parts: tuple[Path, Path], tmp_path: Path) -> None:
    one, _ = parts
    config = resolve(
        ["data=mixture", f"data.parts=[{{name: captions_folder, root: {one}}}, rsicd]"]
    )
    (tmp_path / "config.yaml").write_text(config.as_yaml())
    assert resolve(file=tmp_path / "config.yaml").config_id == config.config_id


@pytest.mark.parametrize(
    ("parts", "message"),
    [
        ("[{name: rsicd}, {name: rsicd, weight: 2}]", "two parts that are called rsicd"),
        ("[rsicdd]", "did you mean 'rsicd'"),
        ("[{name: rsicd, weight: 0}]", r"weight=0.0 must be in \(0, 1000\]"),
        ("[{name: rsicd, weigth: 2}]", "weigth"),
        ("[{weight: 2}]", "names no data set"),
        ("3", r"no data '3'.*\(parts are written as \[\{name: rsicd"),
        ("{name: rsicd}", r"wants a list.*parts are written as"),
        ("[mixture]", "is a mixture itself"),
        ("[{name: rsicd", "cannot be read"),
        ("[]", "needs data.parts"),
        (
            "[scenes, scenes_s1s2]",
            "have the bands red, green, blue, and those of scenes_s1s2 VV, VH",
        ),
    ],
)
def test_parts_that_do_not_fit(parts: str, message: str) -> None:
    with pytest.raises(UserError, match=message):
        Mixture(resolve(["data=mixture", f"data.parts={parts}"]).data.options, "train")


@pytest.mark.parametrize(
    ("part", "message"),
    [
        (
            "{name: rsicd, root: gone}",
            r"set data\.parts\[1\]\.root=DIR .*`wfa data prepare rsicd data\.root=gone`",
        ),
        (
            "{name: captions_folder, root: ONE, annotations: data.root}",
            r"^data\.parts\[1\]\.annotations=data.root: .*one/data\.root",
        ),
        ("{name: webdataset, shards: no-*.tar}", r"^data\.parts\[1\]\.shards='no"),
        (
            "{name: webdataset, caption_probabilities: [1]}",
            r"for each of data\.parts\[1\]\.caption_k",
        ),
        ("{name: webdataset, shuffle: often}", r"data\.parts\[1\]\.shuffle wants int"),
        ("{name: webdataset, shard: a.tar}", r"data\.parts\[1\]\.shard'.*\.shards'"),
    ],
)
def test_an_error_of_a_part_names_its_option(
    parts: tuple[Path, Path], part: str, message: str
) -> None:
    one, _ = parts
    part = part.replace("ONE", str(one))
    with pytest.raises(UserError, match=message):
        Mixture(choose(f"{{name: captions_folder, as: one, root: {one}}}", part).options, "train")


def test_a_picture_that_went_away_names_the_part(parts: tuple[Path, Path]) -> None:
    train = Mixture(mixed(parts), "train")
    parts[1].joinpath("p5.png").unlink()
    (index,) = (i for i, record in enumerate(train.records) if record.image == "two/p5.png")
    for read in (train.read_image, train.image_file):
        with pytest.raises(DataError, match=r"data\.parts\[1\]\.on_bad_image=skip"):
            read(index)


def test_a_part_without_training_images_is_refused(tmp_path: Path) -> None:
    make_folder(tmp_path, 8)  # all eight validate
    with pytest.raises(DataError, match="has no split to train on, only validation"):
        Mixture.splits(choose(f"{{name: captions_folder, root: {tmp_path}}}").options)


@pytest.mark.parametrize("weight", [0.4, 1.0, 2.0, 2.5])
def test_images_come_as_often_as_they_are_weighted(weight: float) -> None:
    rows, rng = np.arange(400), np.random.default_rng(0)
    weights = np.where(rows < 100, weight, 1.0)
    counts = np.zeros(400)
    for _ in range(200):
        shuffled = rng.permutation(400)
        order, _ = repeated(shuffled, weights[shuffled], rng)
        assert abs(len(order) - weights.sum()) < 1
        counts += np.bincount(order, minlength=400)
    assert counts[:100].mean() / 200 == pytest.approx(weight, rel=0.05)
    assert counts[100:].mean() / 200 == pytest.approx(1.0, rel=0.02)
    assert np.ptp(counts[:100]) <= 0.35 * 200


def test_copies_are_spread_over_the_epoch_and_shared_by_processes() -> None:
    weights = np.array([3.0] * 10 + [1.0] * 30)
    shuffled = np.random.default_rng(1).permutation(40)
    order, copies = repeated(shuffled, weights[shuffled], np.random.default_rng(2))
    for row in range(10):  # about one in each third of the 60
        first, second, third = np.flatnonzero(order == row)
        assert copies[[first, second, third]].tolist() == [0, 1, 2]
        assert first < 30 < third
        assert 10 < second < 50
    whole = list(EpochBatches(40, 12, 1, 0, 1, repeats=weights))
    left, right = (list(EpochBatches(40, 12, 1, rank, 2, repeats=weights)) for rank in range(2))
    assert len(whole) == 5
    assert whole == [one + other for one, other in zip(left, right, strict=True)]


def test_means_are_over_the_parts_that_have_a_figure() -> None:
    def row(data: str, metric: str, value: float) -> MetricRow:
        return MetricRow(data, "test", "strict", "single", "both", metric, value)

    members = [[row("one", "mR", 0.2), row("one", "mAP", 0.5)], [row("two", "mR", 0.6)]]
    (found,) = means(members, "mixture")
    assert found == row("mixture", "mR", found.value)
    assert found.value == pytest.approx(0.4)


@pytest.mark.slow
def test_a_run_names_parts_and_mean(parts: tuple[Path, Path], tmp_path: Path) -> None:
    one, two = parts
    words = [word for word in SMALL if not word.startswith("data=")]
    words += ["data=mixture", "train.epochs=1", f"out={tmp_path / 'run'}"]
    own = [f"{{name: captions_folder, as: {p.name}, root: {p}}}" for p in (one, two)]
    run(["train", *words, f"data.parts=[{', '.join(own)}]"], tmp_path / "cache")
    rows = json.loads((tmp_path / "run" / "metrics.json").read_text())
    figures = {
        row["data"]: row["value"]
        for row in rows
        if (row["protocol"], row["queries"], row["metric"], row["ties"], row.get("oracle"))
        == ("strict", "single", "mR", "worst", None)
    }
    assert list(figures) == ["mixture", "one", "two"]
    assert figures["mixture"] == pytest.approx((figures["one"] + figures["two"]) / 2)
    facts = json.loads((tmp_path / "run" / "run.json").read_text())
    assert facts["selection"]["value"] == pytest.approx(figures["mixture"])
    assert facts["data"]["splits"]["train"]["leaks"]["two"]["images"] == {"one/validation": 2}


def test_weights_must_be_numbers() -> None:
    with pytest.raises(ConfigError, match="weight"):
        choose("{name: rsicd, weight: much}")
