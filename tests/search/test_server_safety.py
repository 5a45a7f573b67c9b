"""What the search page must never give out, and to whom."""

import json
import shutil
import socket
from pathlib import Path
from urllib.parse import quote

import pytest

from tests.search.conftest import picture
from tests.search.web import fetch
from wfa.search.library import Library
from wfa.search.open_libraries import OpenLibraries
from wfa.search.page_requests import MOST_UPLOADED
from wfa.search.server import LibraryServer

SECRET = b"the secret of another folder"


def plant(library: Library) -> Path:
    """Put a secret picture and a secret text beside the folder of images."""
    beside = library.root.parent
    picture(99).save(beside / "secret.png")
    (beside / "secret.txt").write_bytes(SECRET)
    return beside


def escapes(beside: Path) -> list[str]:
    """Ways out of a folder: plain, encoded once and twice, absolute, with NUL and backslashes."""
    ways = []
    for up in ("..", "%2e%2e", "%252e%252e", "..%00", ".%2e", "..;"):
        for slash in ("/", "%2f", "%252f", "\\", "%5c", "//"):
            ways += [f"{up}{slash}secret.{end}" for end in ("txt", "png")]
            ways += [slash.join([up] * 8) + slash + "etc" + slash + "passwd"]
    ways += [quote(f"{beside}/secret.{end}", safe="") for end in ("txt", "png")]
    return [*ways, f"{beside}/secret.png", "file://" + f"{beside}/secret.txt", "secret.png"]


def test_no_path_leads_out_of_the_folder(server: LibraryServer, library: Library) -> None:
    ways = escapes(plant(library))
    for prefix in ("/", "/thumbnail/", "/thumbnail/0/", "/image/0/", "/image/", "/page.js/"):
        for way in ways:
            response, content = fetch(server, prefix + way)
            assert response.status in (400, 404), prefix + way
            assert SECRET not in content
            assert b"root:" not in content


@pytest.mark.parametrize(
    "path",
    [
        "/./", "/x/../", "/page.css/", "/image/0/1/2", "/image/0/", "/image/0/-1", "/image/0/1.0",
        "/image/0/1%00", "/image/0/%D9%A1", "/thumbnail/0/1?x=../../secret.png#",
        "/image/00000000000/1", "/image/0/99999999999999999999", "/assets/page.js", "*", "x",
    ],
)  # fmt: skip
def test_odd_paths_get_nothing_that_they_should_not(still_server: LibraryServer, path: str) -> None:
    response, content = fetch(still_server, path)
    if path.startswith("/thumbnail/0/1?"):  # a query is no part of the path
        assert response.headers["Content-Type"] == "image/jpeg"
    else:
        assert response.status in (400, 404), content


def test_a_link_that_was_put_in_place_of_an_image_is_not_followed(
    server: LibraryServer, library: Library
) -> None:
    beside = plant(library)
    place = library.paths.index("z.png")
    (library.root / "z.png").unlink()
    response, content = fetch(server, f"/image/0/{place}")
    assert response.status == 404
    assert "is gone" in json.loads(content)["error"]
    (library.root / "z.png").symlink_to(beside / "secret.png")
    response, content = fetch(server, f"/image/0/{place}")
    assert response.status == 404
    assert "lies outside" in json.loads(content)["error"]
    deep = library.paths.index("north/deep/e.TIFF")
    shutil.rmtree(library.root / "north" / "deep")
    (beside / "outside").mkdir()
    picture(9).save(beside / "outside" / "e.TIFF")
    (library.root / "north" / "deep").symlink_to(beside / "outside")
    response, content = fetch(server, f"/thumbnail/0/{deep}")
    assert response.status == 404
    assert "lies outside" in json.loads(content)["error"]


@pytest.mark.parametrize(
    ("host", "known"),
    [
        ("127.0.0.1", True), ("127.0.0.1:8000", True), ("localhost:1", True), ("[::1]:80", True),
        ("127.9.9.9", True), ("LOCALHOST", True), ("", False), ("evil.example", False),
        ("127.0.0.1.evil.example", False), ("localhost.evil.example", False), ("10.0.0.1", False),
        ("[::1", False), ("evil.example:8000", False), ("localhost@evil.example", False),
        (socket.gethostname(), True),
    ],
)  # fmt: skip
def test_only_names_of_this_machine_are_answered(
    still_server: LibraryServer, host: str, known: bool
) -> None:
    response, content = fetch(still_server, "/api/libraries", headers={"Host": host})
    assert response.status == (200 if known else 403)
    assert (b"photos" in content) == known


def test_a_server_for_others_answers_to_addresses_but_to_no_foreign_name(still: Library) -> None:
    server = LibraryServer(OpenLibraries([still.folder]), "0.0.0.0", 0)
    server.close()
    assert not server.is_local
    known = {host: server.knows(host) for host in ("10.0.0.1:80", "[fe80::1]", "evil.example", "")}
    assert known == {"10.0.0.1:80": True, "[fe80::1]": True, "evil.example": False, "": False}


def test_requests_of_other_pages_are_refused(still_server: LibraryServer, still: Library) -> None:
    content = (still.root / "z.png").read_bytes()
    for origin, status in (
        ("http://evil.example", 403),
        ("null", 403),
        ("http://[::1", 403),
        (still_server.address.rstrip("/"), 200),
    ):
        headers = {"Origin": origin}
        response, _ = fetch(still_server, "/api/search", "POST", content, headers)
        assert response.status == status
        assert response.headers["Access-Control-Allow-Origin"] is None


def test_other_methods_and_too_much_content_are_refused(still_server: LibraryServer) -> None:
    for method in ("PUT", "DELETE", "OPTIONS", "PATCH", "TRACE"):
        assert fetch(still_server, "/", method)[0].status == 501
    for path in ("/", "/api/libraries", "/image/0/1"):
        assert fetch(still_server, path, "POST", b"x")[0].status == 404
    for length, status in (
        (str(MOST_UPLOADED + 1), 413), ("1" * 20, 413), ("-1", 400), ("many", 400), ("1" * 30, 400)
    ):  # fmt: skip
        headers = {"Content-Length": length}
        assert fetch(still_server, "/api/search", "POST", b"", headers)[0].status == status
    chunked = {"Transfer-Encoding": "chunked"}
    for headers in (chunked, chunked | {"Content-Length": "5"}):
        response, _ = fetch(still_server, "/api/search", "POST", b"0\r\n\r\n", headers)
        assert response.status == 413
    response, content = fetch(still_server, "/", "HEAD")
    assert response.status == 200
    assert content == b""
    assert int(response.headers["Content-Length"]) > 0
