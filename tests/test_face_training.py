"""What a researcher writes with own data: loaders, own techniques and encoders, runs."""

import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image
from torch import Tensor
from torch.utils.data import DataLoader

import wfa
from wfa.errors import UserError
from wfa.plugins import registry as plugins
from wfa.runs.parts import open_split
from wfa.runs.run_folder import RunFolder


@pytest.fixture(autouse=True)
def apart(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Nothing is registered or cached beyond a test."""
    monkeypatch.setenv("WFA_CACHE_DIR", str(tmp_path / "cache"))
    yield
    plugins._registered.clear()


def refused(match: str) -> Any:
    return pytest.raises(UserError, match=match)


def test_a_data_set_in_a_data_loader() -> None:
    scenes = wfa.load_dataset("scenes", split="test", train_images=0, test_images=12, size=32)
    loader = DataLoader(scenes, batch_size=4, collate_fn=wfa.collate)
    images, captions, index = next(iter(loader))
    weights = wfa.caption_weights(scenes.captions)

    assert images.shape == (4, 3, 32, 32)
    assert images.dtype == torch.uint8
    assert captions == [text for own in scenes.captions[:4] for text in own]
    assert index.tolist() == wfa.image_index(scenes.captions[:4]).tolist()
    assert len(list(loader)) == 3
    assert len(weights) == sum(map(len, scenes.captions))
    assert isinstance(scenes, torch.utils.data.Dataset)
    with pytest.raises(IndexError):
        _ = scenes[12]


def test_a_transform_gets_a_picture() -> None:
    sizes = []

    def half(picture: Image.Image) -> Tensor:
        sizes.append(picture.size)
        return torch.ones(3, 16, 16)

    scenes = wfa.load_dataset(
        "scenes", split="test", transform=half, train_images=0, test_images=12, size=32
    )
    assert scenes[-1][0].shape == (3, 16, 16)
    assert sizes == [(32, 32)]


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: wfa.load_dataset("scene"), "did you mean 'scenes'"),
        (lambda: wfa.load_dataset("scenes", sise=3), "no option of data=scenes 'sise'"),
        (lambda: wfa.load_dataset("scenes", split="val"), "no split 'val'"),
        (lambda: wfa.collate([(torch.ones(3, 2, 2), ["a"]), (torch.ones(3, 2, 3), ["b"])]), "size"),
        (lambda: wfa.collate([(torch.ones(3, 2, 2), [])]), "image 0 of the batch has no caption"),
    ],
)
def test_traps_of_data_sets_are_refused(call: Any, message: str) -> None:
    with refused(message):
        call()


class Longest(wfa.aggregation.Aggregation):
    """Weights by the number of words."""

    @classmethod
    def prior_weights(cls, options: Any, captions: Sequence[Sequence[str]]) -> Any:
        worth = [np.array([len(text.split()) for text in own], float) for own in captions]
        return np.concatenate([each / each.sum() for each in worth])


COLOURS = {"red": (220, 30, 30), "green": (30, 220, 30), "blue": (30, 30, 220)}


def own_data(images: int = 30) -> list[tuple[Any, list[str]]]:
    """Pictures of one colour, as arrays, PIL images and tensors, with two captions each."""
    rng = np.random.default_rng(0)
    pairs: list[tuple[Any, list[str]]] = []
    for place in range(images):
        name = list(COLOURS)[place % 3]
        noise = rng.integers(0, 30, (12, 12, 3), dtype=np.uint8)
        picture = np.array(COLOURS[name], np.uint8) + noise
        forms = (picture, Image.fromarray(picture), torch.from_numpy(picture).permute(2, 0, 1))
        pairs.append((forms[place % 3], [f"a {name} field", f"the {name} field {place}"]))
    return pairs


def encode_image(images: Tensor) -> Tensor:
    return images.mean(dim=(2, 3))


def encode_text(texts: list[str]) -> Tensor:
    return torch.tensor([[float(name in text) for name in COLOURS] for text in texts])


@pytest.mark.slow
def test_own_data_technique_and_encoder_are_trained(tmp_path: Path) -> None:
    out = tmp_path / "run"
    options: dict[str, Any] = {"epochs": 3, "batch_size": 9, "lr": 0.05, "workers": 0}

    encoder = wfa.encoder_of(encode_image, encode_text, width=8, image_size=8)
    run = wfa.train(own_data(), Longest(caption_dropout=0.2), encoder, out=out, **options)

    assert run is not None
    texts = run.encode_text(["a red field", "a blue field"])
    images = run.encode_image([own_data()[0][0], own_data()[2][0]])
    assert images.shape == texts.shape == (2, 8)
    assert np.linalg.norm(texts, axis=1) == pytest.approx(np.ones(2), abs=1e-5)
    assert (images @ texts.T).argmax(axis=1).tolist() == [0, 1]
    facts = json.loads((out / "run.json").read_text())
    assert set(facts["plugins"]) == {"data", "aggregation", "encoder"}
    assert facts["plugins"]["aggregation"]["name"] == "longest"
    assert facts["plugins"]["aggregation"]["sha256"]
    assert "mR" in set(run.metrics.to_pandas()["metric"])
    again = wfa.load(out, data=own_data(), aggregation=Longest, encoder=encoder)
    np.testing.assert_allclose(again.encode_text(["a red field"]), texts[:1], atol=1e-6)
    plugins._registered.clear()
    with refused(r"which is gone .* wfa\.register"):
        wfa.load(out)
    again = wfa.load(out, aggregation=Longest, encoder=encoder)  # in a program without the pairs
    np.testing.assert_allclose(again.encode_text(["a red field"]), texts[:1], atol=1e-6)
    own = RunFolder(out).read_config().data
    with refused(r"no split 'test'; it has: none \(the run's pairs were Python's"):
        open_split(own, "test", own.plugin().splits(own.options))


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"data": []}, "must have a length and items"),
        ({"data": {"train": own_data(4), "valid": own_data(4)}}, "the split 'valid'"),
        ({"data": [(torch.ones(3, 2, 2), ["a"])] * 20}, "float32"),
        ({"data": [(own_data(1)[0][0], "a road")] * 20}, "list of texts"),
        ({"data": [(own_data(1)[0][0], [])] * 20}, "has no caption"),
        ({"data": [(own_data(1)[0][0], iter("ab"))] * 20}, "list of texts"),
        ({"data": [own_data(1)[0][::-1]] * 20}, "list of texts, none blank, but are of the kind"),
        ({"aggregation": 3}, "aggregation must be a name"),
        ({"aggregation": "maen"}, "did you mean 'mean'"),
        ({"aggregation": {"name": "mean", "dropout": 1}}, "no key 'aggregation.dropout'"),
        ({"aggregation": wfa.aggregation.Mean(width=4)}, "features of width 4"),
        ({"encoder": (encode_image,)}, "two callables"),
        ({"encoder": (encode_image, lambda texts: 3)}, "encode_text must give a tensor"),
        ({"epoch": 3}, "no option of train 'epoch'"),
    ],
)
def test_traps_of_training_are_refused(tmp_path: Path, given: dict[str, Any], message: str) -> None:
    small = wfa.encoder_of(encode_image, encode_text, image_size=8)
    options: dict[str, Any] = {"data": own_data(), "encoder": small, "out": tmp_path / "run"}
    with refused(message):
        wfa.train(**{**options, **given})
    assert not (tmp_path / "run").exists()


def test_a_file_is_no_run(tmp_path: Path) -> None:
    (tmp_path / "model.pt").write_bytes(b"")
    with refused("is a file, which does not say which model it is of"):
        wfa.load(tmp_path / "model.pt")
    with refused("no run folder"):
        wfa.load(tmp_path)
    with refused("there is no run folder runs/gone"):
        wfa.load("runs/gone")


def test_a_part_of_an_unknown_kind_is_refused(tmp_path: Path) -> None:
    with refused("no kind of plug-in 'agregation'; did you mean 'aggregation'"):
        wfa.load(tmp_path, agregation="mean")
