"""The land of one patch: regions of the classes that it has, and what grows in them.

A region is where a field that falls off from some point, in the image or beside it, is highest:
pieces wind, touch the edge and fall apart as polygons do that know nothing of the patch.
"""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from wfa.bigearthnet.annotate.corine import CODES
from wfa.bigearthnet.bands import PATCH_SIZE
from wfa.bigearthnet.class_names import CLASSES
from wfa.draws import Draws
from wfa.scenes.land_classes import CODE

MAPPING = 5
"""The stream of random numbers."""

_FIELDS = ("wheat", "maize", "rapeseed", "ploughed")
_GROWS: Mapping[str, Sequence[str]] = {
    "Urban fabric": ("town",),
    "Industrial or commercial units": ("industry",),
    "Arable land": _FIELDS,
    "Permanent crops": ("orchard", "vineyard"),
    "Pastures": ("pasture",),
    "Complex cultivation patterns": ("pasture", "orchard", "vineyard", *_FIELDS),
    CLASSES[6].name: ("pasture", "broadleaf", "scrub", "wheat", "ploughed"),
    "Agro-forestry areas": ("broadleaf", "pasture", "grassland"),
    "Broad-leaved forest": ("broadleaf",),
    "Coniferous forest": ("conifer",),
    "Mixed forest": ("mixed",),
    "Natural grassland and sparsely vegetated areas": ("grassland",),
    "Moors, heathland and sclerophyllous vegetation": ("heath",),
    "Transitional woodland, shrub": ("scrub",),
    "Beaches, dunes, sands": ("sand",),
    "Inland wetlands": ("marsh",),
    "Coastal wetlands": ("marsh", "sea"),
    "Inland waters": ("lake", "river"),
    "Marine waters": ("sea",),
}
_ONE_KIND = ("Permanent crops", "Inland waters")
"""Classes of which a patch has one of the kinds."""
_MOST_KINDS = 4
_PARCEL = {"Arable land": 34, CLASSES[6].name: 22, "Coastal wetlands": 9}
"""Side of a parcel in pixels, where a class is a patchwork."""
_SMALL_PARCEL = 12
_LEAST = PATCH_SIZE**2 // 100
"""Pixels that a class has at least."""
_RIVER = 40  # per cent of inland waters that are long and narrow


class PatchMap(NamedTuple):
    """The land of a patch.

    Attributes:
        kinds: (120, 120) uint8, what each pixel looks like: places in `LAND`.
        reference: (120, 120) uint16, CORINE codes of level 3.
    """

    kinds: NDArray[np.uint8]
    reference: NDArray[np.uint16]


def draw_map(lands: Sequence[int], draws: Draws) -> PatchMap:
    """Draw a map that has these classes and no others.

    Args:
        lands: Places in `CLASSES`, at least one.
        draws: Random numbers.
    """
    place = np.arange(PATCH_SIZE, dtype=np.int32)
    x, y = place[None, :], place[:, None]
    largest, *others = draws.shuffled(lands)
    region = np.full((PATCH_SIZE, PATCH_SIZE), largest, np.int8)
    free = np.ones_like(region, dtype=bool)
    for land, pixels in zip(others, _sizes(len(lands), draws)[1:], strict=True):
        field = _field(land, x, y, draws)
        taken = free & (field >= np.partition(field[free], -pixels)[-pixels])
        region[taken] = land
        free &= ~taken
    kinds = np.empty(region.shape, np.uint8)
    reference = np.empty(region.shape, np.uint16)
    u = x + (y * draws.between(-64, 64) >> 8) + 2 * PATCH_SIZE
    v = y + (x * draws.between(-64, 64) >> 8) + 2 * PATCH_SIZE
    for land in sorted(lands):
        own = region == land
        reference[own] = draws.pick(CODES[land])
        kinds[own] = _grown(land, u, v, draws)[own]
    return PatchMap(kinds, reference)


def _sizes(count: int, draws: Draws) -> list[int]:
    """Share out the pixels, the most to the first; large and small ones are as in nature."""
    weights = sorted((draws.between(2, 32) ** 2 for _ in range(count)), reverse=True)
    return [max(_LEAST, PATCH_SIZE**2 * weight // sum(weights)) for weight in weights]


def _field(
    land: int, x: NDArray[np.int32], y: NDArray[np.int32], draws: Draws
) -> NDArray[np.int32]:
    """Draw where a class is likeliest, any unit."""
    away_x, away_y = (value - draws.between(-20, PATCH_SIZE + 20) for value in (x, y))
    swell = draws.swell(PATCH_SIZE, 4)
    if CLASSES[land].name == "Inland waters" and draws.chance(_RIVER):
        slope = draws.between(-128, 128)
        across = away_y - (slope * away_x >> 8) if draws.chance(50) else (
            away_x - (slope * away_y >> 8)
        )  # fmt: skip
        field: NDArray[np.int32] = -np.abs(8 * across + swell)
        return field
    return 2 * swell - (away_x**2 + away_y**2 >> 5)


def _grown(
    land: int, u: NDArray[np.int32], v: NDArray[np.int32], draws: Draws
) -> NDArray[np.uint8]:
    """Draw what grows in a class, (120, 120) places in `LAND`."""
    name = CLASSES[land].name
    kinds = draws.shuffled(_GROWS[name])[: 1 if name in _ONE_KIND else _MOST_KINDS]
    wide = _PARCEL.get(name, _SMALL_PARCEL) + draws.between(-2, 6)
    parcel = u // wide * draws.between(1, 3) + v // (2 * wide // 3) * draws.between(1, 3)
    codes = np.array([CODE[kind] for kind in kinds], np.uint8)
    grown: NDArray[np.uint8] = codes[parcel % len(codes)]
    return grown
