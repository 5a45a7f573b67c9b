"""Folders of scenes, indexed: what their tiles are, and what is done again when."""

import json
import shutil
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest
from pyproj import Transformer
from torch import Tensor

from tests.search.conftest import draw_pictures, make_run, picture
from tests.search.tiles.conftest import BLOCK, blocks, from_corner, write_scene
from wfa.errors import DataError, SearchIndexError
from wfa.retrieval.embeddings import Floats
from wfa.runs.run_model import RunModel
from wfa.search import encode_images
from wfa.search.index_images import index_images
from wfa.search.index_outcome import Indexed
from wfa.search.index_rows import read_rows
from wfa.search.index_settings import IndexOptions
from wfa.search.library import Library
from wfa.search.tiles.tile_options import TileOptions

Cut = Callable[..., Indexed]


def features(done: Indexed) -> dict[str, tuple[int, Floats]]:
    rows = read_rows(done.folder / "images.parquet")
    return {
        path: (int(i), f) for path, i, f in zip(rows.paths, rows.ids, rows.features, strict=True)
    }


def test_each_tile_has_the_feature_of_its_pixels_and_its_place(
    cut: Cut, scenes: Path, model: RunModel
) -> None:
    values = blocks(3, 4)
    write_scene(scenes / "north" / "S2_20170613_a.tif", values)
    done = cut()
    assert (done.scenes, done.tiles, done.images, done.encoded, done.empty) == (1, 12, 12, 12, 0)
    library = Library(done.folder)
    to_degrees = Transformer.from_crs("EPSG:32633", "EPSG:4326", always_xy=True)
    for row in range(3):
        for column in range(4):
            x, y = column * BLOCK, row * BLOCK
            name = f"north/S2_20170613_a.tif#{x},{y},{BLOCK},{BLOCK}"
            place = library.paths.index(name)
            own = np.moveaxis(values[:, y : y + BLOCK, x : x + BLOCK], 0, -1)
            np.testing.assert_array_equal(library.read_image(place), own)
            alone = model.ask_image(own).features
            np.testing.assert_allclose(library.feature(place), alone, atol=1e-6)
            tile = library.tiles[place]
            assert tile is not None
            west, north = 500_000 + 10 * x, 5_400_000 - 10 * y
            assert tile.crs == "EPSG:32633"
            assert tile.crs_box == (west, north - 200, west + 200, north)
            assert tile.date == "2017-06-13"
            assert tile.box is not None
            longitude, latitude = to_degrees.transform(west + 100, north - 100)
            assert tile.box[0] < longitude < tile.box[2]
            assert tile.box[1] < latitude < tile.box[3]
            assert tile.box[2] - tile.box[0] == pytest.approx(0.0027, abs=2e-4)
    table = pq.read_table(done.folder / "tiles.parquet")
    assert {"west", "south", "east", "north", "crs", "crs_west", "date", "scene"} <= set(
        table.column_names
    )


def test_scenes_and_pictures_lie_in_one_index_and_only_what_changed_is_encoded(
    cut: Cut, scenes: Path, encoded: list[int]
) -> None:
    draw_pictures(scenes)
    values = blocks()
    write_scene(scenes / "a.tif", values)
    write_scene(scenes / "b.tif", blocks(2, 2, first=50))
    before = features(cut())
    assert len(before) == 9 + 12 + 4
    encoded.clear()
    again = cut()
    assert (again.encoded, again.unchanged) == (0, 25)
    values[:, :BLOCK, :BLOCK] = blocks(1, 1, first=90)
    write_scene(scenes / "a.tif", values)
    (scenes / "b.tif").unlink()
    done = cut()
    assert sum(encoded) == 1  # the others of the scene are known by their content
    assert (done.encoded, done.reused, done.removed, done.images) == (1, 11, 4, 21)
    after = features(done)
    first = f"a.tif#0,0,{BLOCK},{BLOCK}"
    assert not np.array_equal(after[first][1], before[first][1])
    assert {name: image_id for name, (image_id, _) in after.items()} == {
        name: image_id for name, (image_id, _) in before.items() if not name.startswith("b.tif")
    }


def test_tiles_of_another_size_replace_those_that_were_there(cut: Cut, scenes: Path) -> None:
    write_scene(scenes / "a.tif", blocks())
    assert cut().tiles == 12
    assert cut(size="").tiles == 12  # as the index has it
    halves = cut("tile.stride=10")
    assert halves.tiles == 5 * 7
    assert halves.encoded == 35 - 12
    in_metres = cut("tile.stride=300m", size="400m")
    assert in_metres.tiles == 2 * 3
    windows = [tile.window for tile in Library(in_metres.folder).tiles if tile is not None]
    assert {(window.width, window.height) for window in windows} == {(40, 40)}


