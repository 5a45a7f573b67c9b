"""Files over HTTP: what a store breaks off is asked for again, and what it refuses is named."""

import subprocess
from collections.abc import Iterator
from contextlib import closing
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest

from tests.data.shards.made_shards import numbered, write_tar
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
        how = self.path.strip("/").partition("/")[0]
        self.asked.append(how)
        if how == "gone" or (how == "busy" and len(self.asked) == 1):
            self.send_error(404 if how == "gone" else 503)
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
        self.end_headers()
        stop = len(self.content)
        if how not in ("whole", "busy"):  # a third of it each time
            stop = min(stop, begin + len(self.content) // PARTS + 1)
        self.wfile.write(self.content[begin : stop if how != "never" else begin])

    def log_message(self, format: str, *args: object) -> None:
        del format, args


@pytest.fixture
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    monkeypatch.setattr(fetched_bytes, "PAUSES", (0.0, 0.0))
    _Store.content = write_tar(tmp_path / "a.tar", numbered(0, 3)).read_bytes()
    _Store.asked = []
    _Store.tags = (f'"{number}"' for number in range(PARTS))
    with ThreadingHTTPServer(("127.0.0.1", 0), _Store) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


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


def test_a_host_that_goes_away_halfway_is_asked_again(
    store: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with closing(FetchedBytes(f"{store}/breaks/a.tar")) as fetched:
        begun = fetched.read(9)
        hosts, popen = iter(["http://127.0.0.1:9"]), subprocess.Popen[bytes]

        def elsewhere(words: list[str], stdout: int, stderr: int) -> "subprocess.Popen[bytes]":
            asked = [*words[:-1], f"{next(hosts, store)}/breaks/a.tar"]
            return popen(asked, stdout=stdout, stderr=stderr)

        monkeypatch.setattr("wfa.fetched_bytes.subprocess.Popen", elsewhere)
        assert begun + fetched.read() == _Store.content
    assert next(hosts, "") == ""
