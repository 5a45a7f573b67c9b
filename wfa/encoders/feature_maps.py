"""What an image tower knows of each place of an image: its feature maps on one grid."""

from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

import torch
from torch import Tensor
from torch.nn import functional

from wfa.encoders.encoder import Encoder
from wfa.encoders.fusion import LateFusion


class Seen(NamedTuple):
    """Images as wholes and in cells, from one pass through the tower.

    Attributes:
        features: (B, D), as `Encoder.encode_image` gives them.
        cells: (B, C, G, G) float32; rows run downwards.
    """

    features: Tensor
    cells: Tensor


def encode_with_cells(encoder: Encoder, images: Tensor, grid: int) -> Seen:
    """Encode images, and return the feature maps of their towers, finest to coarsest, as one.

    Towers without maps, such as locked ones whose features are cached, give one cell: the image's
    own feature.

    Args:
        encoder: The encoder.
        images: (B, ...) as `Encoder.image_input` gives them.
        grid: Most cells along a side.
    """
    visual: Any = getattr(getattr(encoder, "model", None), "visual", None)
    towers: list[tuple[Any, Tensor]] = [(visual, images)]
    if isinstance(visual, LateFusion):
        towers = [*visual.parts(images)]
    if not all(hasattr(tower, "forward_intermediates") for tower, _ in towers):
        features = encoder.encode_image(images)
        return Seen(features, features[:, :, None, None].float())
    found = [tower.forward_intermediates(part) for tower, part in towers]
    own = [one["image_features"] for one in found]
    features = visual.fused(images, own) if isinstance(visual, LateFusion) else own[0]
    maps = [one for each in found for one in _spread(each["image_intermediates"])]
    return Seen(features, on_one_grid(maps, grid))


@torch.no_grad()
def cells_shape(encoder: Encoder, grid: int) -> tuple[int, int]:
    """Return (C, G) of `encode_with_cells`, found by encoding a blank image."""
    spec = encoder.image_spec
    training = encoder.training
    encoder.eval()
    blank = torch.zeros(1, len(spec.mean), spec.size, spec.size)
    _, channels, side, _ = encode_with_cells(encoder, blank, grid).cells.shape
    encoder.train(training)
    return channels, side


def on_one_grid(maps: Iterable[Tensor], grid: int) -> Tensor:
    """Bring maps (B, C_i, H_i, W_i) to the finest one's grid, at most `grid`, and stack them."""
    maps = [one.float() for one in maps]
    side = min(grid, max(one.shape[-1] for one in maps))
    same = [
        functional.adaptive_avg_pool2d(one, side)
        if one.shape[-1] >= side
        else functional.interpolate(one, size=(side, side), mode="bilinear", align_corners=False)
        for one in maps
    ]
    return torch.cat(same, dim=1)


def _spread(maps: Sequence[Tensor]) -> list[Tensor]:
    """Take all stages of a pyramid; of blocks at one resolution the middle and the last one."""
    if len({one.shape[-1] for one in maps}) > 1 or len(maps) < 3:
        return list(maps)
    return [maps[len(maps) // 2], maps[-1]]
