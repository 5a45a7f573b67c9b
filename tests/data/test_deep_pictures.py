import numpy as np
import pytest

from tests.data.pictures import deep_png, noise, tiff
from wfa.data.deep_pictures import read_deep, stretch


@pytest.mark.parametrize(("colour", "bands"), [(0, 1), (4, 2), (2, 3), (6, 4)])
def test_a_png_keeps_all_its_bits(colour: int, bands: int) -> None:
    pixels = noise(7, 9, bands, top=65_536)
    values, orientation = read_deep(deep_png(pixels, colour))
    np.testing.assert_array_equal(values, pixels[..., : 1 if bands < 3 else 3])
    assert orientation == 1


@pytest.mark.parametrize("dtype", ["u2", "i2", "u4", "i4", "f2", "f4", "f8"])
def test_a_tiff_keeps_its_values_in_planes_or_not(dtype: str) -> None:
    pixels = noise(7, 9, 3).astype(dtype)
    for held, plan in ((pixels, "contig"), (pixels.transpose(2, 0, 1), "separate")):
        content = tiff(held, photometric="rgb", planarconfig=plan)
        np.testing.assert_array_equal(read_deep(content)[0], pixels)


def test_white_is_zero_where_the_file_says_so() -> None:
    ramp = np.arange(63, dtype=np.uint16).reshape(7, 9)
    values, _ = read_deep(tiff(ramp, photometric="miniswhite"))
    np.testing.assert_array_equal(values[..., 0], 62 - ramp)


def test_stretch_by_hand() -> None:
    values = np.arange(101.0).reshape(101, 1, 1)  # percentiles 2 and 98 are 2 and 98
    shown = stretch(values)[:, 0]
    assert shown.shape == (101, 3)
    assert shown[[0, 2, 50, 98, 100], 0].tolist() == [0, 0, 128, 255, 255]
    assert (shown == shown[:, :1]).all()


def test_what_is_not_finite_is_black_and_one_value_is_nothing() -> None:
    values = np.arange(300.0).reshape(10, 10, 3)
    values[0, 0], values[0, 1] = np.nan, np.inf
    shown = stretch(values)
    assert (shown[0, :2] == 0).all()
    assert shown[-1, -1].tolist() == [255, 255, 255]
    for empty in (np.full((4, 4, 1), 7, np.uint16), np.full((4, 4, 1), np.nan)):
        with pytest.raises(ValueError, match="all its values"):
            stretch(empty)
