"""Feature maps on one grid, from the pass that gives the features."""

from typing import Any

import pytest
import torch
from torch import Tensor, nn

from wfa.bigearthnet.bands import channels_of
from wfa.encoders.feature_maps import cells_shape, encode_with_cells, on_one_grid
from wfa.encoders.fusion import LateFusion
from wfa.encoders.models.small import Config, Small


@pytest.mark.parametrize(("tower", "grid"), [("resnet", 16), ("vit", 8)])
def test_maps_of_a_tower_lie_on_its_finest_grid(tower: str, grid: int) -> None:
    encoder = Small(Config(image_tower=tower, image_width=32, text_width=32, text_layers=1)).eval()
    images = torch.randn(2, 3, 64, 64)
    with torch.no_grad():
        found = encode_with_cells(encoder, images, 32).cells
        coarse = encode_with_cells(encoder, images, 4).cells
    assert found.shape[0] == coarse.shape[0] == 2
    assert found.shape[2:] == (grid, grid)
    assert coarse.shape[2:] == (4, 4)
    assert found.shape[1] == coarse.shape[1]


def test_rows_run_down_and_columns_right() -> None:
    encoder = Small(Config(text_width=32, text_layers=1)).eval()
    images = torch.zeros(2, 3, 64, 64)
    images[1, :, 48:, :16] = 5.0  # something at the bottom left
    with torch.no_grad():
        tokens = encode_with_cells(encoder, images, 4).cells
    change = (tokens[1, :24] - tokens[0, :24]).abs().sum(0)
    assert int(change.argmax()) == 12  # row 3, column 0


class _Maps(nn.Module):
    """A tower whose maps are its input, at two resolutions."""

    def forward(self, images: Tensor) -> Tensor:
        return images.mean((2, 3))

    def forward_intermediates(self, images: Tensor) -> dict[str, Any]:
        small = nn.functional.avg_pool2d(images, 2)
        features = images.mean((1, 2, 3))[:, None].expand(-1, 3)
        return {"image_intermediates": [images, small], "image_features": features}


def test_maps_of_several_towers_stand_side_by_side() -> None:
    fusion = LateFusion({"s1": _Maps(), "s2": _Maps()}, {"s1": [0], "s2": [1, 2]}, 3, False)
    images = torch.randn(2, 3, 4, 4)
    encoder = Small(Config(text_width=32, text_layers=1))
    encoder.model.visual = fusion
    found = encode_with_cells(encoder, images, 4).cells
    assert found.shape == (2, 6, 4, 4)
    assert torch.equal(found[:, 0], images[:, 0])
    assert torch.equal(found[:, 2:4], images[:, 1:])


def test_a_tower_without_maps_gives_one_cell() -> None:
    class Plain(nn.Module):
        def forward(self, images: Tensor) -> Tensor:
            return images.mean((2, 3))

    encoder = Small(Config(text_width=32, text_layers=1))
    encoder.model.visual = Plain()
    images = torch.randn(2, 3, 4, 4)
    encoder.model.encode_image = lambda images, normalize: images.mean((2, 3))
    assert torch.equal(encode_with_cells(encoder, images, 8).cells[:, :, 0, 0], images.mean((2, 3)))


def test_finer_maps_are_averaged_and_coarser_ones_spread() -> None:
    fine = torch.arange(16.0).reshape(1, 1, 4, 4)
    coarse = torch.tensor([[[[7.0]]]])
    found = on_one_grid([fine, coarse], 2)
    assert found[0, 0].tolist() == [[2.5, 4.5], [10.5, 12.5]]
    assert found[0, 1].tolist() == [[7.0, 7.0], [7.0, 7.0]]


@pytest.mark.parametrize("tower", ["resnet", "vit", "resnet10t"])
@pytest.mark.parametrize("fusion", ["early", "late"])
def test_one_pass_gives_the_features_and_the_cells(tower: str, fusion: str) -> None:
    torch.manual_seed(0)
    options = Config(
        image_tower=tower, image_width=32, text_width=32, text_layers=1, embed_dim=16, fusion=fusion
    )
    channels = channels_of(("B02", "B03", "VV", "VH"), "nearest")
    encoder = Small(options, channels).eval()
    images = torch.randn(2, 4, 64, 64)
    images[1, 2:] = 0.0  # a sensor that is missing
    with torch.no_grad():
        seen = encode_with_cells(encoder, images, 4)
        torch.testing.assert_close(seen.features, encoder.encode_image(images))
    assert seen.cells.shape[1:] == (cells_shape(encoder, 4)[0], 4, 4)
    assert cells_shape(encoder, 4)[1] == 4
    assert not encoder.training


def test_gradients_go_back_through_features_and_cells() -> None:
    encoder = Small(Config(image_width=32, text_width=32, text_layers=1)).train()
    seen = encode_with_cells(encoder, torch.randn(2, 3, 64, 64), 4)
    torch.autograd.backward(seen.features.square().sum() + seen.cells.square().sum())
    for name, parameter in encoder.model.visual.named_parameters():
        assert parameter.grad is not None, name
