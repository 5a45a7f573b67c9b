"""One georeferenced scene of all real patches of a Sentinel-2 tile, found again where they lie."""

import json
import re
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pyogrio
import pytest
import rasterio
from numpy.typing import NDArray
from pyproj import Transformer

from tests.search.conftest import make_run
from tests.search.test_commands import call
from tests.search.tiles.conftest import from_corner, write_scene
from wfa.bigearthnet.archives import METADATA
from wfa.bigearthnet.bands import PATCH_SIZE
from wfa.bigearthnet.layout import open_store
from wfa.bigearthnet.patch_reader import PatchReader
from wfa.runs.run_model import RunModel
from wfa.search.ask import Question, ask
from wfa.search.index_images import index_images
from wfa.search.index_settings import IndexOptions
from wfa.search.library import Library
from wfa.search.tiles.tile_options import TileOptions

TILE = "S2A_MSIL2A_20170613T101031_N9999_R022_T33UUP"
WEST, NORTH, SIDE = 300_000, 5_400_000, 1200
"""Corner of the tile 33UUP and side of a patch, in metres of UTM zone 33 north."""
BANDS = ("B02", "B03", "B04", "B08")
Patches = dict[tuple[int, int], NDArray[np.float32]]


@pytest.fixture(scope="module")
def patches(data_dir: Callable[[str], Path]) -> Patches:
    """Column and row of each patch of the tile -> (120, 120, 4)."""
    root = data_dir("bigearthnet_v2")
    lists = [pq.read_table(root / name, columns=["patch_id"]) for name in METADATA]
    names = [name for one in lists for name in one["patch_id"].to_pylist()]
    names += [path.name for path in (root / "BigEarthNet-S2").glob("*/*")]
    store = open_store(root, "auto")
    there = [
        name for name in sorted(set(names)) if name.startswith(TILE) and store.holds([name])[0]
    ]
    reader = PatchReader(store, BANDS, "nearest")
    found = {}
    for name in there:
        column, row = map(int, name.rsplit("_", 2)[1:])
        found[column, row] = reader.read(name, "")
    return found


@pytest.fixture(scope="module")
def mosaic(patches: Patches, tmp_path_factory: pytest.TempPathFactory) -> Library:
    """The index of the scene, made with a run of the four bands."""
    columns, rows = zip(*patches, strict=True)
    first, top = min(columns), min(rows)
    size = (max(rows) - top + 1) * PATCH_SIZE, (max(columns) - first + 1) * PATCH_SIZE
    values = np.zeros((len(BANDS), *size), np.uint16)
    for (column, row), patch in patches.items():
        y, x = (row - top) * PATCH_SIZE, (column - first) * PATCH_SIZE
        values[:, y : y + PATCH_SIZE, x : x + PATCH_SIZE] = np.moveaxis(patch, -1, 0)
    folder = tmp_path_factory.mktemp("mosaic")
    corner = from_corner(WEST + SIDE * first, NORTH - SIDE * top, 10, 10)
    write_scene(
        folder / "scenes" / "mosaic.tif", values, corner, names=BANDS, nodata=0, tiled=True,
        compress="deflate", tags={"TIFFTAG_DATETIME": "2017:06:13 10:10:31"},
    )  # fmt: skip
    run = make_run(folder / "run", "data=bigearthnet_txt", f"data.bands={','.join(BANDS)}")
    options = IndexOptions(tile=TileOptions(size="1200m"))
    return Library(index_images(run, folder / "scenes", options).folder)


def test_every_patch_is_a_tile_at_its_place_with_the_feature_of_its_bands(
    patches: Patches, mosaic: Library
) -> None:
    model = RunModel(mosaic.facts.run_folder(mosaic.folder))
    assert len(patches) == len(mosaic) >= 20
    left_top = {(tile.crs_box[0], tile.crs_box[3]): row
                for row, tile in enumerate(mosaic.tiles) if tile is not None}  # fmt: skip
    for (column, row), patch in patches.items():
        place = left_top[WEST + SIDE * column, NORTH - SIDE * row]
        alone = model.encode_images([model.prepare_bands(patch)])
        np.testing.assert_allclose(mosaic.feature(place), alone, atol=1e-5)


def test_the_publishers_coordinates_and_files_lead_to_the_same_tiles(
    data_dir: Callable[[str], Path], patches: Patches, mosaic: Library
) -> None:
    table = data_dir("bigearthnet_txt") / "BigEarthNet.txt.parquet"
    rows = pq.read_table(table, columns=["patch_id", "latitude", "longitude"]).to_pylist()
    known = {row["patch_id"]: row for row in rows if row["patch_id"].startswith(TILE)}
    assert known
    for name, row in known.items():
        column, line = map(int, name.rsplit("_", 2)[1:])
        east, north = row["longitude"], row["latitude"]
        mask = mosaic.select(within=f"{east},{north},{east},{north}", days="2017-06")
        assert mask is not None
        boxes = [tile.crs_box for tile, there in zip(mosaic.tiles, mask, strict=True)
                 if there and tile is not None]  # fmt: skip
        assert (WEST + SIDE * column, NORTH - SIDE * (line + 1)) in [box[:2] for box in boxes]
    bounds = {tile.crs_box for tile in mosaic.tiles if tile is not None}
    files = list((data_dir("bigearthnet_v2") / "BigEarthNet-S2").rglob(f"{TILE}_*_B04.tif"))
    assert files
    for path in files:
        with rasterio.open(path) as source:
            assert tuple(source.bounds) in bounds


def test_a_region_is_asked_with_and_the_hits_are_written_for_a_map(
    patches: Patches, mosaic: Library, tmp_path: Path
) -> None:
    column, row = next(iter(patches))
    to_degrees = Transformer.from_crs("EPSG:32633", "EPSG:4326", always_xy=True)
    centre = (WEST + SIDE * (column + 0.5), NORTH - SIDE * (row + 0.5))
    east, north = to_degrees.transform(*centre)
    region = f"{east},{north},{east},{north}"
    for name in ("hits.geojson", "hits.gpkg"):
        out = call("search", str(mosaic.folder), "--region", region, "--top", "3",
                   "--geojson", str(tmp_path / name)).stdout  # fmt: skip
        assert re.search(r"1\s+1\.0000\s+mosaic\.tif#", out)
    found = json.loads((tmp_path / "hits.geojson").read_text())
    first = found["features"][0]
    west, south, right, top = first["bbox"]
    assert west < east < right
    assert south < north < top
    assert first["properties"]["crs_west"] == WEST + SIDE * column
    assert first["properties"]["date"] == "2017-06-13"
    _, _, geometry, values = pyogrio.raw.read(tmp_path / "hits.gpkg")
    assert len(geometry) == len(found["features"]) == 3
    assert pyogrio.read_info(tmp_path / "hits.gpkg")["crs"] == "EPSG:4326"
    assert values[0].tolist() == [1, 2, 3]
    model = RunModel(mosaic.facts.run_folder(mosaic.folder))
    answer = ask(mosaic, model, Question(("a lake",), within=region, days="2018"))
    assert answer.hits == ()
