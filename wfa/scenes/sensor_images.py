"""A scene as Sentinel-2 and Sentinel-1 see it, in integers only.

Neither sensor tells all classes apart, and each tells what the other does not: in Sentinel-2 a town
looks like a ploughed field, industry like sand, an orchard like scrub, a vineyard like heath and a
marsh like grassland; in Sentinel-1 all water is equally dark, all forest equally bright and all low
crops are alike. Countries and climate zones tint the bands of Sentinel-2, seasons the vegetation.
"""

import math
from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from wfa.bigearthnet.annotate.patch_metadata import CLIMATES, COUNTRIES
from wfa.bigearthnet.bands import NATIVE_SIZE, S1_BANDS, S2_BANDS
from wfa.draws import Draws
from wfa.scenes.land_classes import LAND, SEASONS
from wfa.scenes.scene_layout import Scene
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
# Of vegetation in spring, summer, autumn and winter: B01-B03, B04-B05, B06-B09, B11-B12, in 1/256.
_VEGETATION = (
    (256, 240, 276, 256),
    (256, 256, 256, 256),
    (276, 330, 190, 270),
    (290, 360, 130, 230),
)
_SUN = (246, 256, 222, 190)
# Steps of a twelfth, one code a country for B02, B03, B04 and B05: no two are alike.
_COUNTRY_TINTS = (
    "0000", "+0-0", "-0+0", "0+0-", "0-0+", "+-00", "-+00", "00+-", "00-+", "+00+",
)  # fmt: skip
# Likewise one a climate zone for B8A with B09, B11 and B12.
_CLIMATE_TINTS = ("++0", "+0+", "0++", "+00", "000", "0+0", "00-", "-00", "--0")
_STEPS = {"-": 235, "0": 256, "+": 277}

_BAND = {band: place for place, band in enumerate(S2_BANDS)}
_GROUPS = np.array([0, 0, 0, 1, 1, 2, 2, 2, 2, 2, 3, 3])
_BASE = np.array([_SPECTRA[land.name].split() for land in LAND], dtype=np.int32)
_FOLLOWS = np.array([_LOOKS[land.name][2] for land in LAND], dtype=np.int32)
_GRAIN, _SWELL = (np.array([_LOOKS[land.name][k] for land in LAND], np.int32) for k in (3, 4))

DB = 64
"""Backscatter is counted in 1/64 dB, which float32 holds exactly."""
_ECHO = np.array(
    [[round(DB * level) for level in _LOOKS[land.name][:2]] for land in LAND], np.int32
)
_WET = (12, 0, 20, 32)  # in winter the soil is wet: fields echo more, in 1/64 dB
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


def draw_s2(scene: Scene, place: ScenePlace, draws: Draws) -> dict[str, NDArray[np.uint16]]:
    """Draw the 12 bands of Sentinel-2 at their native sizes: digital numbers, 1 to 10,000.

    Args:
        scene: Its map has 120 x 120 pixels.
        place: Its country and climate zone.
        draws: Random numbers.
    """
    land, size = scene.land_cover.astype(np.intp), scene.land_cover.shape[0]
    palette = _palette(scene, place, draws)
    shade = _GRAIN.take(land) * draws.grain(size, size) + _SWELL.take(land) * draws.swell(size, 6)
    light = 256 + (shade >> 7)
    bands = {}
    for band, values in zip(S2_BANDS, palette.T, strict=True):
        picture = _averaged(values.take(land) * light >> 8, NATIVE_SIZE[band])
        picture += picture * draws.grain(*picture.shape) >> 12
        bands[band] = np.clip(picture, 1, 10_000).astype(np.uint16)
    return bands


def draw_s1(scene: Scene, draws: Draws) -> dict[str, NDArray[np.float32]]:
    """Draw VV and VH, (120, 120) float32 dB, with the speckle of four looks.

    Args:
        scene: Its map has 120 x 120 pixels.
        draws: Random numbers.
    """
    land, size = scene.land_cover.astype(np.intp), scene.land_cover.shape[0]
    wet = _WET[SEASONS.index(scene.season)]
    echo = _ECHO + (wet * _SOIL)[:, None] + (draws.grain(len(LAND), len(S1_BANDS)) * 40 >> 7)
    swell = draws.swell(size, 6) * 48 >> 7
    bands = {}
    for band, levels in zip(S1_BANDS, echo.T, strict=True):
        speckle = _SPECKLE.take(draws.grain(size, size) + 128)
        bands[band] = (levels.take(land) + swell + speckle).astype(np.float32) / np.float32(DB)
    return bands


def _palette(scene: Scene, place: ScenePlace, draws: Draws) -> NDArray[np.int32]:
    """Return the digital number of each class in each band, (classes, 12), in this image."""
    season = SEASONS.index(scene.season)
    growth = np.array(_VEGETATION[season], np.int32)[_GROUPS]
    followed = 256 + (_FOLLOWS[:, None] * (growth - 256) >> 8)
    palette: NDArray[np.int32] = _BASE * followed >> 8
    palette = palette * _tints(place) >> 8
    # The sun and the haze differ from image to image, no two fields are alike.
    palette = palette * (_SUN[season] + draws.between(-14, 14)) >> 8
    own = 256 + (draws.grain(len(LAND), 1) * 14 >> 7) + (draws.grain(*palette.shape) * 5 >> 7)
    palette = palette * own >> 8
    haze = draws.between(0, 40)
    palette[:, : _BAND["B05"]] += haze
    return palette


def _tints(place: ScenePlace) -> NDArray[np.int32]:
    """Return the factor of each band in 1/256, by country and climate zone."""
    tints = np.full(len(S2_BANDS), _STEPS["0"], np.int32)
    code = _COUNTRY_TINTS[COUNTRIES.index(place.country)]
    for band, step in zip(("B02", "B03", "B04", "B05"), code, strict=True):
        tints[_BAND[band]] = _STEPS[step]
    code = _CLIMATE_TINTS[CLIMATES.index(place.climate_zone)]
    for group, step in zip((("B8A", "B09"), ("B11",), ("B12",)), code, strict=True):
        for band in group:
            tints[_BAND[band]] = _STEPS[step]
    return tints


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


def sensor_bands(
    scene: Scene, place: ScenePlace
) -> tuple[Mapping[str, NDArray[np.uint16]], Mapping[str, NDArray[np.float32]]]:
    """Draw both sensors' bands, from one stream of the scene's own."""
    draws = Draws(scene.seed, scene.split, scene.index, SENSING)
    return draw_s2(scene, place, draws), draw_s1(scene, draws)
