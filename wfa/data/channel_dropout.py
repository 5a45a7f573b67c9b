"""Leaving channels of an image out in training."""

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from wfa.data.channels import Channels
from wfa.errors import ConfigError


@dataclass(frozen=True)
class ChannelDropout:
    """Sets channels of a training image to zero, never all of them.

    A model that has met images without a sensor can do without it at test.

    Attributes:
        channels: What the channels are.
        bands: The chance of each band, in [0, 1).
        sensors: The chance of each sensor with all its bands, in [0, 1).

    Raises:
        ConfigError: A chance is none.
    """

    channels: Channels
    bands: float
    sensors: float

    def __post_init__(self) -> None:
        for key, share in (("band_dropout", self.bands), ("sensor_dropout", self.sensors)):
            if not 0.0 <= share < 1.0:
                raise ConfigError(f"encoder.{key}={share} is a share, in [0, 1)")

    def __call__(self, image: Tensor, rng: np.random.Generator) -> Tensor:
        """Return a normalised image (C, H, W) with the drawn channels zero."""
        kept = self.kept(rng)
        return image if kept.all() else image * torch.from_numpy(kept).view(-1, 1, 1)

    def kept(self, rng: np.random.Generator) -> NDArray[np.bool_]:
        """Draw which channels stay, (C,), at least one."""
        own = list(self.channels.by_sensor().values())
        kept = np.zeros(len(self.channels.bands), bool)
        for sensor in np.flatnonzero(_some(len(own), self.sensors, rng)):
            kept[list(own[sensor])] = True
        left = np.flatnonzero(kept)
        kept[left] = _some(len(left), self.bands, rng)
        return kept


def _some(count: int, dropped: float, rng: np.random.Generator) -> NDArray[np.bool_]:
    """Keep each of some things by chance; one of them where chance keeps none."""
    if not dropped:
        return np.ones(count, bool)
    kept: NDArray[np.bool_] = rng.random(count) >= dropped
    if not kept.any():
        kept[rng.integers(count)] = True
    return kept
