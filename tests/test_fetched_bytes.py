"""Files over HTTP: what a store breaks off is asked for again, and what it refuses is named."""

import gzip
import socket
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from urllib.parse import urlsplit

import pytest

from tests.data.shards.made_shards import numbered, write_tar
from tests.data.shards.stalling_store import stalling_store
from wfa import fetched_bytes
from wfa.data.shards.shard_reader import BadShardError, read_shard
from wfa.fetched_bytes import FetchedBytes

PARTS = 3


class _Store(BaseHTTPRequestHandler):
    """Serves `content`: the first word of a path says how."""

    content: bytes
    asked: list[str]
    tags: Iterator[str]

    def do_GET(self) -> None:
        how = urlsplit(self.path).path.strip("/").partition("/")[0]
        self.asked.append(how)
        if how == "gone" or (how == "busy" and len(self.asked) == 1):
            self.send_error(404 if how == "gone" else 503)
            return
        if how in ("moved", "round"):
            self.send_response(302)
            self.send_header("Location", "/breaks/a.tar" if how == "moved" else self.path)
            self.end_headers()
            return
        begin = int(self.headers.get("Range", "bytes=0-")[6:].partition("-")[0])
        begin = 0 if how == "whole_only" else begin
        tag = next(self.tags) if how in ("changes", "ignores", "same") else ""
        if how in ("changes", "same") and self.headers.get("If-Range", tag) != tag:
            begin = 0
        self.send_response(206 if begin else 200)
        whole = len(self.content) + (how == "grows" and begin > 0)
        if begin:
            self.send_header("Content-Range", f"bytes {begin}-{whole - 1}/{whole}")
        self.send_header("Content-Length", str(len(self.content) - begin))
        if tag:
            self.send_header("ETag", tag)
        if how == "packed":
            self.send_header("Content-Encoding", "gzip")
        self.end_headers()
        stop = len(self.content)
        if how not in ("whole", "busy", "packed"):  # a third of it each time
            stop = min(stop, begin + len(self.content) // PARTS + 1)
        self.wfile.write(self.content[begin : stop if how != "never" else begin])

    def log_message(self, format: str, *args: object) -> None:
        del format, args


@contextmanager
def served(port: int = 0) -> Iterator[str]:
    with ThreadingHTTPServer(("127.0.0.1", port), _Store) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


@pytest.fixture
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    monkeypatch.setattr(fetched_bytes, "PAUSES", (0.0, 0.0))
    _Store.content = write_tar(tmp_path / "a.tar", numbered(0, 3)).read_bytes()
    _Store.asked = []
    _Store.tags = (f'"{number}"' for number in range(PARTS))
    with served() as address:
        yield address


@pytest.mark.parametrize(
    ("how", "asked"), [("whole", 1), ("busy", 2), ("breaks", PARTS), ("same", PARTS)]
)
def test_the_rest_is_asked_for(store: str, how: str, asked: int) -> None:
    _Store.tags = iter(['"one"'] * PARTS) if how == "same" else _Store.tags
    found = list(read_shard(f"{store}/{how}/a[1]{{2}}.tar"))
    assert [sample["png"] for sample in found] == [own["png"] for own in numbered(0, 3).values()]
    assert len(_Store.asked) == asked


@pytest.mark.parametrize(
    ("how", "asked", "problem"),
    [
        ("gone", 1, "its store answered 404"),
        ("never", 3, "the connection broke off"),
        ("whole_only", 2, "the connection broke off, and its store cannot go on in the middle"),
        ("changes", 2, "it changed while it was read"),
        ("ignores", 2, "it changed while it was read"),
        ("grows", 2, "it changed while it was read"),
    ],
)
def test_what_it_refuses_is_named(store: str, how: str, asked: int, problem: str) -> None:
    with pytest.raises(BadShardError) as raised:
        list(read_shard(f"{store}/{how}/a.tar"))
    assert str(raised.value) == f"cannot be read ({problem})"
    assert len(_Store.asked) == asked


@pytest.mark.usefixtures("store")
def test_a_host_that_goes_away_halfway_is_asked_again(monkeypatch: pytest.MonkeyPatch) -> None:
    waits: list[float] = []
    with ExitStack() as later:
        with served() as gone:
            fetched = FetchedBytes(f"{gone}/breaks/a.tar")
            begun = fetched.read(9)

        def wait(seconds: float) -> None:
            waits.append(seconds)
            if len(waits) == 2:  # once nobody answered
                assert later.enter_context(served(urlsplit(gone).port or 0)) == gone

        monkeypatch.setattr("wfa.fetched_bytes.time.sleep", wait)
        assert begun + fetched.read() == _Store.content
    assert len(waits) == PARTS


def test_a_store_that_stalls_is_asked_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fetched_bytes, "PAUSES", (0.0,))
    monkeypatch.setattr(fetched_bytes, "STALLED", 0.2)
    path = write_tar(tmp_path / "a.tar", numbered(0, 3))
    with stalling_store(tmp_path, "a.tar") as store:
        fetched = FetchedBytes(f"{store}/a.tar")
        assert fetched.read() == path.read_bytes()
    with socket.create_server(("127.0.0.1", 0)) as deaf:
        url = f"http://127.0.0.1:{deaf.getsockname()[1]}/a.tar"
        with pytest.raises(OSError, match=r"its store sent nothing for 0\.2 s"):
            FetchedBytes(url).read()


def test_a_proxy_of_the_environment_is_asked(store: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("all_proxy", "no_proxy", "ALL_PROXY", "NO_PROXY", "HTTP_PROXY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("http_proxy", store)
    assert FetchedBytes("http://nowhere.invalid/breaks/a.tar").read() == _Store.content
    monkeypatch.setenv("http_proxy", "elsewhere://127.0.0.1")
    with pytest.raises(OSError, match="elsewhere"):
        FetchedBytes(store).read()


@pytest.mark.parametrize(
    ("url", "problem"),
    [
        ("http://nowhere.invalid/a.tar", "its host is not known"),
        ("http://127.0.0.1:x/a.tar", "Invalid port"),
        ("http:///a.tar", "missing"),
        ("{secure}/a.tar", "its host makes no secure connection"),
        ("{store}/round/a.tar", "redirect"),
    ],
)
def test_addresses_that_lead_nowhere(store: str, url: str, problem: str) -> None:
    url = url.format(store=store, secure=store.replace("http", "https"))
    with pytest.raises(OSError, match=problem):
        FetchedBytes(url).read()


def test_a_redirect_is_followed_and_content_is_not_unpacked(store: str) -> None:
    _Store.content = gzip.compress(_Store.content)
    for how in ("moved", "packed"):
        assert FetchedBytes(f"{store}/{how}/a.tar").read() == _Store.content


def test_whoever_wants_no_more_leaves_nothing_open(store: str) -> None:
    for read in (0, 9):
        fetched = FetchedBytes(f"{store}/whole/a.tar")
        assert len(fetched.read(read)) == read
        fetched.close()
    assert len(_Store.asked) == 1
