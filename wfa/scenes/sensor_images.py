"""A patch as Sentinel-2 and Sentinel-1 see it, in integers only.

Neither sensor tells all classes apart, and each tells what the other does not: in Sentinel-2 a town
looks like a ploughed field, industry like sand, an orchard like scrub, a vineyard like heath and a
marsh like grassland; in Sentinel-1 all water is equally dark, all forest equally bright and all low
crops are alike.

A place shows as far as it does in nature: spring comes later and autumn earlier in the north, the
sun stands lower, and where summers are dry, fields are dry in summer and soils red. A country has
no mark of its own: who can tell Belgium from Luxembourg does it by what lies there.
"""

import math

import numpy as np
from numpy.typing import NDArray

from wfa.bigearthnet.annotate.patch_metadata import CLIMATES, SEASONS
from wfa.bigearthnet.bands import NATIVE_SIZE, S1_BANDS, S2_BANDS
from wfa.draws import Draws
from wfa.scenes.land_classes import LAND
from wfa.scenes.scene_place import ScenePlace

SENSING = 4
"""The stream of random numbers of both sensors."""

# Digital numbers in summer, in the order of S2_BANDS.
_SPECTRA = {
    "town": "600 800 1000 1150 1300 1500 1600 1700 1750 1750 2000 1800",
    "industry": "1500 1700 1900 2050 2150 2250 2300 2400 2450 2450 2700 2500",
    "wheat": "300 400 700 550 1100 2600 3200 3400 3500 3500 1900 1000",
    "maize": "250 330 600 380 900 3000 3900 4100 4200 4200 1700 800",
    "rapeseed": "350 450 1200 1000 1700 2900 3400 3600 3700 3700 1900 1050",
    "ploughed": "600 800 1000 1150 1300 1500 1600 1700 1750 1750 2000 1800",
    "orchard": "320 430 650 600 1000 1900 2200 2350 2450 2450 2000 1200",
    "vineyard": "350 470 680 780 1150 1650 1850 1950 2050 2050 2300 1500",
    "pasture": "260 360 720 430 1050 3100 3800 4000 4100 4100 2200 1150",
    "broadleaf": "180 240 450 260 650 2600 3300 3500 3600 3600 1600 700",
    "conifer": "160 200 330 210 450 1300 1550 1650 1750 1750 850 400",
    "mixed": "170 220 390 235 550 1950 2400 2550 2650 2650 1200 550",
    "grassland": "330 460 800 850 1350 2300 2600 2750 2850 2850 2600 1600",
    "heath": "350 470 680 780 1150 1650 1850 1950 2050 2050 2300 1500",
    "scrub": "320 430 650 600 1000 1900 2200 2350 2450 2450 2000 1200",
    "sand": "1500 1700 1900 2050 2150 2250 2300 2400 2450 2450 2700 2500",
    "marsh": "330 460 800 850 1350 2300 2600 2750 2850 2850 2600 1600",
    "lake": "250 260 280 180 170 150 140 120 110 110 60 40",
    "river": "350 420 560 420 380 260 240 200 180 180 90 70",
    "sea": "400 350 250 130 110 90 85 70 60 60 40 30",
}
# VV and VH in dB; how much a class follows the seasons, its grain and its swell, all in 1/256.
_LOOKS = {
    "town": (-3.5, -11.5, 0, 20, 24),
    "industry": (-3.5, -11.5, 0, 12, 16),
    "wheat": (-12.5, -19.5, 256, 16, 24),
    "maize": (-12.5, -19.5, 256, 16, 24),
    "rapeseed": (-12.5, -19.5, 256, 16, 24),
    "ploughed": (-12.5, -19.5, 0, 20, 24),
    "orchard": (-10.5, -15.5, 200, 30, 24),
    "vineyard": (-10.5, -15.5, 160, 24, 24),
    "pasture": (-12.5, -19.5, 160, 12, 28),
    "broadleaf": (-8.0, -13.0, 256, 36, 24),
    "conifer": (-8.0, -13.0, 32, 36, 24),
    "mixed": (-8.0, -13.0, 144, 36, 24),
    "grassland": (-12.5, -19.5, 160, 20, 32),
    "heath": (-14.0, -17.5, 160, 24, 24),
    "scrub": (-14.0, -17.5, 200, 30, 24),
    "sand": (-19.0, -26.0, 0, 12, 16),
    "marsh": (-7.0, -18.5, 160, 20, 32),
    "lake": (-22.0, -29.0, 0, 10, 16),
    "river": (-22.0, -29.0, 0, 10, 16),
    "sea": (-22.0, -29.0, 0, 10, 16),
}
# Of bare and of fully grown vegetation: B01-B03, B04-B05, B06-B09, B11-B12, in 1/256.
_BARE, _GROWN = np.array((290, 360, 130, 230)), np.array((256, 256, 256, 256))
_GREENS, _FADES = 86, 303  # days of the year at the equator's side of the patches, 38 degrees north
_LATER, _EARLIER = 2.0, 1.5  # days for each degree farther north
_HALF = 25.0  # days from the first leaf to the middle of the change
_SOUTH = 38.0
_DRY_MONTHS = range(6, 11)
_DROUGHT = 90  # of 256: how green fields stay in a dry summer
# How dry the soil is in each climate zone; the steps of shortwave infrared and of red, in 1/256.
_DRYNESS = (3, 3, 2, 2, 0, 1, 0, -2, -2)
_DRY_SWIR, _DRY_RED = 9, 7
# Where the sun stands at noon over the equator, in degrees north, by month; it is half past ten.
_DECLINATION = (-21, -13, -2, 10, 19, 23, 21, 14, 3, -9, -18, -23)
_BEFORE_NOON = 10.0
_WAY_DOWN = 1.3  # how much darker it is for each degree that the sun stands lower, in 1/256

