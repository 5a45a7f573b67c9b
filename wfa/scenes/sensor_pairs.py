"""One scene as a patch of BigEarthNet: reference map, both sensors' bands, metadata."""

from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from wfa.bigearthnet.bands import PATCH_SIZE
from wfa.scenes.land_classes import LAND
from wfa.scenes.scene_layout import make_scene
from wfa.scenes.scene_place import ScenePlace, place_scene
from wfa.scenes.sensor_images import sensor_bands

CORINE = {
    "town": 112, "industry": 121, "wheat": 211, "maize": 211, "rapeseed": 211, "ploughed": 211,
    "orchard": 222, "vineyard": 221, "pasture": 231, "broadleaf": 311, "conifer": 312,
    "mixed": 313, "grassland": 321, "heath": 322, "scrub": 324, "sand": 331, "marsh": 411,
    "lake": 512, "river": 511, "sea": 523,
}  # fmt: skip
"""The code of CORINE Land Cover, level 3, of each class of land."""

_CODES = np.array([CORINE[land.name] for land in LAND], np.uint16)


class Pair(NamedTuple):
    """What there is of one scene.

    Attributes:
        place: Names, country, season, climate zone, where it lies.
        s2: Sentinel-2: band -> uint16 at its native size.
        s1: Sentinel-1: band -> (120, 120) float32 dB.
        reference: (120, 120) uint16 CORINE codes.
        labels: The classes of the 19 in it, sorted by name.
    """

    place: ScenePlace
    s2: Mapping[str, NDArray[Any]]
    s1: Mapping[str, NDArray[Any]]
    reference: NDArray[np.uint16]
    labels: tuple[str, ...]


def make_pair(seed: int, split: str, index: int) -> Pair:
    """Make image `index` of a split; it does not depend on how many images there are.

    The map is that of the scene with the same seed, split and index at 120 pixels; its objects are
    smaller than a pixel of 10 m and are not drawn.

    Args:
        seed: Seed of the data set, >= 0.
        split: One of `SPLITS`.
        index: Number of the image in the split, from 0 to `MOST_IMAGES` - 1.
    """
    scene = make_scene(seed, split, index, PATCH_SIZE)
    place = place_scene(scene)
    s2, s1 = sensor_bands(scene, place)
    labels = {LAND[code].bigearthnet for code in np.unique(scene.land_cover).tolist()}
    return Pair(place, s2, s1, _CODES[scene.land_cover], tuple(sorted(labels)))
