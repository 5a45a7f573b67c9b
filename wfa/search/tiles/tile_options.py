"""How scenes are cut: the section `tile`."""

import re
from dataclasses import dataclass, field
from typing import ClassVar, NamedTuple

from wfa.errors import ConfigError
from wfa.options.limits import Options

DEFAULT_SIZE = "256"
_LENGTH = re.compile(r"(\d+(?:\.\d+)?)\s*(px|m)?")
_SHORTEST = 1e-3


class Length(NamedTuple):
    """A length in pixels or in metres on the ground.

    Attributes:
        value: Above 0.
        in_metres: Whether it is metres.
    """

    value: float
    in_metres: bool

    def pixels(self, metres: float) -> int:
        """Return it in whole pixels of so many metres; at least 1."""
        return max(1, round(self.value / metres if self.in_metres else self.value))


@dataclass(frozen=True)
class TileOptions(Options):
    """How scenes are cut into tiles; where none is set, as the index has it.

    Attributes:
        size: Side of a tile in pixels, `256`, or in metres on the ground, `640m`; 256 pixels where
            it is empty.
        stride: From one tile to the next, likewise; the size where it is empty.
        bands: Numbers from 1 of the scenes' bands that the run is given, such as `4,3,2`; found by
            their names and colours where it is empty.
        crs: What scenes without a CRS are in, such as `EPSG:32633`; they are read as pictures where
            it is empty.
        most_nodata: The largest share of a tile that may lack data; tiles with more are left out.
    """

    section: ClassVar[str] = "tile"

    size: str = ""
    stride: str = ""
    bands: tuple[int, ...] = field(default=(), metadata={"at_least": 1})
    crs: str = ""
    most_nodata: float = field(default=0.5, metadata={"at_least": 0, "below": 1})

    def __post_init__(self) -> None:
        """Refuse lengths that cannot be read."""
        super().__post_init__()
        for key in ("size", "stride"):
            if getattr(self, key):
                _length(f"tile.{key}", getattr(self, key))

    @property
    def lengths(self) -> tuple[Length, Length]:
        """The size and the stride."""
        size = _length("tile.size", self.size or DEFAULT_SIZE)
        return size, _length("tile.stride", self.stride) if self.stride else size


def _length(key: str, text: str) -> Length:
    match = _LENGTH.fullmatch(text.strip())
    if match is None or float(match[1]) < _SHORTEST:
        raise ConfigError(f"{key}={text!r} must be a length in pixels or metres: 256 or 640m")
    return Length(float(match[1]), match[2] == "m")
