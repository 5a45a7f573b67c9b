"""Towers for red, green and blue that take other channels: what stays exactly as it was."""

from typing import Any

import pytest
import torch
from open_clip.model import CLIP
from torch import nn

from tests.encoders.tiny_clips import TEXT, VISION
from wfa.bigearthnet.bands import PRESETS, channels_of
from wfa.data.channels import Channels
from wfa.encoders.stem import INITS, find_stem, mapped_weight, take_channels
from wfa.errors import ConfigError, ModelError

TOWERS: dict[str, dict[str, Any]] = {
    "vit": VISION,
    "resnet": {"image_size": 32, "layers": [1, 1, 1, 1], "width": 8, "head_width": 8},
    "timm": {"image_size": 32, "timm_model_name": "resnet10t", "timm_pool": "avg"},
    "timm_vit": {"image_size": 32, "timm_model_name": "convnext_atto", "timm_pool": "avg"},
}


def tower(kind: str) -> Any:
    torch.manual_seed(0)
    return CLIP(16, TOWERS[kind], TEXT).visual.eval()


def channels(*bands: str) -> Channels:
    return channels_of(bands, "nearest")


def pictures(kind: str) -> torch.Tensor:
    size = TOWERS[kind]["image_size"]
    return torch.randn(3, 3, size, size, generator=torch.Generator().manual_seed(1))


@pytest.mark.slow
@pytest.mark.parametrize("kind", TOWERS)
@pytest.mark.parametrize("init", [*INITS, None])
def test_colours_in_their_order_change_nothing(kind: str, init: str | None) -> None:
    stock, adapted = tower(kind), tower(kind)
    assert take_channels(adapted, channels("B04", "B03", "B02"), init) is None
    with torch.no_grad():
        assert torch.equal(adapted(pictures(kind)), stock(pictures(kind)))


@pytest.mark.slow
@pytest.mark.parametrize("kind", TOWERS)
@pytest.mark.parametrize("init", INITS)
def test_colours_in_another_order_are_found(kind: str, init: str) -> None:
    stock, adapted = tower(kind), tower(kind)
    take_channels(adapted, channels("B02", "B04", "B03"), init)
    images = pictures(kind)
    with torch.no_grad():
        torch.testing.assert_close(adapted(images[:, [2, 0, 1]]), stock(images))


@pytest.mark.slow
@pytest.mark.parametrize("kind", TOWERS)
def test_zero_leaves_a_tower_of_twelve_bands_as_it_was(kind: str) -> None:
    stock, adapted = tower(kind), tower(kind)
    both = channels(*PRESETS["s1s2-10m20m"])
    assert take_channels(adapted, both, "zero") is find_stem_of_twelve(adapted)
    images = pictures(kind)
    many = torch.randn(3, 12, *images.shape[2:])
    for colour, place in both.of_colours().items():
        many[:, place] = images[:, colour]
    with torch.no_grad():
        torch.testing.assert_close(adapted(many), stock(images), rtol=1e-5, atol=1e-5)


def find_stem_of_twelve(adapted: nn.Module) -> nn.Module:
    (stem,) = [m for m in adapted.modules() if isinstance(m, nn.Conv2d) and m.in_channels == 12]
    return stem


def test_what_the_others_start_with() -> None:
    weight = torch.arange(2 * 3 * 4.0).view(2, 3, 2, 2)
    bands = channels("VV", "B03", "VH", "B02", "B08")
    mean = mapped_weight(weight, bands, "mean") * 5 / 3
    copies = mapped_weight(weight, bands, "copies") * 5 / 3
    zero = mapped_weight(weight, bands, "zero")
    for mapped in (mean, copies, zero):
        torch.testing.assert_close(mapped[:, 1], weight[:, 1])
        torch.testing.assert_close(mapped[:, 3], weight[:, 2])
    for turn, channel in enumerate((0, 2, 4)):
        torch.testing.assert_close(mean[:, channel], weight.sum(dim=1) / 3)
        torch.testing.assert_close(copies[:, channel], weight[:, turn])
        assert not zero[:, channel].any()


@pytest.mark.parametrize("init", ["mean", "copies"])
@pytest.mark.parametrize("preset", ["s1", "s2-10m", "all"])
def test_equal_bands_give_what_grey_pictures_gave(init: str, preset: str) -> None:
    """The scale: an image that all channels show alike is answered as strongly as before."""
    weight = torch.randn(4, 1, 3, 3).expand(4, 3, 3, 3)
    bands = channels(*PRESETS[preset])
    grey = torch.randn(2, 1, 8, 8)
    stock = nn.functional.conv2d(grey.expand(2, 3, 8, 8), weight)
    mapped = mapped_weight(weight, bands, init)
    found = nn.functional.conv2d(grey.expand(2, mapped.shape[1], 8, 8), mapped)
    torch.testing.assert_close(found, stock, rtol=1e-4, atol=1e-5)


def test_random_weights_are_drawn_for_all_bands() -> None:
    adapted = tower("vit")
    stem = take_channels(adapted, channels(*PRESETS["s2-10m"]), None)
    assert stem is not None
    assert stem.weight.shape == (32, 4, 8, 8)
    assert (stem.weight.std(dim=(0, 2, 3)) > 0).all()
    assert stem.weight.requires_grad


def test_what_cannot_be_mapped() -> None:
    with pytest.raises(ConfigError, match="did you mean 'mean'"):
        take_channels(tower("vit"), channels("VV", "B04"), "means")
    with pytest.raises(ConfigError, match=r"init=zero leaves nothing.*VV, VH"):
        take_channels(tower("vit"), channels("VV", "VH"), "zero")
    with pytest.raises(ModelError, match="Sequential has 2 convolutions of 3 channels"):
        find_stem(nn.Sequential(nn.Conv2d(3, 3, 1), nn.Conv2d(3, 8, 1)))
    with pytest.raises(ModelError, match="has 0 convolutions"):
        find_stem(nn.Linear(3, 3))
