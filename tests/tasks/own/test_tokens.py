import pytest
import torch
from torch import Tensor, nn

from wfa.encoders._fusion import LateFusion
from wfa.encoders.small import Config, Small
from wfa.tasks.own.tokens import on_one_grid, patch_tokens


@pytest.mark.parametrize(("tower", "grid"), [("resnet", 16), ("vit", 8)])
def test_maps_of_a_tower_lie_on_its_finest_grid(tower: str, grid: int) -> None:
    encoder = Small(Config(image_tower=tower, image_width=32, text_width=32, text_layers=1)).eval()
    images = torch.randn(2, 3, 64, 64)
    with torch.no_grad():
        found = patch_tokens(encoder, images, 32)
        coarse = patch_tokens(encoder, images, 4)
    assert found.shape[0] == coarse.shape[0] == 2
    assert found.shape[2:] == (grid, grid)
    assert coarse.shape[2:] == (4, 4)
    assert found.shape[1] == coarse.shape[1]


def test_rows_run_down_and_columns_right() -> None:
    encoder = Small(Config(text_width=32, text_layers=1)).eval()
    images = torch.zeros(2, 3, 64, 64)
    images[1, :, 48:, :16] = 5.0  # something at the bottom left
    with torch.no_grad():
        tokens = patch_tokens(encoder, images, 4)
    change = (tokens[1, :24] - tokens[0, :24]).abs().sum(0)
    assert int(change.argmax()) == 12  # row 3, column 0


class _Maps(nn.Module):
    """A tower whose maps are its input, at two resolutions."""

    def forward(self, images: Tensor) -> Tensor:
        return images.mean((2, 3))

    def forward_intermediates(
        self, images: Tensor, intermediates_only: bool
    ) -> dict[str, list[Tensor]]:
        assert intermediates_only
        small = nn.functional.avg_pool2d(images, 2)
        return {"image_intermediates": [images, small]}


def test_maps_of_several_towers_stand_side_by_side() -> None:
    fusion = LateFusion({"s1": _Maps(), "s2": _Maps()}, {"s1": [0], "s2": [1, 2]}, 3, False)
    images = torch.randn(2, 3, 4, 4)
    encoder = Small(Config(text_width=32, text_layers=1))
    encoder.model.visual = fusion
    found = patch_tokens(encoder, images, 4)
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
    assert torch.equal(patch_tokens(encoder, images, 8)[:, :, 0, 0], images.mean((2, 3)))


def test_finer_maps_are_averaged_and_coarser_ones_spread() -> None:
    fine = torch.arange(16.0).reshape(1, 1, 4, 4)
    coarse = torch.tensor([[[[7.0]]]])
    found = on_one_grid([fine, coarse], 2)
    assert found[0, 0].tolist() == [[2.5, 4.5], [10.5, 12.5]]
    assert found[0, 1].tolist() == [[7.0, 7.0], [7.0, 7.0]]
