"""Image towers of open_clip's for the bands of sensors."""

from copy import deepcopy
from dataclasses import dataclass, field, replace
from typing import Any, ClassVar

from torch import nn

from wfa.data.channel_dropout import ChannelDropout
from wfa.data.channels import Channels
from wfa.data.images import ImageSpec
from wfa.encoders.fusion import FUSIONS, LateFusion
from wfa.encoders.stem import take_channels
from wfa.errors import ConfigError
from wfa.options.limits import Options


@dataclass(frozen=True, kw_only=True)
class SensorConfig(Options):
    """Options for data sets of sensors; pictures have none of them.

    Attributes:
        fusion: `early`: one tower for all bands. `late`: one tower a sensor, their features side by
            side through a linear layer. `late_mean`: the mean of their features.
        band_dropout: Chance of each band to be zero in a training image.
        sensor_dropout: Chance of each sensor to be zero in a training image; one always stays.
    """

    section: ClassVar[str] = "encoder"

    fusion: str = field(default="early", metadata={"one_of": FUSIONS})
    band_dropout: float = field(default=0.0, metadata={"at_least": 0, "below": 1})
    sensor_dropout: float = field(default=0.0, metadata={"at_least": 0, "below": 1})


def sensor_spec(spec: ImageSpec, channels: Channels | None) -> ImageSpec:
    """Return what a tower wants to be given when its images have these channels."""
    if channels is None:
        return spec
    return replace(
        spec, mean=channels.mean, std=channels.std, scale=channels.scale, bands=channels.bands
    )


def channel_dropout(options: SensorConfig, channels: Channels | None) -> ChannelDropout | None:
    """Return what leaves channels out in training, None where none are.

    Raises:
        ConfigError: A chance is none, or the images are pictures.
    """
    asked = options.band_dropout or options.sensor_dropout
    if channels is None:
        if asked or options.fusion != "early":
            raise ConfigError(
                "encoder.fusion, encoder.band_dropout and encoder.sensor_dropout are for sensors, "
                "and this data set has pictures: leave them out, or use data=bigearthnet_txt"
            )
        return None
    return ChannelDropout(channels, options.band_dropout, options.sensor_dropout) if asked else None


def fit_tower(
    model: Any, channels: Channels, options: SensorConfig, width: int, init: str | None
) -> list[nn.Conv2d]:
    """Make an open_clip model's image tower take other channels, in place.

    Args:
        model: The model; `visual` is its tower for red, green and blue.
        channels: What the images have.
        options: How sensors are fused.
        width: D, the width of the tower's features.
        init: See `take_channels`.

    Returns:
        The layers that have new weights.

    Raises:
        ConfigError: There is no such `init`.
        ModelError: The tower has no layer of its own for the channels.
    """
    sensors = channels.by_sensor()
    if options.fusion == "early" or len(sensors) == 1:
        stems = [take_channels(model.visual, channels, init)]
    else:
        towers = {sensor: deepcopy(model.visual) for sensor in sensors}
        stems = [
            take_channels(tower, channels.take(sensors[sensor]), init)
            for sensor, tower in towers.items()
        ]
        model.visual = LateFusion(towers, sensors, width, linear=options.fusion == "late")
    return [stem for stem in stems if stem is not None]
