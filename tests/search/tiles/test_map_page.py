"""The map of the search page in a real browser: opened, drawn on, linked to."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.search.browser import Browser
from tests.search.conftest import serving
from tests.search.test_page import PATHS, SETTLED
from tests.search.tiles.conftest import blocks, from_corner, write_scene
from tests.search.web import fetch, values
from wfa.runs.run_model import RunModel
from wfa.search.ask import Question, ask
from wfa.search.index_outcome import Indexed
from wfa.search.library import Library
from wfa.search.server import LibraryServer

FRAMES = "document.querySelectorAll('#map .hit-frame').length"


@pytest.fixture
def placed(cut: Callable[..., Indexed], scenes: Path) -> Library:
    """Two scenes of different months."""
    write_scene(scenes / "a_20170613.tif", blocks(2, 3))
    write_scene(scenes / "b_20170813.tif", blocks(2, 2, 50),
                transform=from_corner(501_000, 5_400_000, 10, 10))  # fmt: skip
    return Library(cut().folder)


@pytest.fixture
def mapped(placed: Library) -> Iterator[LibraryServer]:
    """Their search page."""
    with serving(placed) as server:
        yield server


def test_the_page_is_told_where_the_scenes_lie(mapped: LibraryServer, placed: Library) -> None:
    found = values(mapped, "/api/map/0")["scenes"]
    assert [(scene["path"], scene["date"], scene["tiles"]) for scene in found] == [
        ("a_20170613.tif", "2017-06-13", 6), ("b_20170813.tif", "2017-08-13", 4)
    ]  # fmt: skip
    assert found[0]["box"][0] == pytest.approx(15.0, abs=1e-4)
    west, south, east, north = found[1]["box"]
    answer = values(mapped, f"/api/search?q=x&within={west},{south},{east},{north}&date=2017-08")
    assert {hit["place"]["scene"] for hit in answer["hits"]} == {"b_20170813.tif"}
    assert answer["passed"] == 4
    region = values(mapped, f"/api/search?region={west},{south},{east},{north}")
    assert len(region["hits"]) == 10
    assert fetch(mapped, "/api/search?q=x&within=1,2")[0].status == 400
    assert fetch(mapped, "/api/map/1")[0].status == 400


def test_a_person_searches_on_the_map(
    browser: Browser, mapped: LibraryServer, placed: Library, model: RunModel
) -> None:
    browser.complaints.clear()
    browser.emulate(1100, 900)
    browser.open(f"{mapped.address}?q=a+lake")
    browser.wait(f"{PATHS}.length === 10 && {SETTLED}")
    browser.wait("!document.querySelector('#places').hidden")
    assert browser.run("document.querySelector('#map').hidden")
    browser.run("document.activeElement.blur()")
    browser.press("m")
    browser.wait(f"window.L !== undefined && {FRAMES} === 10")
    assert browser.run("document.querySelectorAll('#map .graticule').length") >= 2
    browser.wait(
        "document.querySelectorAll('#map img').length === 10 && "
        "[...document.querySelectorAll('#map img')].every((i) => i.naturalWidth > 0)"
    )
    browser.wait("location.search.includes('map=1')")

    browser.click("#draw")
    browser.drag("#map", (0.02, 0.02), (0.98, 0.98))
    browser.wait("location.search.includes('within=')")
    browser.wait(f"{PATHS}.length === 10 && {SETTLED}")
    box = browser.run("document.querySelector('#within').value")
    assert browser.run("document.querySelectorAll('#map .asked-box').length") == 1
    browser.choose("#date", "2017-08")
    browser.wait(f"{PATHS}.length === 4 && {SETTLED}")
    question = Question(("a lake",), within=box, days="2017-08", top=24)
    assert browser.run(PATHS) == [hit.path for hit in ask(placed, model, question).hits]
    assert browser.run(FRAMES) == 4

    link = browser.run("location.href")
    browser.open("about:blank")
    browser.open(link)
    browser.wait(f"{PATHS}.length === 4 && {FRAMES} === 4 && {SETTLED}")
    assert browser.run("document.querySelector('#within').value") == box

    browser.click("#hits .open")
    browser.wait("document.querySelector('#large').open")
    first = browser.run("document.querySelector('#large').dataset.id")
    assert "EPSG:32633" in browser.run("document.querySelector('#large-facts').textContent")
    browser.press("ArrowRight")
    browser.wait(f"document.querySelector('#large').dataset.id !== '{first}'")
    browser.press("ArrowLeft")
    browser.wait(f"document.querySelector('#large').dataset.id === '{first}'")
    browser.press("Escape")
    browser.wait("!document.querySelector('#large').open")

    browser.choose("#date", "")
    browser.wait(f"{PATHS}.length === 10 && {SETTLED}")
    browser.click("#like-box")
    browser.wait(f"location.search.includes('region=') && {SETTLED}")
    browser.wait("document.querySelector('#notes').textContent.includes('in the region')")
    browser.press("/")
    assert browser.run("document.activeElement.id") == "query"
    assert browser.complaints == []


def test_the_map_fits_a_phone_and_a_dark_desktop(browser: Browser, mapped: LibraryServer) -> None:
    browser.complaints.clear()
    browser.emulate(390, 800, dark=True)
    browser.open(f"{mapped.address}?q=a+lake&map=1")
    browser.wait(f"window.L !== undefined && {FRAMES} === 10 && {SETTLED}")
    assert browser.run("document.documentElement.scrollWidth <= innerWidth")
    assert browser.run("document.querySelector('#map').getBoundingClientRect().width") > 300
    background = browser.run("getComputedStyle(document.querySelector('#map')).backgroundColor")
    assert max(map(int, background.strip("rgb()").split(","))) < 100
    browser.emulate(1100, 900)
    assert browser.complaints == []


def test_an_index_of_pictures_offers_no_map(browser: Browser, still_server: LibraryServer) -> None:
    browser.open(still_server.address)
    browser.wait(f"{PATHS}.length === 9")
    assert values(still_server, "/api/map/0") == {"scenes": []}
    assert browser.run("document.querySelector('#places').hidden")
    assert browser.run("document.querySelector('#within').closest('label').hidden")
    browser.press("m")
    assert browser.run("window.L === undefined")