_BAND = {band: place for place, band in enumerate(S2_BANDS)}
_SWIR, _RED = [_BAND["B11"], _BAND["B12"]], [_BAND["B04"]]
_DRY_SUMMER = ("Temperate, dry summer", "Arid")
_GROUPS = np.array([0, 0, 0, 1, 1, 2, 2, 2, 2, 2, 3, 3])
_BASE = np.array([_SPECTRA[land.name].split() for land in LAND], dtype=np.int32)
_FOLLOWS = np.array([_LOOKS[land.name][2] for land in LAND], dtype=np.int32)
_GRAIN, _SWELL = (np.array([_LOOKS[land.name][k] for land in LAND], np.int32) for k in (3, 4))

DB = 64
"""Backscatter is counted in 1/64 dB, which float32 holds exactly."""
_ECHO = np.array(
    [[round(DB * level) for level in _LOOKS[land.name][:2]] for land in LAND], np.int32
)
_WET = (32, 12, 0, 20)  # in winter the soil is wet: fields echo more, in 1/64 dB
_HERBS = np.array([land.group in ("crop", "green") for land in LAND])
_SOIL = np.array([land.group in ("crop", "green", "wild") for land in LAND], np.int32)


def _speckle() -> NDArray[np.int32]:
    """Return 256 equally likely values of four-look speckle, in 1/64 dB.

    The mean intensity of four looks has a gamma distribution of shape 4 and mean 1, whose
    distribution function is 1 - exp(-4x) (1 + 4x + (4x)^2 / 2 + (4x)^3 / 6).
    """
    levels = range(-20 * DB, 8 * DB)
    below = []
    for level in levels:
        x = 4 * 10 ** (level / (10 * DB))
        below.append(1 - math.exp(-x) * (1 + x + x * x / 2 + x**3 / 6))
    places = np.searchsorted(below, (np.arange(256) + 0.5) / 256)
    return (places + levels.start).astype(np.int32)


_SPECKLE = _speckle()


