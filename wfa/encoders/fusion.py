"""One image tower a sensor, and their features made one."""

from collections.abc import Mapping, Sequence
from typing import Any

import torch
from torch import Tensor, nn

FUSIONS = ("early", "late", "late_mean")
"""One tower for all bands; one a sensor, mapped together by a linear layer; or their mean."""

_ABSENT = 1e-4
"""Below this everywhere, the normalised image of a sensor is missing and no picture of anything:
a resized constant is zero up to rounding."""


class LateFusion(nn.Module):
    """Image towers of several sensors as one.

    The features of a sensor whose channels are all zero count for nothing.

    Args:
        towers: Sensor -> tower of its channels, (B, C_s, H, W) -> (B, D), or a pair of that and
            tokens (B, T, D_t).
        places: Sensor -> its channels among those of the images.
        width: D.
        linear: Map the features of all sensors together, a layer that starts as their mean; without
            it the mean over the sensors that are there stays.
    """

    def __init__(
        self,
        towers: Mapping[str, nn.Module],
        places: Mapping[str, Sequence[int]],
        width: int,
        linear: bool,
    ) -> None:
        super().__init__()
        self.towers = nn.ModuleDict(towers)
        self._places = {sensor: list(own) for sensor, own in places.items()}
        self.fuse = nn.Linear(width * len(towers), width) if linear else None
        if self.fuse is not None:
            nn.init.zeros_(self.fuse.bias)
            start = torch.eye(width).repeat(1, len(towers)) / len(towers)
            self.fuse.weight = nn.Parameter(start)

    def forward(self, images: Tensor) -> Any:
        """Encode images (B, C, H, W) to (B, D); where the towers give tokens, a pair with those.

        The tokens of all sensors stand one after the other.
        """
        by_tower = self.parts(images)
        given = [tower(part) for tower, part in by_tower]
        pooled = [one[0] if isinstance(one, tuple) else one for one in given]
        fused = self.fused(images, pooled)
        if isinstance(given[0], tuple):
            return fused, torch.cat([tokens for _, tokens in given], dim=1)
        return fused

    def parts(self, images: Tensor) -> list[tuple[nn.Module, Tensor]]:
        """Return each sensor's tower with its channels of images (B, C, H, W)."""
        return [(tower, images[:, self._places[name]]) for name, tower in self.towers.items()]

    def set_grad_checkpointing(self, enable: bool = True, **options: Any) -> None:
        """Recompute activations in the backward pass, in every tower."""
        for tower in self.towers.values():
            switch: Any = tower.set_grad_checkpointing
            switch(enable, **options)

    def fused(self, images: Tensor, pooled: Sequence[Tensor]) -> Tensor:
        """Fuse the towers' features, (B, D) each and in their order, of images (B, C, H, W)."""
        features = torch.stack(list(pooled), dim=1)
        weights = torch.stack([_is_there(part) for _, part in self.parts(images)], 1)
        weights = weights.to(features.dtype)
        features = features * weights.unsqueeze(-1)
        if self.fuse is not None:
            mapped: Tensor = self.fuse(features.flatten(1))
            return mapped
        return features.sum(dim=1) / weights.sum(dim=1, keepdim=True).clamp(min=1)


def _is_there(images: Tensor) -> Tensor:
    """Say of each image (B, C, H, W) whether there is anything on it, (B,)."""
    return images.detach().abs().amax(dim=(1, 2, 3)) > _ABSENT
