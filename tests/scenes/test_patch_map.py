from collections import defaultdict

import numpy as np
import pytest

from wfa.bigearthnet.annotate.corine import classes_of
from wfa.bigearthnet.annotate.regions import find_regions
from wfa.bigearthnet.class_names import CLASSES
from wfa.draws import Draws
from wfa.scenes.land_classes import LAND
from wfa.scenes.patch_map import draw_map


def draws(index: int) -> Draws:
    return Draws(0, "train", index, 5)


@pytest.mark.parametrize("lands", [(18,), (2, 4), (0, 2, 5, 6, 8, 17), tuple(range(19))])
def test_all_classes_are_there_and_no_others(lands: tuple[int, ...]) -> None:
    for index in range(5):
        made = draw_map(lands, draws(index))
        found = classes_of(made.reference, "x")
        assert set(np.unique(found).tolist()) == set(lands)
        assert np.bincount(found.ravel(), minlength=19)[list(lands)].min() >= 100
        assert made.kinds.shape == (120, 120)


def test_what_grows_is_of_the_class_where_it_has_one_kind() -> None:
    kinds: dict[int, set[str]] = defaultdict(set)
    for index in range(10):
        made = draw_map(tuple(range(19)), draws(index))
        found = classes_of(made.reference, "x")
        for land in range(19):
            kinds[land] |= {LAND[code].name for code in np.unique(made.kinds[found == land])}
    plain = {land.bigearthnet for land in LAND}
    for land, names in kinds.items():
        own = {kind.name for kind in LAND if kind.bigearthnet == CLASSES[land].name}
        # Four classes are patchworks of what others grow.
        assert (names <= own) if CLASSES[land].name in plain else not own


def test_regions_fall_apart_as_often_as_not() -> None:
    counts = []
    for index in range(40):
        regions, _ = find_regions(classes_of(draw_map((2, 4, 8), draws(index)).reference, "x"))
        counts += [sum(region.land == land for region in regions) for land in (2, 4, 8)]
    assert 0.25 < np.mean([count == 1 for count in counts]) < 0.75
    assert max(counts) > 3
