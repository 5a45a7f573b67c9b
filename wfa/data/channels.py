"""What the channels of a sensor's images are, and leaving some of them out in training."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from wfa.errors import ConfigError


@dataclass(frozen=True)
class Channels:
    """What the channels of a sensor's images are, in their order.

    An encoder makes its `ImageSpec` from it; pictures have none, they are red, green and blue.

    Attributes:
        bands: The channels' names.
        mean: Of each channel over the training split, in the images' own units.
        std: The standard deviation, likewise.
        scale: Factor on the images' values before `mean` and `std` are applied.
        sensors: The sensor of each channel; empty where one sensor has them all.
        colours: The names of the bands that show red, green and blue, where there are any.
    """

    bands: tuple[str, ...]
    mean: tuple[float, ...]
    std: tuple[float, ...]
    scale: float = 1.0
    sensors: tuple[str, ...] = ()
    colours: tuple[str, str, str] = ("B04", "B03", "B02")

    def of_colours(self) -> Mapping[int, int]:
        """Return the channel of each colour that is there: 0 red, 1 green, 2 blue -> channel."""
        return {
            colour: self.bands.index(band)
            for colour, band in enumerate(self.colours)
            if band in self.bands
        }

    def by_sensor(self) -> Mapping[str, tuple[int, ...]]:
        """Return the channels of each sensor, in the order in which the sensors come first."""
        names = self.sensors or ("",) * len(self.bands)
        return {
            sensor: tuple(place for place, name in enumerate(names) if name == sensor)
            for sensor in dict.fromkeys(names)
        }

    def take(self, places: Sequence[int]) -> "Channels":
        """Return some of the channels."""
        return replace(
            self,
            bands=tuple(self.bands[place] for place in places),
            mean=tuple(self.mean[place] for place in places),
            std=tuple(self.std[place] for place in places),
            sensors=tuple(self.sensors[place] for place in places) if self.sensors else (),
        )


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
