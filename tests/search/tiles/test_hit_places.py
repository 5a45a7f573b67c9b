"""Places of hits, and hits merged, on scenes whose tiles overlap."""

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from tests.search.test_commands import call
from tests.search.tiles.conftest import blocks, from_corner, write_scene
from wfa.errors import DataError, UserError
from wfa.runs.run_model import RunModel
from wfa.search import hit_places
from wfa.search.ask import Question, ask
from wfa.search.hit_places import places_of, write_places
from wfa.search.index_outcome import Indexed
from wfa.search.library import Library
from wfa.search.places import overlap

Cut = Callable[..., Indexed]


def test_overlapping_hits_are_merged_into_the_best(cut: Cut, scenes: Path, model: RunModel) -> None:
    write_scene(scenes / "a_20170613.tif", blocks(4, 4))
    write_scene(scenes / "b_20180613.tif", blocks(4, 4))
    library = Library(cut("tile.stride=10").folder)
    alone = ask(library, model, Question(("a lake",), top=98, overlap=1))
    assert len(alone.hits) == len(library) == 98
    merged = ask(library, model, Question(("a lake",), top=98, overlap=0.3))
    assert sum(1 + hit.merged for hit in merged.hits) == 98
    assert any("merged into it" in note for note in merged.notes)
    for day in ("2017-06-13", "2018-06-13"):
        boxes = np.array([hit.place.box for hit in merged.hits
                          if hit.place and hit.place.date == day])  # fmt: skip
        for place, box in enumerate(boxes):
            assert (np.delete(overlap(boxes, box), place) <= 0.3).all()
    few = ask(library, model, Question(("a lake",), top=5, overlap=0.3))
    assert [hit.path for hit in few.hits] == [hit.path for hit in merged.hits[:5]]


def test_pictures_have_no_place(library: Library, model: RunModel, tmp_path: Path) -> None:
    answer = ask(library, model, Question(("a lake",)))
    with pytest.raises(UserError, match="none of the 9 hits has a place"):
        write_places(answer, tmp_path / "a.geojson")
    assert not list(tmp_path.glob("a.*"))
    for question in (Question(("x",), within="0,0,1,1"), Question(("x",), days="2017")):
        with pytest.raises(DataError, match="no scenes with places and dates"):
            ask(library, model, question)
    with pytest.raises(DataError, match="no scenes with places"):
        ask(library, model, Question(region="0,0,1,1"))


def test_a_box_across_the_antimeridian_becomes_two(cut: Cut, scenes: Path, model: RunModel) -> None:
    write_scene(scenes / "fiji.tif", blocks(1, 1), crs="EPSG:3832",
                transform=from_corner(3_339_484, -1_900_000, 100, 100))  # fmt: skip
    answer = ask(Library(cut().folder), model, Question(("a lake",)))
    (feature,) = places_of(answer)["features"]
    assert feature["geometry"]["type"] == "MultiPolygon"
    for polygon in feature["geometry"]["coordinates"]:
        ring = np.array(polygon[0])
        assert np.ptp(ring[:, 0]) < 1
        assert np.array_equal(ring[0], ring[-1])
        x, y = ring.T
        assert np.sum(x[:-1] * y[1:] - x[1:] * y[:-1]) > 0  # counter-clockwise


def test_a_geopackage_needs_pyogrio(
    cut: Cut, scenes: Path, run: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_scene(scenes / "a.tif", blocks(1, 2))
    cut()
    out = call("search", str(run), "a lake", "--geojson", str(tmp_path / "a.geojson"),
               "--within=15,48,15.01,49", "--date", "..", "--json").stdout  # fmt: skip
    assert json.loads(out)["passed"] == 0
    monkeypatch.setattr(hit_places, "find_spec", lambda name: None)
    with pytest.raises(UserError, match=r'pip install "wfa\[geo\]"'):
        call("search", str(run), "a lake", "--geojson", str(tmp_path / "a.gpkg"))
    assert not list(tmp_path.glob("*.gpkg"))
