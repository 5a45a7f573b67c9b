"""What a patch is said to be: where and when it lies, the classes in it, its two names.

All of it is as frequent as among the published patches.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from wfa.bigearthnet.annotate.patch_metadata import CLIMATES, SEASONS
from wfa.data.dataset import SPLITS
from wfa.draws import Draws
from wfa.scenes.patch_frequencies import patch_lots

PLACING = 3
"""The stream of random numbers."""

MOST_IMAGES = 60 * 90 * 90
"""Images of a split that have names of their own."""

_ZONES = {
    "Austria": ((6, 65), (4, 35)),
    "Belgium": ((4, 100),),
    "Finland": ((6, 100),),
    "Ireland": ((4, 100),),
    "Kosovo": ((6, 60), (3, 40)),
    "Lithuania": ((6, 100),),
    "Luxembourg": ((4, 100),),
    "Portugal": ((1, 80), (2, 20)),
    "Serbia": ((3, 75), (6, 25)),
    "Switzerland": ((4, 80), (6, 20)),
}
"""The zones of each country, places in `CLIMATES`, and how frequent they are there in per cent."""
_COLD_NORTH = 62.3  # degrees: north of it summers are cold
_COLD_SUMMER = 7
_STEP = 0.0108  # degrees of latitude from one patch to the next, 1.2 km
_LAST_SPRING = 5  # the published patches are of June 2017 to May 2018


@dataclass(frozen=True)
class ScenePlace:
    """What the metadata of a patch say, but for the labels' names.

    Attributes:
        patch_id: Name of its Sentinel-2 patch.
        s1_name: Name of its Sentinel-1 patch.
        country: One of `COUNTRIES`.
        month: 1 to 12.
        climate_zone: One of `CLIMATES`.
        latitude: In degrees.
        longitude: In degrees.
        lands: The classes in it, ascending places in `CLASSES`.
    """

    patch_id: str
    s1_name: str
    country: str
    month: int
    climate_zone: str
    latitude: float
    longitude: float
    lands: Sequence[int]

    @property
    def season(self) -> str:
        """One of `SEASONS`."""
        return SEASONS[self.month % 12 // 3]


def place_scene(seed: int, split: str, index: int) -> ScenePlace:
    """Draw what a patch is; names are unique over all splits of a data set.

    Args:
        seed: Seed of the data set, >= 0.
        split: One of `SPLITS`.
        index: Number of the image in the split, below `MOST_IMAGES`.
    """
    draws = Draws(seed, split, index, PLACING)
    countries, of = patch_lots()
    country = countries.draw(draws)
    own = of[country]
    month, tile, lands = own.months.draw(draws), own.tiles.draw(draws), own.lands.draw(draws)
    block, rest = divmod(index, 90 * 90)
    row, column = divmod(rest, 90)
    latitude = tile.latitude - _STEP * row
    date = f"{2018 if month <= _LAST_SPRING else 2017}{month:02d}15"
    minute, name = SPLITS.index(split), tile.name
    return ScenePlace(
        # As published: Sentinel-2 names fill their indices with zeros, Sentinel-1 names do not.
        patch_id=f"S2A_MSIL2A_{date}T10{minute:02d}{block:02d}_N9999_R022_{name}"
        f"_{column:02d}_{row:02d}",
        s1_name=f"S1A_IW_GRDH_1SDV_{date}T16{minute:02d}{block:02d}_{name[1:]}_{column}_{row}",
        country=country,
        month=month,
        climate_zone=CLIMATES[_climate(country, latitude, draws)],
        latitude=round(latitude, 6),
        # A degree of longitude grows shorter towards the pole: about 1.6 % for each of latitude.
        longitude=round(tile.longitude + _STEP * column * (1 + (latitude - 35) / 30), 6),
        lands=lands,
    )


def _climate(country: str, latitude: float, draws: Draws) -> int:
    (usual, percent), *others = _ZONES[country]
    zone = usual if not others or draws.chance(percent) else others[0][0]
    return _COLD_SUMMER if country == "Finland" and latitude > _COLD_NORTH else zone
