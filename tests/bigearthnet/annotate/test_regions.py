from collections import deque
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from tests.bigearthnet.annotate.made import ARABLE, PASTURES, drawn, scene_map
from wfa.bigearthnet.annotate.regions import find_regions

STEPS = {
    4: [(0, 1), (1, 0), (0, -1), (-1, 0)],
    8: [(dy, dx) for dy in (-1, 0, 1) for dx in (-1, 0, 1) if dy or dx],
}


def flooded(
    classes: NDArray[Any], connectivity: int
) -> list[tuple[int, frozenset[tuple[int, int]]]]:
    """Find regions by flooding from every pixel not reached yet."""
    height, width = classes.shape
    seen: set[tuple[int, int]] = set()
    found = []
    for start in np.ndindex(height, width):
        if start in seen or classes[start] < 0:
            continue
        own = {(start[0], start[1])}
        queue = deque(own)
        while queue:
            y, x = queue.popleft()
            for dy, dx in STEPS[connectivity]:
                to = (y + dy, x + dx)
                inside = 0 <= to[0] < height and 0 <= to[1] < width
                if inside and to not in own and classes[to] == classes[start]:
                    own.add(to)
                    queue.append(to)
        seen |= own
        found.append((int(classes[start]), frozenset(own)))
    return found


def check(classes: NDArray[Any], connectivity: int) -> None:
    naive = sorted(flooded(classes, connectivity), key=lambda f: (-len(f[1]), min(f[1])))
    regions, labels = find_regions(classes.astype(np.int8), connectivity)
    assert len(regions) == len(naive)
    for place, (region, (land, pixels)) in enumerate(zip(regions, naive, strict=True)):
        ys, xs = zip(*pixels, strict=True)
        assert (region.land, region.pixels) == (land, len(pixels))
        assert (region.x0, region.y0) == (min(xs), min(ys))
        assert (region.x1, region.y1) == (max(xs) + 1, max(ys) + 1)
        assert region.x == pytest.approx(np.mean(xs) + 0.5)
        assert region.y == pytest.approx(np.mean(ys) + 0.5)
        assert {(y, x) for y, x in np.argwhere(labels == place).tolist()} == pixels
    assert ((labels == -1) == (classes < 0)).all()


@settings(max_examples=120, deadline=None)
@given(st.data(), st.sampled_from([4, 8]))
def test_regions_are_those_of_flooding(data: st.DataObject, connectivity: int) -> None:
    height, width = data.draw(st.integers(1, 9)), data.draw(st.integers(1, 9))
    cells = st.lists(st.integers(-1, 2), min_size=height * width, max_size=height * width)
    check(np.array(data.draw(cells)).reshape(height, width), connectivity)


@pytest.mark.parametrize("connectivity", [4, 8])
def test_a_snail_is_one_region(connectivity: int) -> None:
    snail = drawn("aaaaaaa pppppaa aaaapaa aappppa aapaaaa aaaaapp".replace("pppppaa", "ppppppa"))
    check(snail, connectivity)
    comb = np.zeros((21, 40), np.int8)
    comb[:-1, ::2] = 1  # teeth that only meet in the last row
    check(comb, connectivity)
    check(np.indices((12, 12)).sum(axis=0) % 2, connectivity)


def test_whole_scenes() -> None:
    for index in range(3):
        check(scene_map(index), 4)


def test_corners_join_only_by_eight() -> None:
    picture = drawn("ap pa")
    assert len(find_regions(picture, 4)[0]) == 4
    joined, _ = find_regions(picture, 8)
    assert [(region.land, region.pixels) for region in joined] == [(ARABLE, 2), (PASTURES, 2)]


def test_fill_is_the_share_of_the_box() -> None:
    region = find_regions(drawn("aaa a.. a.."))[0][0]
    assert region.fill == pytest.approx(5 / 9)


def test_a_map_without_classes_has_no_region() -> None:
    regions, labels = find_regions(drawn("... ..."))
    assert regions == []
    assert (labels == -1).all()
