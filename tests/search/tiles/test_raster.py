import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.search.tiles.making import raster
from wfa.search.tiles.raster import Window

sides = st.integers(1, 40)


@given(sides, sides, sides, sides, sides, sides)
def test_tiles_cover_every_pixel_and_stay_inside(
    width: int, height: int, tile_x: int, tile_y: int, stride_x: int, stride_y: int
) -> None:
    stride = min(stride_x, tile_x), min(stride_y, tile_y)  # larger strides leave gaps on purpose
    scene = raster(width=width, height=height, tile=(tile_x, tile_y), stride=stride)
    windows = list(scene.windows())
    seen = np.zeros((height, width), int)
    for window in windows:
        assert window.width == min(tile_x, width)
        assert window.height == min(tile_y, height)
        assert 0 <= window.column <= width - window.width
        assert 0 <= window.row <= height - window.height
        seen[window.row : window.row + window.height,
             window.column : window.column + window.width] += 1  # fmt: skip
    assert seen.min() >= 1
    assert len(set(windows)) == len(windows)


def test_the_last_tile_is_moved_back() -> None:
    scene = raster(width=50, height=20, tile=(20, 20), stride=(20, 20))
    assert [window.column for window in scene.windows()] == [0, 20, 30]
    scene = raster(width=40, height=20, tile=(20, 20), stride=(10, 10))
    assert [window.column for window in scene.windows()] == [0, 10, 20]


def test_names_and_bounds() -> None:
    scene = raster(width=50, height=20, tile=(20, 20), stride=(20, 20))
    window = Window(20, 0, 20, 20)
    assert scene.name_of(window) == "a.tif#20,0,20,20"
    assert scene.bounds(window) == pytest.approx((1200, 1800, 1400, 2000))
    assert scene.name_of(Window(0, 0, 50, 20)) == "a.tif"
