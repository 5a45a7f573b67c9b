"""What the image tower knows of each place of an image: its feature maps on one grid."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional

from wfa.encoders._base import Encoder
from wfa.encoders._fusion import LateFusion


@dataclass(frozen=True)
class ImageTokens:
    """Features of M images on a grid of G x G cells.

    Attributes:
        images: (M, D) float32, normalised, of the whole images.
        tokens: (M, C, G, G) float16, of the cells; rows run downwards.
    """

    images: Tensor
    tokens: Tensor


def patch_tokens(encoder: Encoder, images: Tensor, grid: int) -> Tensor:
    """Return the feature maps of the image towers, finest to coarsest, as one.

    Towers without maps, such as locked ones whose features are cached, give one cell: the image's
    own feature.

    Args:
        encoder: The encoder, in evaluation mode.
        images: (B, ...) as `Encoder.image_input` gives them.
        grid: Most cells along a side.

    Returns:
        (B, C, G, G) float32.
    """
    visual = getattr(getattr(encoder, "model", None), "visual", None)
    towers = visual.parts(images) if isinstance(visual, LateFusion) else [(visual, images)]
    if not all(hasattr(tower, "forward_intermediates") for tower, _ in towers):
        return encoder.encode_image(images)[:, :, None, None].float()
    maps = [one for tower, part in towers for one in _spread(_maps(tower, part))]
    return on_one_grid(maps, grid)


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


def _maps(tower: Any, images: Tensor) -> Sequence[Tensor]:
    found = tower.forward_intermediates(images, intermediates_only=True)
    maps: Sequence[Tensor] = found["image_intermediates"]
    return maps


def _spread(maps: Sequence[Tensor]) -> list[Tensor]:
    """Take all stages of a pyramid; of blocks at one resolution the middle and the last one."""
    if len({one.shape[-1] for one in maps}) > 1 or len(maps) < 3:
        return list(maps)
    return [maps[len(maps) // 2], maps[-1]]
