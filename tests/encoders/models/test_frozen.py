"""Heads on locked towers: what is trained, saved and refused."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file

from tests.data.test_channels import BOTH, Sensors
from tests.data.tiny import TinyDataset
from tests.encoders.towers import CountingImageTower, CountingTextTower
from wfa.bigearthnet.bands import channels_of
from wfa.encoders.head import HEADS
from wfa.encoders.models import frozen
from wfa.encoders.models.frozen import Config, Frozen
from wfa.encoders.towers import TowerConfig
from wfa.errors import ConfigError, ModelError

CAPTIONS = [["a river", "a bridge"], ["b"]]


@pytest.fixture
def towers(monkeypatch: pytest.MonkeyPatch) -> None:
    """Put the counting towers in the place of every tower."""
    built = {
        "image_tower": lambda options: CountingImageTower(options.model or "a"),
        "text_tower": lambda options: CountingTextTower(options.model or "a"),
    }
    monkeypatch.setattr(frozen, "config_class", lambda kind, name: TowerConfig)
    monkeypatch.setattr(frozen, "plugin_class", lambda kind, name: built[kind])


@pytest.mark.slow
@pytest.mark.usefixtures("towers")
@pytest.mark.parametrize("head", HEADS)
def test_only_the_heads_are_trained(head: str) -> None:
    encoder = Frozen(Config(head=head, width=5, hidden=7))
    assert {name.split(".")[0] for name, _ in encoder.named_parameters()} == {
        "image_head",
        "text_head",
    }
    images, texts = torch.randn(4, 3), encoder.tokenize(["a", "bb"])
    assert encoder.encode_image(images).shape == (4, 5)
    assert encoder.encode_text(texts).shape == (2, 5)
    torch.autograd.backward(encoder.encode_image(images).sum())
    torch.autograd.backward(encoder.encode_text(texts).sum())
    assert all(parameter.grad is not None for parameter in encoder.parameters())


@pytest.mark.usefixtures("towers")
def test_one_image_has_the_features_of_its_split(tmp_path: Path) -> None:
    encoder = Frozen(Config())
    dataset = TinyDataset(CAPTIONS)
    inputs = encoder.inputs(dataset, tmp_path, "none")
    assert torch.equal(encoder.image_input(dataset.read_image(1)), inputs.image(1, None))
    assert torch.equal(encoder.tokenize(["a bridge"]), inputs.texts(["a bridge"]))


@pytest.mark.usefixtures("towers")
def test_of_bands_the_tower_sees_the_colours(tmp_path: Path) -> None:
    dataset = Sensors(CAPTIONS)
    inputs = Frozen(Config(), BOTH).inputs(dataset, tmp_path, "none")
    image = dataset.read_image(1)[:, :, [4, 3, 2]].mean(axis=(0, 1))
    rgb = channels_of(("B04", "B03", "B02"), "nearest")
    expected = (image - np.array(rgb.mean)) / np.array(rgb.std)
    np.testing.assert_allclose(inputs.image(1, None).numpy(), expected, rtol=1e-5)


@pytest.mark.usefixtures("towers")
def test_locked_towers_refuse_what_has_no_colours() -> None:
    with pytest.raises(ConfigError, match=r"bands VV, VH: set data\.bands=rgb"):
        Frozen(Config(), BOTH.take((0, 1)))
    with pytest.raises(ConfigError, match="have the channels VV, VH, B02"):
        Frozen(Config()).inputs(Sensors(CAPTIONS), None, "none")


@pytest.mark.usefixtures("towers")
def test_images_of_locked_towers_cannot_be_augmented(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"train\.augment=flip .* set train\.augment=none"):
        Frozen(Config()).inputs(TinyDataset(CAPTIONS), tmp_path, "flip")


@pytest.mark.usefixtures("towers")
def test_heads_refuse_towers_they_were_not_trained_on(tmp_path: Path) -> None:
    path = tmp_path / "model.safetensors"
    saved = Frozen(Config())
    save_file(saved.state_dict(), path)
    state: dict[str, Any] = load_file(path)
    same = Frozen(Config())
    same.load_state_dict(state)
    images = torch.randn(2, 3)
    assert torch.equal(same.eval().encode_image(images), saved.eval().encode_image(images))
    with pytest.raises(ModelError, match="trained on other weights"):
        Frozen(Config(text_model="b")).load_state_dict(state)


@pytest.mark.usefixtures("towers")
def test_turned_views_are_averaged() -> None:
    image = np.random.default_rng(0).integers(0, 9, (4, 4, 3), dtype=np.uint8)
    for views in (1, 4, 8):
        encoder = Frozen(Config(image_views=views))
        expected = torch.from_numpy(image).float().mean((0, 1))
        torch.testing.assert_close(encoder.image_input(image), expected)
    with pytest.raises(ConfigError, match=r"encoder\.image_views=3 must be one of 1, 4, 8"):
        Frozen(Config(image_views=3))


@pytest.mark.usefixtures("towers")
def test_unknown_heads_are_refused() -> None:
    with pytest.raises(
        ConfigError, match=r"encoder\.head='deep' is not known\. Known: linear, mlp"
    ):
        Frozen(Config(head="deep"))


def test_unknown_towers_list_the_known() -> None:
    with pytest.raises(ConfigError, match=r"no image_tower 'resnet'.*efficientnet_lite0"):
        Frozen(Config(image_tower="resnet"))
