"""Where and when a scene is said to lie: country, climate zone, names of its two patches."""

from dataclasses import dataclass

from wfa.bigearthnet.annotate.patch_metadata import CLIMATES, COUNTRIES
from wfa.data.dataset import SPLITS
from wfa.draws import Draws
from wfa.scenes.scene_layout import Scene

PLACING = 3
"""The stream of random numbers."""

MOST_IMAGES = 60 * 90 * 90
"""Images of a split that have names of their own."""

_DATES = {"spring": "20180415", "summer": "20170715", "autumn": "20171015", "winter": "20180115"}
_SEASONS = {"spring": "Spring", "summer": "Summer", "autumn": "Fall", "winter": "Winter"}

# Tile, latitude and longitude of a corner, and the two climate zones of each country.
_COUNTRIES = (
    ("33UUP", 48.7, 12.3, (6, 7)),
    ("31UFS", 51.3, 4.4, (4, 4)),
    ("35VLJ", 63.0, 24.1, (7, 7)),
    ("29UNU", 53.1, -9.0, (4, 4)),
    ("34TDN", 43.2, 20.7, (6, 5)),
    ("34UFG", 56.7, 22.6, (6, 6)),
    ("31UGR", 50.4, 5.8, (4, 4)),
    ("29SND", 39.7, -8.9, (1, 2)),
    ("34TDQ", 45.1, 19.7, (3, 5)),
    ("32TMT", 47.8, 7.6, (4, 8)),
)
_STEP = 0.0105  # degrees from one patch to the next


@dataclass(frozen=True)
class ScenePlace:
    """What the metadata of a scene say.

    Attributes:
        patch_id: Name of its Sentinel-2 patch.
        s1_name: Name of its Sentinel-1 patch.
        country: One of `COUNTRIES`.
        season: One of BigEarthNet's seasons.
        climate_zone: One of `CLIMATES`.
        latitude: In degrees.
        longitude: In degrees.
    """

    patch_id: str
    s1_name: str
    country: str
    season: str
    climate_zone: str
    latitude: float
    longitude: float


def place_scene(scene: Scene) -> ScenePlace:
    """Give a scene its place; names are unique over all splits of a data set.

    Args:
        scene: Its split is one of `SPLITS`, its index below `MOST_IMAGES`.
    """
    draws = Draws(scene.seed, scene.split, scene.index, PLACING)
    country = draws.below(len(COUNTRIES))
    tile, north, west, zones = _COUNTRIES[country]
    block, rest = divmod(scene.index, 90 * 90)
    row, column = divmod(rest, 90)
    date, minute = _DATES[scene.season], SPLITS.index(scene.split)
    return ScenePlace(
        # As published: Sentinel-2 names fill their indices with zeros, Sentinel-1 names do not.
        patch_id=f"S2A_MSIL2A_{date}T10{minute:02d}{block:02d}_N9999_R022_T{tile}"
        f"_{column:02d}_{row:02d}",
        s1_name=f"S1A_IW_GRDH_1SDV_{date}T16{minute:02d}{block:02d}_{tile}_{column}_{row}",
        country=COUNTRIES[country],
        season=_SEASONS[scene.season],
        climate_zone=CLIMATES[draws.pick(zones)],
        latitude=round(north - _STEP * row, 6),
        longitude=round(west + _STEP * column, 6),
    )
