"""One tower a sensor: what the fused features are, and a sensor that is missing."""

import pytest
import torch
from torch import Tensor, nn

from wfa.encoders.fusion import LateFusion

PLACES = {"s1": (0, 3), "s2": (1, 2, 4)}


class Tower(nn.Module):
    """Maps the mean of each channel; optionally gives tokens too."""

    def __init__(self, channels: int, tokens: int = 0) -> None:
        super().__init__()
        self.map = nn.Linear(channels, 6)
        self.tokens = tokens
        self.checkpointing = False

    def forward(self, images: Tensor) -> Tensor | tuple[Tensor, Tensor]:
        features: Tensor = self.map(images.mean(dim=(2, 3)))
        if self.tokens:
            return features, features[:, None].repeat(1, self.tokens, 1)
        return features

    def set_grad_checkpointing(self, enable: bool = True) -> None:
        self.checkpointing = enable


def fusion(linear: bool, tokens: int = 0) -> tuple[LateFusion, Tower, Tower]:
    torch.manual_seed(0)
    first, second = Tower(2, tokens), Tower(3, tokens)
    return LateFusion({"s1": first, "s2": second}, PLACES, 6, linear), first, second


def halves(images: Tensor) -> tuple[Tensor, Tensor]:
    return images[:, [0, 3]], images[:, [1, 2, 4]]


@pytest.mark.parametrize("linear", [True, False])
def test_it_starts_as_the_mean_of_the_towers(linear: bool) -> None:
    fused, first, second = fusion(linear)
    images = torch.randn(4, 5, 8, 8)
    radar, optical = halves(images)
    torch.testing.assert_close(fused(images), (first(radar) + second(optical)) / 2)


def test_the_layer_sees_all_features_side_by_side() -> None:
    fused, first, second = fusion(linear=True)
    assert fused.fuse is not None
    nn.init.normal_(fused.fuse.weight)
    nn.init.normal_(fused.fuse.bias)
    images = torch.randn(4, 5, 8, 8)
    radar, optical = halves(images)
    both = torch.cat([first(radar), second(optical)], dim=1)
    torch.testing.assert_close(fused(images), both @ fused.fuse.weight.T + fused.fuse.bias)


@pytest.mark.parametrize("missing", ["s1", "s2"])
def test_a_missing_sensor_counts_for_nothing(missing: str) -> None:
    images = torch.randn(2, 5, 8, 8)
    images[0, list(PLACES[missing])] = 1e-6  # what is left of zero after resizing
    mean, first, second = fusion(linear=False)
    other = second if missing == "s1" else first
    there = halves(images)[missing == "s1"]
    torch.testing.assert_close(mean(images)[0], other(there)[0])
    torch.testing.assert_close(mean(images)[1], fusion(linear=False)[0](images[1:])[0])
    linear, _, _ = fusion(linear=True)
    torch.testing.assert_close(linear(images)[0], other(there)[0] / 2)


@pytest.mark.parametrize("linear", [True, False])
def test_an_image_of_nothing_has_finite_features(linear: bool) -> None:
    fused, _, _ = fusion(linear)
    assert not fused(torch.zeros(2, 5, 8, 8)).any()


def test_tokens_stand_one_after_the_other() -> None:
    fused, first, second = fusion(linear=False, tokens=3)
    images = torch.randn(4, 5, 8, 8)
    pooled, tokens = fused(images)
    radar, optical = halves(images)
    torch.testing.assert_close(tokens, torch.cat([first(radar)[1], second(optical)[1]], dim=1))
    assert pooled.shape == (4, 6)


def test_gradients_reach_every_tower() -> None:
    fused, first, second = fusion(linear=True)
    fused.set_grad_checkpointing(True)
    assert first.checkpointing
    assert second.checkpointing
    torch.autograd.backward(fused(torch.randn(4, 5, 8, 8)).square().sum())
    assert all(parameter.grad is not None for parameter in fused.parameters())
