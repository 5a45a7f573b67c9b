"""The search page in a real browser: typed, clicked, read."""

from pathlib import Path

from tests.search.browser import Browser
from wfa.report.answer_page import write_gallery
from wfa.runs.run_model import RunModel
from wfa.search.ask import Question, ask
from wfa.search.library import Library
from wfa.search.server import LibraryServer

PATHS = "[...document.querySelectorAll('#hits .path')].map((e) => e.textContent)"
SETTLED = "!document.body.classList.contains('busy')"
LOADED = (
    "[...document.querySelectorAll('.grid img')].every((i) => i.complete && i.naturalWidth > 0)"
)


def paths(library: Library, model: RunModel, question: Question) -> list[str]:
    return [hit.path for hit in ask(library, model, question).hits]


def test_a_person_searches(
    browser: Browser, server: LibraryServer, library: Library, model: RunModel
) -> None:
    browser.complaints.clear()
    browser.open(server.address)
    assert "9 images in photos/" in browser.wait("document.querySelector('#status')?.textContent")
    assert browser.run("document.activeElement.id") == "query"
    assert sorted(browser.wait(f"{PATHS}.length === 9 && {PATHS}")) == sorted(library.paths)
    browser.press("Enter")
    browser.wait("document.querySelector('#status.wrong') !== null")

    browser.type("a lake & <b>trees</b>")
    browser.press("Enter")
    browser.wait(f"{PATHS}.length === 9 && {SETTLED}")
    query = "a lake & <b>trees</b>"
    assert browser.run(PATHS) == paths(library, model, Question((query,)))
    assert "encoded in" in browser.run("document.querySelector('#status').textContent")
    assert browser.run("new URLSearchParams(location.search).get('q')") == query
    browser.run("document.querySelectorAll('#hits img').forEach((i) => i.loading = 'eager')")
    browser.wait(LOADED)

    browser.press("Enter", shift=True)
    browser.type("two ships")
    browser.click(".go")
    browser.wait("document.querySelectorAll('#asked .captions li').length === 2")
    both = (query, "two ships")
    assert browser.run(PATHS) == paths(library, model, Question(both))
    browser.choose("#technique", "max_similarity")
    browser.wait(f"document.querySelectorAll('#asked .captions li').length === 0 && {SETTLED}")
    best = paths(library, model, Question(both, technique="max_similarity"))
    assert browser.run(PATHS) == best
    browser.choose("#kind", "ann")
    browser.wait("document.querySelector('#status').textContent.includes('(HNSW8)')")
    browser.choose("#where", "side=south, cloud<8")
    browser.wait(f"{PATHS}.length === 3 && {SETTLED}")
    assert "approximate index was not used" in browser.run(
        "document.querySelector('#notes').textContent"
    )
    browser.choose("#where", "moon=full")
    assert "no metadata column 'moon'" in browser.wait(
        "document.querySelector('#status.wrong')?.textContent"
    )
    assert browser.run(f"{PATHS}.length") == 0
    browser.choose("#where", "")
    browser.wait(f"{PATHS}.length === 9")

    refused = [text for text in browser.complaints if "400 (Bad Request)" not in text]
    assert refused == []


def test_a_hit_is_enlarged_and_asked_with(
    browser: Browser, server: LibraryServer, library: Library, model: RunModel
) -> None:
    (library.root / "z.png").unlink()
    browser.complaints.clear()
    browser.open(f"{server.address}?q=a+lake&top=48&path=*.png")
    wanted = paths(library, model, Question(("a lake",), glob="*.png"))
    assert browser.wait(f"{PATHS}.length && {PATHS}") == wanted
    assert browser.run("document.querySelectorAll('#hits .gone').length") == 1
    assert "gone from" in browser.run("document.querySelector('#notes').textContent")

    browser.click("#hits .open")
    browser.wait("document.querySelector('#large').open && "
                 "document.querySelector('#large-image').naturalWidth > 0")  # fmt: skip
    seen = browser.run("document.querySelector('#large').textContent")
    assert next(path for path in wanted if path != "z.png") in seen
    assert "side" in seen
    browser.press("Escape")
    browser.wait("!document.querySelector('#large').open")

    path = browser.run("document.querySelector('#hits .open').closest('li').dataset.id")
    browser.click("#hits li:has(.open) .similar")
    browser.wait("location.search.includes('like=')")
    like = Question(like=int(path), glob="*.png")
    browser.wait(f"{PATHS}[0] === {paths(library, model, like)[0]!r} && {SETTLED}")
    assert browser.run(PATHS) == paths(library, model, like)
    browser.run("history.back()")
    browser.wait(f"document.querySelector('#query').value === 'a lake' && {SETTLED}")
    browser.wait(f"JSON.stringify({PATHS}) === JSON.stringify({wanted})")
    assert browser.complaints == []


def test_the_gallery_file_opens_offline(
    browser: Browser, library: Library, model: RunModel, tmp_path: Path
) -> None:
    answer = ask(library, model, Question(("a lake", "<i>trees</i>")))
    page = write_gallery(answer, library, "a lake", tmp_path / "hits.html")
    browser.complaints.clear()
    browser.open(page.as_uri())
    browser.wait("document.querySelectorAll('.grid img').length === 9")
    browser.run("document.querySelectorAll('img').forEach((i) => i.loading = 'eager')")
    browser.wait(LOADED)
    found = browser.run("[...document.querySelectorAll('.path')].map((e) => e.textContent)")
    assert found == [hit.path for hit in answer.hits]
    assert browser.run("getComputedStyle(document.querySelector('.grid')).display") == "grid"
    assert browser.complaints == []
