"""Scenes as they should not be: each is named, and the others go on."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from affine import Affine
from PIL import Image

from tests.search.conftest import picture
from tests.search.tiles.conftest import BLOCK, blocks, from_corner, write_scene
from wfa.errors import DataError
from wfa.search.index_outcome import Indexed
from wfa.search.library import Library
from wfa.search.tiles import cut_scenes

Cut = Callable[..., Indexed]


@pytest.fixture
def good(scenes: Path) -> Path:
    """A scene that goes on."""
    return write_scene(scenes / "good.tif", blocks())


def reasons(done: Indexed) -> dict[str, str]:
    return {file.path: file.reason for file in done.left_out}


def test_without_a_crs_it_is_a_picture_unless_one_is_named(
    cut: Cut, good: Path, scenes: Path
) -> None:
    write_scene(scenes / "bare.tif", blocks(2, 2, 40), crs=None)
    done = cut()
    assert (done.scenes, done.images) == (1, 13)
    (note,) = (note for note in done.notes if "bare.tif" in note)
    assert "without a CRS" in note
    assert "tile.crs=EPSG:CODE" in note
    named = cut("tile.crs=EPSG:32633")
    assert (named.scenes, named.tiles, named.images) == (2, 16, 16)
    assert not [note for note in named.notes if "bare.tif" in note]


def test_a_crs_that_leads_nowhere(cut: Cut, good: Path, scenes: Path) -> None:
    write_scene(scenes / "local.tif", blocks(2, 2, 40), crs='LOCAL_CS["mine",UNIT["metre",1]]')
    write_scene(scenes / "far.tif", blocks(2, 2, 40), transform=from_corner(1e9, 1e9, 10, 10))
    done = cut()
    assert done.images == 12
    assert "CRS" in reasons(done)["far.tif"]
    assert "CRS" in reasons(done)["local.tif"]


def test_other_numbers_of_bands(cut: Cut, good: Path, scenes: Path) -> None:
    ten = np.concatenate([blocks(2, 2, 40)] * 4)[:10].astype(np.uint16)
    write_scene(scenes / "ten.tif", ten)
    write_scene(scenes / "grey.tif", blocks(2, 2, 60)[:1])
    names = ("B02", "B03", "B04", "B08")
    write_scene(scenes / "named.tif", np.concatenate([ten[:4]]), names=names)
    done = cut()
    assert reasons(done).keys() == {"ten.tif"}
    assert "has 10 bands that are not said to be colours" in reasons(done)["ten.tif"]
    assert "tile.bands=4,3,2" in reasons(done)["ten.tif"]
    assert done.images == 12 + 4 + 4
    library = Library(done.folder)
    assert library.scenes["named.tif"].bands == (3, 2, 1)
    assert library.scenes["grey.tif"].bands == (1, 1, 1)
    done = cut("tile.bands=3,2,1", f"out={done.folder}")
    assert "asks for band 3" in reasons(done)["grey.tif"]
    assert Library(done.folder).scenes["ten.tif"].bands == (3, 2, 1)


@pytest.mark.parametrize("kind", ["south_up", "rotated"])
def test_south_up_and_rotated_scenes_are_turned(cut: Cut, scenes: Path, kind: str) -> None:
    values = blocks(2, 2)
    if kind == "south_up":
        turned, transform = values[:, ::-1], Affine(10, 0, 500_000, 0, 10, 5_399_600)
    else:  # a quarter turn keeps every pixel whole
        turned, transform = values.swapaxes(1, 2), Affine(0, 10, 500_000, -10, 0, 5_400_000)
    write_scene(scenes / "a.tif", np.ascontiguousarray(turned), transform=transform)
    done = cut()
    assert any("turned north-up" in note and "a.tif" in note for note in done.notes)
    library = Library(done.folder)
    assert done.tiles == 4
    for row, tile in enumerate(library.tiles):
        assert tile is not None
        x, y, width, height = tile.window
        own = np.moveaxis(values[:, y : y + height, x : x + width], 0, -1)
        np.testing.assert_array_equal(library.read_image(row), own)
        west, north = 500_000 + 10 * x, 5_400_000 - 10 * y
        assert tile.crs_box == pytest.approx((west, north - 200, west + 200, north))


def test_a_scene_that_lies_at_an_angle_has_empty_corners(cut: Cut, scenes: Path) -> None:
    side = 10 / 2**0.5
    at_45 = Affine(side, side, 500_000, side, -side, 5_400_000)
    write_scene(scenes / "a.tif", blocks(4, 4), transform=at_45)
    done = cut()
    assert done.empty >= 4
    assert done.tiles + done.empty == 16


def test_a_truncated_cog_is_named_with_its_tiles(cut: Cut, good: Path, scenes: Path) -> None:
    values = np.random.default_rng(0).integers(0, 256, (3, 512, 512), np.uint8)
    path = write_scene(scenes / "cog.tif", values, driver="COG", blocksize=128, compress="none")
    content = path.read_bytes()
    path.write_bytes(content[: len(content) // 2])
    done = cut(size="128")
    assert "is truncated or damaged in" in reasons(done)["cog.tif"]
    assert "of its 16 tiles" in reasons(done)["cog.tif"]
    assert 1 + 1 <= done.images < 1 + 16
    good.unlink()
    path.write_bytes(content[:200])
    with pytest.raises(DataError, match=r"cog\.tif: it "):
        cut(size="128")


def test_antimeridian_and_pole(cut: Cut, scenes: Path) -> None:
    write_scene(scenes / "fiji.tif", blocks(1, 1), crs="EPSG:3832",
                transform=from_corner(3_339_484, -1_900_000, 100, 100))  # fmt: skip
    write_scene(scenes / "pole.tif", blocks(1, 1, 9), crs="EPSG:3995",
                transform=from_corner(-100, 100, 10, 10))  # fmt: skip
    write_scene(scenes / "counted_on.tif", blocks(1, 2, 10), crs="EPSG:4326",
                transform=from_corner(179.99, 5, 0.001, 0.001))  # fmt: skip
    done = cut()
    assert done.left_out == ()
    library = Library(done.folder)
    across, behind, fiji, pole = library.boxes
    assert across.tolist() == pytest.approx([179.99, 4.98, -179.99, 5])
    assert behind.tolist() == pytest.approx([-179.99, 4.98, -179.97, 5])
    assert fiji[0] > 179.9
    assert fiji[2] < -179.9
    assert pole[3] == pytest.approx(90)
    assert (pole[0], pole[2]) == (-180, 180)
    for within, wanted in (
        ("179,-20,-179,-10", ["fiji.tif"]), ("-179.99,-20,-170,-10", ["fiji.tif"]),
        ("40,89.9999,41,90", ["pole.tif"]), ("0,0,10,10", []),
        ("-179.98,4,-179,6", ["counted_on.tif#20,0,20,20"]),
    ):  # fmt: skip
        mask = library.select(within=within)
        assert mask is not None
        assert [library.paths[row] for row in np.flatnonzero(mask)] == wanted


def test_a_tile_larger_than_the_scene_and_mixed_resolutions(
    cut: Cut, good: Path, scenes: Path
) -> None:
    write_scene(scenes / "chip.tif", blocks(1, 1)[:, :8, :15])
    write_scene(scenes / "fine.tif", blocks(2, 2), transform=from_corner(5e5, 5.4e6, 0.5, 0.5))
    done = cut()
    assert "chip.tif" in Library(done.folder).paths
    assert any("smaller than a tile" in note and "chip.tif" in note for note in done.notes)
    assert any("0.5 to 10 m" in note and "tile.size=640m" in note for note in done.notes)
    in_metres = cut(size="20m")
    assert not any("0.5 to 10 m" in note for note in in_metres.notes)
    sides = {(tile.scene, tile.window.width) for tile in Library(in_metres.folder).tiles if tile}
    assert sides == {("chip.tif", 2), ("fine.tif", 40), ("good.tif", 2)}


def test_degrees_are_measured_where_the_scene_lies(cut: Cut, scenes: Path) -> None:
    write_scene(scenes / "a.tif", blocks(6, 6), crs="EPSG:4326",
                transform=from_corner(10, 60.01, 0.0001, 0.0001))  # fmt: skip
    done = cut(size="223m")  # 1e-4 degrees are 5.6 m from west to east and 11.1 m from north
    (scene,) = Library(done.folder).scenes.values()
    assert scene.metres == pytest.approx((5.58, 11.14), abs=0.01)
    assert scene.tile == (40, 20)


def test_without_rasterio_a_geotiff_is_a_picture_and_that_is_said(
    cut: Cut, good: Path, scenes: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    picture(3).save(scenes / "plain.tif")
    with monkeypatch.context() as patch:
        patch.setattr(cut_scenes, "has_rasterio", lambda: False)
        done = cut()
    assert (done.scenes, done.images) == (0, 2)
    (note,) = done.notes
    assert note.startswith("good.tif is a GeoTIFF read as a picture")
    assert 'pip install "wfa[geo]"' in note
    assert not (done.folder / "scenes.json").exists()
    found = Library(done.folder).read_image(0)
    assert found.shape == (3 * BLOCK, 4 * BLOCK, 3)
    after = cut()
    assert (after.scenes, after.images) == (1, 13)
    with monkeypatch.context() as patch:  # what the index knows stays
        patch.setattr(cut_scenes, "has_rasterio", lambda: False)
        assert (cut().scenes, cut().encoded) == (1, 0)


def test_a_file_that_names_others_is_no_scene(cut: Cut, good: Path, scenes: Path) -> None:
    secret = scenes.parent / "secret.tif"
    write_scene(secret, blocks(1, 1))
    vrt = (
        '<VRTDataset rasterXSize="20" rasterYSize="20"><SRS>EPSG:32633</SRS>'
        "<GeoTransform>500000,10,0,5400000,0,-10</GeoTransform>"
        '<VRTRasterBand dataType="Byte" band="1"><SimpleSource><SourceFilename>'
        f"{secret}</SourceFilename></SimpleSource></VRTRasterBand></VRTDataset>"
    )
    (scenes / "vrt.tif").write_text(vrt)
    (scenes / "link.tif").symlink_to(secret)
    done = cut()
    assert done.images == 12
    assert reasons(done).keys() == {"vrt.tif", "link.tif"}


def test_a_plain_tiff_stays_a_picture(cut: Cut, scenes: Path) -> None:
    Image.fromarray(np.arange(400, 1200, dtype=np.uint16).reshape(20, 40)).save(scenes / "d.tif")
    picture(1).save(scenes / "e.tif")
    done = cut()
    assert (done.scenes, done.images, done.stretched, done.notes) == (0, 2, 1, ())