def draw_s2(
    land: NDArray[np.uint8], place: ScenePlace, draws: Draws
) -> dict[str, NDArray[np.uint16]]:
    """Draw the 12 bands of Sentinel-2 at their native sizes: digital numbers, 1 to 10,000.

    Args:
        land: (120, 120) places in `LAND`.
        place: Its month, latitude and climate zone are seen.
        draws: Random numbers.
    """
    code, size = land.astype(np.intp), land.shape[0]
    palette = _palette(place, draws)
    shade = _GRAIN.take(code) * draws.grain(size, size) + _SWELL.take(code) * draws.swell(size, 6)
    light = 256 + (shade >> 7)
    bands = {}
    for band, values in zip(S2_BANDS, palette.T, strict=True):
        picture = _averaged(values.take(code) * light >> 8, NATIVE_SIZE[band])
        picture += picture * draws.grain(*picture.shape) >> 12
        bands[band] = np.clip(picture, 1, 10_000).astype(np.uint16)
    return bands


def draw_s1(land: NDArray[np.uint8], season: str, draws: Draws) -> dict[str, NDArray[np.float32]]:
    """Draw VV and VH, (120, 120) float32 dB, with the speckle of four looks.

    Args:
        land: (120, 120) places in `LAND`.
        season: One of BigEarthNet's.
        draws: Random numbers.
    """
    code, size = land.astype(np.intp), land.shape[0]
    wet = _WET[SEASONS.index(season)]
    echo = _ECHO + (wet * _SOIL)[:, None] + (draws.grain(len(LAND), len(S1_BANDS)) * 40 >> 7)
    swell = draws.swell(size, 6) * 48 >> 7
    bands = {}
    for band, levels in zip(S1_BANDS, echo.T, strict=True):
        speckle = _SPECKLE.take(draws.grain(size, size) + 128)
        bands[band] = (levels.take(code) + swell + speckle).astype(np.float32) / np.float32(DB)
    return bands


def greenness(month: int, latitude: float) -> int:
    """Return how grown vegetation is that nothing dries out, 0 to 256.

    Leaves come and go within 50 days, later and earlier the farther north.
    """
    day = 30.4 * month - 15
    north = latitude - _SOUTH
    come = (day - (_GREENS + _LATER * north)) / _HALF
    gone = ((_FADES - _EARLIER * north) - day) / _HALF
    return round(128 * (1 + max(-1.0, min(1.0, come, gone))))


def sunlight(month: int, latitude: float) -> int:
    """Return how bright the land is, in 1/256 of what it is under a sun of 60 degrees."""
    height = 90 - latitude + _DECLINATION[month - 1] - _BEFORE_NOON
    return 256 - round(_WAY_DOWN * (60 - max(5.0, min(60.0, height))))


def _palette(place: ScenePlace, draws: Draws) -> NDArray[np.int32]:
    """Return the digital number of each class in each band, (classes, 12), in this image."""
    dryness = _DRYNESS[CLIMATES.index(place.climate_zone)]
    green = greenness(place.month, place.latitude)
    parched = place.climate_zone.startswith(_DRY_SUMMER) and place.month in _DRY_MONTHS
    grown = np.where(_HERBS & parched, green * _DROUGHT >> 8, green)[:, None]
    growth = (_BARE + ((_GROWN - _BARE) * grown >> 8))[:, _GROUPS]
    followed = 256 + (_FOLLOWS[:, None] * (growth - 256) >> 8)
    palette: NDArray[np.int32] = _BASE * followed.astype(np.int32) >> 8
    palette[:, _SWIR] = palette[:, _SWIR] * (256 + _DRY_SWIR * dryness) >> 8
    palette[:, _RED] = palette[:, _RED] * (256 + _DRY_RED * dryness) >> 8
    # The sun and the haze differ from image to image, no two fields are alike.
    palette = palette * (sunlight(place.month, place.latitude) + draws.between(-14, 14)) >> 8
    own = 256 + (draws.grain(len(LAND), 1) * 14 >> 7) + (draws.grain(*palette.shape) * 5 >> 7)
    palette = palette * own >> 8
    haze = draws.between(0, 40)
    palette[:, : _BAND["B05"]] += haze
    return palette


def _averaged(picture: NDArray[np.int32], size: int) -> NDArray[np.int32]:
    """Return the means of square blocks, (size, size), rounded down."""
    factor = picture.shape[0] // size
    if factor == 1:
        return picture
    total = np.zeros((size, size), np.int32)
    for row in range(factor):
        for column in range(factor):
            total += picture[row::factor, column::factor]
    total //= factor * factor
    return total
