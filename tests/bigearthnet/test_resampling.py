"""Resampling of coarse bands: torch's own, and the blocks of nearest neighbour."""

import numpy as np
import pytest
import torch
from torch.nn.functional import interpolate

from wfa.bigearthnet.resampling import bilinear, repeat


@pytest.mark.parametrize("size", [20, 30, 60])
def test_bilinear_is_torchs_with_aligned_corners(size: int) -> None:
    bands = np.random.default_rng(size).uniform(0, 10_000, (3, size, size)).astype(np.float32)
    wanted = interpolate(
        torch.from_numpy(bands)[None], (120, 120), mode="bilinear", align_corners=True
    )[0]
    np.testing.assert_allclose(bilinear(bands), wanted.numpy(), rtol=0, atol=1e-5 * 10_000)


def test_bilinear_of_a_plane_is_the_plane() -> None:
    for size in (20, 60):
        axis = np.linspace(0, 1, size, dtype=np.float32)
        plane = (3 * axis[:, None] + 5 * axis)[None]
        axis = np.linspace(0, 1, 120, dtype=np.float32)
        np.testing.assert_allclose(bilinear(plane)[0], 3 * axis[:, None] + 5 * axis, atol=1e-5)


@pytest.mark.parametrize("size", [20, 60])
def test_nearest_repeats_each_pixel(size: int) -> None:
    band = np.random.default_rng(0).integers(0, 10_000, (size, size)).astype(np.uint16)
    out = np.empty((120, 120), np.float32)
    repeat(band, out)
    assert np.array_equal(out, np.kron(band, np.ones((120 // size, 120 // size))))
