"""What the channels of a sensor's images are."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace


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
