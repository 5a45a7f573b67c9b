from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import tifffile

from tests.bigearthnet.annotate.made import (
    ARABLE,
    BROAD,
    LAKE,
    MIXED,
    PASTURES,
    URBAN,
    drawn,
    scene_map,
)
from wfa.bigearthnet.annotate.corine import ClassMap, classes_of
from wfa.bigearthnet.annotate.patch_facts import DIRECTIONS, PatchFacts, area, patch_facts, tier
from wfa.bigearthnet.rows import Box, Point


def pair(one: int, other: int) -> tuple[int, int]:
    return min(one, other), max(one, other)


@pytest.fixture(scope="module")
def real(data_dir: Callable[[str], Path]) -> PatchFacts:
    (path,) = (data_dir("bigearthnet_v2") / "Reference_Maps").rglob("*.tif")
    return patch_facts(classes_of(tifffile.imread(path), path.stem))


def test_the_published_sizes_of_the_real_map(real: PatchFacts) -> None:
    assert {cover.land: area(cover.pixels) for cover in real.covers} == {
        ARABLE: 708_000, BROAD: 413_000, MIXED: 204_000, PASTURES: 115_000,
    }  # fmt: skip
    assert [cover.land for cover in real.covers] == [ARABLE, BROAD, MIXED, PASTURES]
    pastures = real.covers[3]
    assert [area(region.pixels) for region in pastures.regions] == [77_000, 39_000]
    # The published caption calls the first "a smaller patch" and the second "marginal".
    assert [tier(region.pixels / 14_400) for region in pastures.regions] == [
        "secondary",
        "marginal",
    ]


def test_the_published_borders_of_the_real_map(real: PatchFacts) -> None:
    assert real.borders == {pair(ARABLE, PASTURES), pair(ARABLE, BROAD), pair(BROAD, MIXED)}


def test_the_published_boxes_of_the_real_map(real: PatchFacts) -> None:
    arable, *_, pastures = real.covers
    assert real.box(arable.regions[0]) == Box(0.0, 0.0, 0.7, 1.0)
    assert real.box(pastures.regions[0]) == Box(0.0, 0.33, 0.28, 0.8)
    assert pastures.regions[0].fill > 0.4


@pytest.mark.parametrize(
    ("pixels", "rounded"),
    [(0, 0), (4, 0), (5, 1000), (7075, 708_000), (766, 77_000), (765, 77_000)],
)
def test_sizes_are_rounded_to_thousands(pixels: int, rounded: int) -> None:
    assert area(pixels) == rounded


@pytest.mark.parametrize(
    ("share", "name"),
    [(0.251, "primary"), (0.25, "secondary"), (0.05, "secondary"), (0.049, "marginal")],
)
def test_tiers(share: float, name: str) -> None:
    assert tier(share) == name


def test_a_small_map_by_hand() -> None:
    facts = patch_facts(drawn("aaaaww aaaaww ppaaff ppaaff"))
    assert [(cover.land, cover.pixels) for cover in facts.covers] == [
        (ARABLE, 12), (PASTURES, 4), (BROAD, 4), (LAKE, 4),
    ]  # fmt: skip
    assert facts.borders == {
        pair(ARABLE, LAKE), pair(ARABLE, PASTURES), pair(ARABLE, BROAD), pair(LAKE, BROAD),
    }  # fmt: skip
    assert facts.corners == frozenset()
    assert facts.cover(URBAN) is None
    pastures = facts.cover(PASTURES)
    assert pastures is not None
    assert pastures.share == 4 / 24
    assert pastures.centre == (1.0, 3.0)
    # Columns 0 to 1 of 6, rows 2 to 3 of 4: the right edge, a third, is rounded outwards.
    assert facts.box(pastures.regions[0]) == Box(0.0, 0.5, 0.34, 1.0)
    assert facts.point(pastures.regions[0]) == Point(0.17, 0.75)


def test_classes_that_meet_in_a_corner_only() -> None:
    lone = patch_facts(drawn("a.. .p. ..."))
    assert not lone.borders
    assert lone.corners == {pair(ARABLE, PASTURES)}


def test_a_ring_has_no_point_of_its_own() -> None:
    facts = patch_facts(drawn("aaaaa appppa appppa appppa aaaaaa".replace("aaaaa ", "aaaaaa ", 1)))
    ring = facts.cover(ARABLE)
    middle = facts.cover(PASTURES)
    assert ring is not None
    assert middle is not None
    assert facts.point(ring.regions[0]) is None
    assert facts.point(middle.regions[0]) == Point(0.5, 0.5)


@pytest.mark.parametrize("sector", range(8))
def test_the_eight_directions(sector: int) -> None:
    """Two blocks in a large field: the one is moved around the other."""
    classes = np.full((120, 120), ARABLE, np.int8)
    classes[55:65, 55:65] = PASTURES
    angle = sector * np.pi / 4
    x, y = round(60 + 40 * np.cos(angle)), round(60 + 40 * np.sin(angle))
    classes[y - 5 : y + 5, x - 5 : x + 5] = LAKE
    facts = patch_facts(classes)
    assert facts.direction(LAKE, PASTURES) == DIRECTIONS[sector]
    assert facts.direction(PASTURES, LAKE) == DIRECTIONS[(sector + 4) % 8]
    assert facts.direction(LAKE, URBAN) is None


def test_no_direction_where_two_would_do_or_none() -> None:
    classes = np.full((120, 120), ARABLE, np.int8)
    classes[55:65, 55:65] = PASTURES
    between = classes.copy()
    between[71:81, 95:105] = LAKE  # 22 degrees below the right
    assert patch_facts(between).direction(LAKE, PASTURES) is None
    near = classes.copy()
    near[55:65, 65:75] = LAKE
    assert patch_facts(near).direction(LAKE, PASTURES) is None


def naive_borders(classes: ClassMap) -> set[tuple[int, int]]:
    height, width = classes.shape
    found = set()
    for y in range(height):
        for x in range(width):
            for to in ((y, x + 1), (y + 1, x)):
                if to[0] < height and to[1] < width:
                    one, other = int(classes[y, x]), int(classes[to])
                    if one != other and min(one, other) >= 0:
                        found.add(pair(one, other))
    return found


def test_scenes_against_loops() -> None:
    for index in range(4):
        classes = scene_map(index)
        facts = patch_facts(classes)
        assert facts.borders == naive_borders(classes)
        assert {c.land: c.pixels for c in facts.covers} == {
            land: int((classes == land).sum()) for land in np.unique(classes).tolist()
        }
        for cover in facts.covers:
            ys, xs = np.nonzero(classes == cover.land)
            assert cover.centre == pytest.approx((xs.mean() + 0.5, ys.mean() + 0.5))
        for place, region in enumerate(facts.regions):
            box = facts.box(region)
            ys, xs = np.nonzero(facts.labels == place)
            assert 0 <= xs.min() / 120 - box.x1 < 0.01
            assert 0 <= box.x2 - (xs.max() + 1) / 120 < 0.01
            assert 0 <= ys.min() / 120 - box.y1 < 0.01
            assert 0 <= box.y2 - (ys.max() + 1) / 120 < 0.01
