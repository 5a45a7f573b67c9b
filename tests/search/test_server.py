import io
import json
import re
import threading
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from tests.search.web import fetch, values
from wfa.errors import UserError
from wfa.runs.run_model import RunModel
from wfa.search.ask import Question, ask
from wfa.search.library import Library
from wfa.search.open_libraries import OpenLibraries
from wfa.search.server import LibraryServer


def test_the_page_brings_all_it_needs_and_nothing_from_elsewhere(
    still_server: LibraryServer,
) -> None:
    response, page = fetch(still_server, "/")
    assert response.status == 200
    assert response.headers["Content-Type"] == "text/html; charset=utf-8"
    policy = response.headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert response.headers["X-Content-Type-Options"] == "nosniff"
    wanted = re.findall(r'(?:src|href)="([^"]+)"', page.decode())
    assert wanted == ["/icon.svg", "/page.css", "/page.js"]
    for path in wanted:
        response, asset = fetch(still_server, path)
        assert response.status == 200
        assert b"http://" not in asset.replace(b"http://www.w3.org/2000/svg", b"")
        assert b"https://" not in asset


def test_what_the_page_can_offer(still_server: LibraryServer) -> None:
    (found,) = values(still_server, "/api/libraries")
    assert found == {
        "name": "photos", "images": 9, "root": "photos", "run": "small",
        "technique": "uniqueness", "columns": ["side", "cloud"],
        "techniques": ["own", "mean", "uniqueness", "max_similarity"],
        "kinds": [{"kind": "exact", "label": "exact"}, {"kind": "ann", "label": "HNSW8"}],
    }  # fmt: skip


def test_a_sample_is_spread_over_the_library(
    still_server: LibraryServer, still: Library, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert [image["path"] for image in values(still_server, "/api/sample/0")] == list(still.paths)
    monkeypatch.setattr("wfa.search.page_requests.SAMPLED", 3)
    found = values(still_server, "/api/sample/0")
    assert [image["id"] for image in found] == [0, 4, 8]
    assert found[0]["metadata"] == still.metadata[0]
    assert fetch(still_server, "/api/sample/1")[0].status == 400


def test_an_answer_is_that_of_the_command_line(
    still_server: LibraryServer, still: Library, model: RunModel
) -> None:
    for query, question in (
        ("q=a+lake", Question(("a lake",), top=24)),
        ("q=a+lake&q=trees&technique=max_similarity&kind=ann&top=3",
         Question(("a lake", "trees"), top=3, technique="max_similarity", kind="ann")),
        ("q=a%20lake&q=&path=north/*&where=cloud%3C4&where=&index=0",
         Question(("a lake",), top=24, glob="north/*", where=("cloud<4",))),
        ("like=4&top=2", Question(like=4, top=2)),
    ):  # fmt: skip
        found = values(still_server, f"/api/search?{query}")
        wanted = json.loads(json.dumps(ask(still, model, question).as_dict()))
        for answer in (found, wanted):
            del answer["encode_ms"], answer["search_ms"]
        assert found == wanted


def test_an_image_can_be_sent(still_server: LibraryServer, still: Library) -> None:
    content = (still.root / "z.png").read_bytes()
    response, found = fetch(still_server, "/api/search?top=1", "POST", content)
    assert response.status == 200
    assert json.loads(found)["hits"][0]["path"] == "z.png"
    response, found = fetch(still_server, "/api/search", "POST", b"no image")
    assert response.status == 400
    assert "is not an image" in json.loads(found)["error"]


@pytest.mark.parametrize(
    ("query", "message"),
    [
        ("", "the query is empty"),
        ("q=", "the query is empty"),
        ("q=x&top=many", "must be a whole number"),
        ("q=x&top=-1", "must be at least 1"),
        ("q=x&top=0", "at least 1"),
        ("q=x&index=7", "there is no index 7"),
        ("q=x&technique=best", "known: own"),
        ("q=x&kind=hnsw", "known: exact, ann"),
        ("q=x&where=nothing", "no condition"),
        ("q=x&like=3", "not with both"),
        ("like=99", "id 99"),
    ],
)
def test_a_bad_question_gets_its_message(
    still_server: LibraryServer, query: str, message: str
) -> None:
    response, content = fetch(still_server, f"/api/search?{query}")
    assert response.status == 400
    assert message in json.loads(content)["error"]


def test_images_are_drawn_anew_and_not_handed_out(server: LibraryServer, library: Library) -> None:
    for kind in ("thumbnail", "image"):
        for image_id, path in zip(library.ids.tolist(), library.paths, strict=True):
            response, content = fetch(server, f"/{kind}/0/{image_id}")
            assert response.status == 200
            assert response.headers["Content-Type"] == "image/jpeg"
            assert Image.open(io.BytesIO(content)).format == "JPEG"
            assert content != (library.root / path).read_bytes()
    large = Image.new("RGB", (3000, 200))
    large.save(library.root / "a.jpg")
    place = library.paths.index("a.jpg")
    sizes = [Image.open(io.BytesIO(fetch(server, f"/{kind}/0/{place}")[1])).size
             for kind in ("thumbnail", "image")]  # fmt: skip
    assert sizes == [(256, 17), (1280, 85)]


def test_one_connection_serves_many_requests_and_many_serve_at_once(
    still_server: LibraryServer,
) -> None:
    connection = HTTPConnection("127.0.0.1", still_server.port, timeout=30)
    for _ in range(3):
        connection.request("GET", "/api/search?q=a+lake&top=2")
        assert len(json.loads(connection.getresponse().read())["hits"]) == 2
    connection.close()
    found: list[Any] = []

    def ask_one(place: int) -> None:
        found.append(
            values(still_server, f"/api/search?q=lake+{place % 3}&top=1")["hits"][0]["path"]
        )

    threads = [threading.Thread(target=ask_one, args=(place,)) for place in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 12
    alone = {
        values(still_server, f"/api/search?q=lake+{k}&top=1")["hits"][0]["path"] for k in range(3)
    }
    assert set(found) == alone


def test_a_failure_of_ours_says_nothing_of_the_machine(
    still_server: LibraryServer, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    def fails(self: OpenLibraries, place: int) -> Library:
        raise RuntimeError("secret detail")

    monkeypatch.setattr(OpenLibraries, "__getitem__", fails)
    response, content = fetch(still_server, "/api/libraries")
    assert response.status == 500
    assert b"secret" not in content
    assert "secret detail" in capfd.readouterr().err


def test_an_address_that_cannot_be_had_is_named(
    still_server: LibraryServer, still: Library
) -> None:
    libraries = OpenLibraries([still.folder])
    for host, port in (
        ("127.0.0.1", still_server.port), ("192.0.2.1", 0), ("127.0.0.1", 99999),
        ("no.such.host.invalid", 0),
    ):  # fmt: skip
        with pytest.raises(UserError, match="cannot listen on"):
            LibraryServer(libraries, host, port)


def test_it_listens_where_it_is_told(still: Library) -> None:
    if not Path("/proc/net/if_inet6").exists():
        pytest.skip("no IPv6 here")
    server = LibraryServer(OpenLibraries([still.folder]), "::1", 0)
    server.close()
    assert server.address == f"http://[::1]:{server.port}/"
    assert server.is_local
