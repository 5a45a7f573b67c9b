"""Encoders built for the bands of sensors: early and late, from random and from given weights."""

import json
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch
from safetensors.torch import save_file

from tests.data.test_channels import BOTH, Sensors
from tests.data.tiny import TinyDataset
from wfa.bigearthnet.bands import PRESETS, channels_of
from wfa.data.channels import Channels
from wfa.encoders.fusion import LateFusion
from wfa.encoders.models.open_clip import Config, OpenClip
from wfa.encoders.models.small import Config as SmallConfig
from wfa.encoders.models.small import Small
from wfa.errors import ConfigError

SMALL = SmallConfig(
    image_size=16, image_tower="vit", image_width=32, image_layers=1, text_width=32, text_layers=1
)
RGB = channels_of(PRESETS["rgb"], "nearest")
S1 = channels_of(PRESETS["s1"], "nearest")


def small(channels: Channels | None, options: SmallConfig = SMALL) -> Small:
    torch.manual_seed(0)
    return Small(options, channels).eval()


@pytest.fixture(scope="module")
def pretrained(tmp_path_factory: pytest.TempPathFactory) -> str:
    """The name of a model with weights of its own: for pictures, in a folder."""
    folder = tmp_path_factory.mktemp("pretrained")
    encoder = small(None)
    config = json.dumps(encoder.stock_config)
    (folder / "open_clip_config.json").write_text(config, encoding="utf-8")
    save_file(encoder.model.state_dict(), folder / "open_clip_model.safetensors")
    return f"local-dir:{folder}"


def many(pictures: torch.Tensor) -> torch.Tensor:
    """Put pictures into the colours' places of twelve bands; the others hold anything."""
    images = torch.randn(len(pictures), 12, *pictures.shape[2:])
    for colour, place in BOTH.of_colours().items():
        images[:, place] = pictures[:, colour]
    return images


@pytest.mark.slow
@pytest.mark.parametrize("tower", ["vit", "resnet", "resnet10t"])
@pytest.mark.parametrize("fusion", ["early", "late", "late_mean"])
@pytest.mark.parametrize("channels", [RGB, S1, BOTH])
def test_any_channels_and_fusion_give_features_and_gradients(
    tower: str, fusion: str, channels: Channels
) -> None:
    encoder = small(channels, replace(SMALL, image_tower=tower, fusion=fusion, image_size=32))
    assert encoder.image_spec.mean == channels.mean
    assert encoder.image_spec.bands == channels.bands
    assert isinstance(encoder.model.visual, LateFusion) == (channels is BOTH and fusion != "early")
    encoder.train()
    features = encoder.encode_image(torch.randn(4, len(channels.bands), 32, 32))
    assert features.shape == (4, 128)
    torch.autograd.backward(features.square().sum())
    visual = encoder.model.visual.named_parameters()
    assert not [name for name, p in visual if p.requires_grad and p.grad is None]


def test_pictures_build_the_tower_that_they_built_before(pretrained: str) -> None:
    encoder = OpenClip(Config(pretrained)).eval()
    images = torch.randn(2, 3, 16, 16)
    with torch.no_grad():
        assert torch.equal(encoder.encode_image(images), small(None).encode_image(images))
        rgb = OpenClip(Config(pretrained), RGB).eval()
        assert torch.equal(rgb.encode_image(images), encoder.encode_image(images))
    assert not rgb.new_stems


def test_zero_leaves_pretrained_features_as_they_were(pretrained: str) -> None:
    encoder = OpenClip(Config(pretrained, init="zero"), BOTH).eval()
    images = torch.randn(3, 3, 16, 16)
    with torch.no_grad():
        ours, stock = encoder.encode_image(many(images)), small(None).encode_image(images)
    torch.testing.assert_close(ours, stock, rtol=1e-5, atol=1e-6)
    assert encoder.initial_logit_scale is not None


@pytest.mark.parametrize("fusion", ["early", "late"])
def test_a_run_is_restored_without_its_pretrained_weights(pretrained: str, fusion: str) -> None:
    options = Config(pretrained, fusion=fusion, lock_image=True)
    encoder = OpenClip(options, BOTH).eval()
    again = OpenClip.restore(options, BOTH).eval()
    again.load_state_dict(encoder.state_dict())
    images = torch.randn(2, 12, 16, 16)
    with torch.no_grad():
        assert torch.equal(again.encode_image(images), encoder.encode_image(images))


def test_a_locked_tower_trains_the_layer_made_for_new_bands(pretrained: str) -> None:
    encoder = OpenClip(Config(pretrained, lock_image=True, fusion="late"), BOTH)
    free = {n for n, p in encoder.model.visual.named_parameters() if p.requires_grad}
    stems = {f"towers.{sensor}.conv1.weight" for sensor in ("s1", "s2")}
    assert free == stems | {"fuse.weight", "fuse.bias"}
    rgb = OpenClip(Config(pretrained, lock_image=True), RGB)
    assert not [p for p in rgb.model.visual.parameters() if p.requires_grad]


def test_training_images_lose_channels() -> None:
    dataset = Sensors([["a"], ["b"]])
    with_dropout = small(BOTH, replace(SMALL, sensor_dropout=0.9))
    inputs = with_dropout.inputs(dataset, None, "none")
    images = [inputs.image(0, np.random.default_rng(seed)) for seed in range(4)]
    assert all((image[:2] == 0).all() != (image[2:] == 0).all() for image in images)
    assert not (inputs.image(0, None) == 0).any()
    assert small(BOTH).channel_dropout is None


def test_the_encoder_refuses_other_channels_than_its_own() -> None:
    with pytest.raises(ConfigError, match="have the channels VV, VH, B02"):
        small(None).inputs(Sensors([["a"]]), None, "none")
    with pytest.raises(ConfigError, match="takes VV, VH: use the data set"):
        small(S1).inputs(TinyDataset([["a"]]), None, "none")


@pytest.mark.parametrize(
    ("options", "channels", "message"),
    [
        ({"fusion": "lat"}, BOTH, r"encoder\.fusion='lat' is not known.*Did you mean 'late'"),
        ({"fusion": "late"}, None, "are for sensors"),
        ({"band_dropout": 0.1}, None, "are for sensors"),
        ({"sensor_dropout": 1.0}, BOTH, r"encoder\.sensor_dropout=1.0 must be in \[0, 1\)"),
    ],
)
def test_options_that_do_not_fit(
    options: dict[str, Any], channels: Channels | None, message: str
) -> None:
    with pytest.raises(ConfigError, match=message):
        small(channels, replace(SMALL, **options))


def test_an_init_that_does_not_exist_is_refused_for_any_data() -> None:
    with pytest.raises(
        ConfigError, match=r"encoder\.init='copy' is not known.*Did you mean 'copies'"
    ):
        OpenClip(Config("ViT-B-32", init="copy"))
