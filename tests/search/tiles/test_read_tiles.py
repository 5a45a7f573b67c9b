"""A sparse scene, of which most blocks are absent from the file, reads as a whole one."""

from contextlib import closing
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.search.tiles.making import raster
from wfa.search.tiles.raster import Window
from wfa.search.tiles.read_tiles import TilePixels, TileReader

rasterio = pytest.importorskip("rasterio")

BLOCK, SIDE = 16, 80


def write(path: Path, values: Any, blocks: list[tuple[int, int, int]], **options: Any) -> None:
    """Write only some blocks: (band, row, column); band 0 writes all bands."""
    count = len(values)
    with rasterio.open(
        path, "w", driver="GTiff", width=SIDE, height=SIDE, count=count, dtype=values.dtype,
        crs="EPSG:32633", transform=rasterio.Affine(10, 0, 1000, 0, -10, 2000), tiled=True,
        blockxsize=BLOCK, blockysize=BLOCK, **options,
    ) as target:  # fmt: skip
        for band, row, column in blocks:
            bands = list(range(1, count + 1)) if band == 0 else [band]
            rows, columns = (slice(k * BLOCK, (k + 1) * BLOCK) for k in (row, column))
            part = values[[b - 1 for b in bands], rows, columns]
            window = rasterio.windows.Window(column * BLOCK, row * BLOCK, BLOCK, BLOCK)
            target.write(part, bands, window=window)


def read_all(path: Path) -> list[TilePixels]:
    scene = raster(path=path.name, width=SIDE, height=SIDE)
    with closing(TileReader(path.parent)) as reader:
        return [reader.read(scene, window) for window in scene.windows()]


@pytest.mark.parametrize("interleave", ["pixel", "band"])
@pytest.mark.parametrize("dtype", ["uint8", "uint16", "float32"])
@pytest.mark.parametrize("nodata", [0, 7, None])
def test_sparse_scenes_read_as_whole_ones(
    tmp_path: Path, dtype: str, nodata: int | None, interleave: str
) -> None:
    options = {"interleave": interleave, "nodata": nodata}
    there = [(0, 0, 0), (0, 3, 2)]
    if interleave == "band":
        there += [(2, 4, 4)]  # the other bands lack data there
    values = np.full((3, SIDE, SIDE), nodata or 0, dtype)
    for band, row, column in there:
        part = values[:, row * BLOCK : (row + 1) * BLOCK, column * BLOCK : (column + 1) * BLOCK]
        part[slice(None) if band == 0 else band - 1] = 9
    write(tmp_path / "sparse.tif", values, there, SPARSE_OK=True, **options)
    every = [(0, row, column) for row in range(5) for column in range(5)]
    write(tmp_path / "whole.tif", values, every, **options)
    assert (tmp_path / "sparse.tif").stat().st_size < (tmp_path / "whole.tif").stat().st_size
    found, expected = (read_all(tmp_path / name) for name in ("sparse.tif", "whole.tif"))
    for ours, theirs in zip(found, expected, strict=True):
        assert ours.values.dtype == theirs.values.dtype
        assert np.array_equal(ours.values, theirs.values)
        assert np.array_equal(ours.there, theirs.there)


def test_a_window_past_absent_blocks_finds_the_last_pixel(tmp_path: Path) -> None:
    values = np.full((3, SIDE, SIDE), 9, np.uint8)
    write(tmp_path / "a.tif", values, [(0, 2, 2)], SPARSE_OK=True, nodata=0)
    scene = raster(path="a.tif", width=SIDE, height=SIDE)
    with closing(TileReader(tmp_path)) as reader:
        for window, count in (
            (Window(0, 0, 33, 33), 1),
            (Window(0, 0, 32, 32), 0),
            (Window(47, 47, 20, 20), 1),
            (Window(48, 40, 20, 20), 0),
        ):
            assert reader.read(scene, window).there.sum() == count
