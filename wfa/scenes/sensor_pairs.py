"""One patch as BigEarthNet has it: reference map, both sensors' bands, metadata."""

from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from wfa.bigearthnet.class_names import CLASSES
from wfa.draws import Draws
from wfa.scenes.patch_map import MAPPING, draw_map
from wfa.scenes.scene_place import ScenePlace, place_scene
from wfa.scenes.sensor_images import SENSING, draw_s1, draw_s2


class Pair(NamedTuple):
    """What there is of one patch.

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

    Args:
        seed: Seed of the data set, >= 0.
        split: One of `SPLITS`.
        index: Number of the image in the split, from 0 to `MOST_IMAGES` - 1.
    """
    place = place_scene(seed, split, index)
    land = draw_map(place.lands, Draws(seed, split, index, MAPPING))
    draws = Draws(seed, split, index, SENSING)
    s2, s1 = draw_s2(land.kinds, place, draws), draw_s1(land.kinds, place.season, draws)
    labels = sorted(CLASSES[land].name for land in place.lands)
    return Pair(place, s2, s1, land.reference, tuple(labels))