def test_an_interrupted_run_goes_on_unless_the_scenes_are_read_otherwise(
    cut: Cut, scenes: Path, encoded: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(encode_images, "_AHEAD", 1)
    values = blocks().astype(np.uint16) * 10
    write_scene(scenes / "a.tif", np.concatenate([values, values[:1]]), photometric="rgb")
    counting = RunModel.encode_images

    def stops(self: RunModel, inputs: Sequence[Tensor]) -> Floats:
        if sum(encoded) >= 6:
            raise KeyboardInterrupt
        return counting(self, inputs)

    words = ("batch_size=2", "shard_size=2")
    for more, resumed in (((), 6), (("tile.bands=3,2,1",), 0)):
        encoded.clear()
        with monkeypatch.context() as patch:
            patch.setattr(RunModel, "encode_images", stops)
            with pytest.raises(KeyboardInterrupt):
                cut(*words)
        done = cut(*words, *more)
        assert (done.resumed, done.encoded) == (resumed, 12 - resumed)
        shutil.rmtree(done.folder)


def test_tiles_without_data_are_left_out_and_not_read_again(
    cut: Cut, scenes: Path, encoded: list[int]
) -> None:
    values = blocks()
    values[:, :, : 2 * BLOCK] = 0  # two columns of tiles
    values[:, :5, 2 * BLOCK : 3 * BLOCK] = 0  # a quarter of one tile
    write_scene(scenes / "a.tif", values, nodata=0)
    done = cut()
    assert (done.tiles, done.empty, done.left_out) == (6, 6, ())
    encoded.clear()
    again = cut()
    assert (again.tiles, again.empty, again.encoded) == (6, 6, 0)
    assert len(json.loads((done.folder / "scenes.json").read_text())["scenes"][0]["empty"]) == 6
    assert cut("tile.most_nodata=0.1").empty == 7
    values[:] = 0
    write_scene(scenes / "a.tif", values, nodata=0)
    with pytest.raises(DataError, match="hold no data: each of their 12 tiles"):
        cut()


def test_deep_scenes_are_stretched_alike_and_the_stretch_is_kept(cut: Cut, scenes: Path) -> None:
    ramp = np.arange(60 * 80, dtype=np.uint16).reshape(60, 80) + 100
    write_scene(scenes / "a.tif", np.stack([ramp, ramp, ramp]))
    done = cut()
    low, high = np.percentile(ramp, (2, 98))
    kept = json.loads((done.folder / "scenes.json").read_text())["scenes"][0]["stretch"]
    assert kept == pytest.approx([low, high])
    assert any("percentiles 2 and 98" in note for note in done.notes)
    library = Library(done.folder)
    for row, tile in enumerate(library.tiles):
        assert tile is not None
        x, y, width, height = tile.window
        wanted = (ramp[y : y + height, x : x + width] - low) / (high - low) * 255
        np.testing.assert_allclose(
            library.read_image(row)[:, :, 0], np.clip(wanted, 0, 255), atol=0.51
        )


def test_a_run_of_bands_is_given_their_own_values(tmp_path: Path, scenes: Path) -> None:
    run = make_run(tmp_path / "sensor", "data=scenes_s1s2", "encoder.image_tower=vit")
    model = RunModel(run)
    rng = np.random.default_rng(0)
    values = rng.normal(1000, 300, (len(model.bands) + 1, 20, 40)).astype(np.float32)
    names = ("other", *reversed(model.bands))
    write_scene(scenes / "a.tif", values, names=names)
    picture(1).save(scenes / "b.png")
    write_scene(scenes / "c.tif", values[:4])
    done = index_images(run, scenes, IndexOptions(tile=TileOptions(size="20")))
    assert done.tiles == done.images == 2
    reasons = {file.path: file.reason for file in done.left_out}
    assert reasons.keys() == {"b.png", "c.tif"}
    assert "is a picture, and the run was trained on the bands" in reasons["b.png"]
    assert "has 4 bands (?, ?, ?, ?)" in reasons["c.tif"]
    library = Library(done.folder)
    own = np.ascontiguousarray(np.moveaxis(values[:0:-1], 0, -1))
    for row, x in ((0, 0), (1, 20)):
        wanted = model.encode_images([model.prepare_bands(own[:, x : x + 20])])
        np.testing.assert_allclose(library.feature(row), wanted, atol=1e-5)
        assert library.read_image(row).shape == (20, 20, 3)


def test_metadata_names_a_scene_for_all_of_its_tiles(
    cut: Cut, scenes: Path, tmp_path: Path
) -> None:
    write_scene(scenes / "deep" / "a.tif", blocks())
    table = tmp_path / "facts.csv"
    table.write_text("path,cloud\na.tif,3")
    done = cut(f"metadata={table}")
    assert done.described == 12
    library = Library(done.folder)
    assert all(facts == {"cloud": "3"} for facts in library.metadata)
    mask = library.select("deep/*.tif", ["cloud=3"])
    assert mask is not None
    assert mask.all()


def test_a_damaged_record_is_named_and_mended(cut: Cut, scenes: Path) -> None:
    write_scene(scenes / "a.tif", blocks())
    folder = cut().folder
    for name in ("scenes.json", "tiles.parquet"):
        content = (folder / name).read_bytes()
        (folder / name).write_bytes(content[:-30])
        with pytest.raises(SearchIndexError, match=name.replace(".", r"\.")):
            Library(folder)
        assert cut().images == 12
        assert len(Library(folder)) == 12


def test_a_scene_that_is_gone_is_missing(cut: Cut, scenes: Path) -> None:
    write_scene(scenes / "a.tif", blocks(1, 2), transform=from_corner(0, 0, 10, 10))
    library = Library(cut().folder)
    assert not library.is_missing(0)
    (scenes / "a.tif").unlink()
    assert library.is_missing(0)
