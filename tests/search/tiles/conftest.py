"""GeoTIFFs whose tiles are told apart: each block of pixels has a pattern of its own."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import rasterio
from affine import Affine
from numpy.typing import NDArray

from tests.search.conftest import picture
from wfa.options.read_settings import read_settings
from wfa.search.index_images import index_images
from wfa.search.index_outcome import Indexed
from wfa.search.index_settings import IndexOptions

BLOCK = 20
UTM33 = "EPSG:32633"
Write = Callable[..., Path]


def blocks(rows: int = 3, columns: int = 4, first: int = 0) -> NDArray[np.uint8]:
    """A scene of blocks, (3, H, W), no two of them alike."""
    made = [
        [np.asarray(picture(first + row * columns + column, (BLOCK, BLOCK)))
         for column in range(columns)] for row in range(rows)
    ]  # fmt: skip
    return np.moveaxis(np.concatenate([np.concatenate(row, axis=1) for row in made]), -1, 0)


def from_corner(west: float, north: float, step_x: float, step_y: float) -> Affine:
    """North-up pixels from a corner; rasterio's own way warns of its next version."""
    return Affine(step_x, 0.0, west, 0.0, -step_y, north)


def write_scene(
    path: Path, values: NDArray[Any], transform: Any = None, crs: str | None = UTM33,
    tags: dict[str, str] | None = None, names: tuple[str, ...] = (), **profile: Any,
) -> Path:  # fmt: skip
    """Write (C, H, W) as a GeoTIFF: 10 m a pixel, its corner at 500,000 5,400,000 unless told."""
    path.parent.mkdir(parents=True, exist_ok=True)
    if transform is None:
        transform = from_corner(500_000, 5_400_000, 10, 10)
    with rasterio.open(
        path, "w", count=len(values), height=values.shape[1], width=values.shape[2],
        dtype=values.dtype, crs=crs, transform=transform, **{"driver": "GTiff", **profile},
    ) as target:  # fmt: skip
        target.write(values)
        target.update_tags(**(tags or {}))
        for band, name in enumerate(names, start=1):
            target.set_band_description(band, name)
    return path


@pytest.fixture
def scenes(tmp_path: Path) -> Path:
    """An empty folder for scenes."""
    (tmp_path / "scenes").mkdir()
    return tmp_path / "scenes"


@pytest.fixture
def cut(run: Path, scenes: Path) -> Callable[..., Indexed]:
    """Index the folder of scenes with tiles of a block."""

    def make(*words: str, size: str = str(BLOCK)) -> Indexed:
        sized = [f"tile.size={size}"] if size else []
        return index_images(run, scenes, read_settings(IndexOptions, [*sized, *words]))

    return make
