"""Files over HTTP: what a store breaks off is asked for again, and what it refuses is named."""

from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest

from tests.data.shards.made_shards import numbered, write_tar
from wfa import fetched_bytes
from wfa.data.shards.shard_reader import BadShardError, read_shard

PARTS = 3


class _Store(BaseHTTPRequestHandler):
    """Serves `content`: the first word of a path says how."""

    content: bytes
    asked: list[str]

    def do_GET(self) -> None:
        how = self.path.strip("/").partition("/")[0]
        self.asked.append(how)
        if how == "gone" or (how == "busy" and len(self.asked) == 1):
            self.send_error(404 if how == "gone" else 503)
            return
        begin = int(self.headers.get("Range", "bytes=0-")[6:].partition("-")[0])
        begin = 0 if how == "whole_only" else begin
        self.send_response(206 if begin else 200)
        if begin:
            whole = len(self.content)
            self.send_header("Content-Range", f"bytes {begin}-{whole - 1}/{whole}")
        self.send_header("Content-Length", str(len(self.content) - begin))
        self.end_headers()
        stop = len(self.content)
        if how in ("breaks", "whole_only"):  # a third of it each time
            stop = min(stop, begin + len(self.content) // PARTS + 1)
        self.wfile.write(self.content[begin : stop if how != "never" else begin])

    def log_message(self, format: str, *args: object) -> None:
        del format, args


@pytest.fixture
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    monkeypatch.setattr(fetched_bytes, "PAUSES", (0.0, 0.0))
    _Store.content = write_tar(tmp_path / "a.tar", numbered(0, 3)).read_bytes()
    _Store.asked = []
    with ThreadingHTTPServer(("127.0.0.1", 0), _Store) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


@pytest.mark.parametrize(("how", "asked"), [("whole", 1), ("busy", 2), ("breaks", PARTS)])
def test_the_rest_is_asked_for(store: str, how: str, asked: int) -> None:
    found = list(read_shard(f"{store}/{how}/a.tar"))
    assert [sample["png"] for sample in found] == [own["png"] for own in numbered(0, 3).values()]
    assert len(_Store.asked) == asked


@pytest.mark.parametrize(
    ("how", "asked", "problem"),
    [
        ("gone", 1, "its store answered 404"),
        ("never", 3, "the connection broke off"),
        ("whole_only", 2, "the connection broke off, and its store cannot go on in the middle"),
    ],
)
def test_what_it_refuses_is_named(store: str, how: str, asked: int, problem: str) -> None:
    with pytest.raises(BadShardError) as raised:
        list(read_shard(f"{store}/{how}/a.tar"))
    assert str(raised.value) == f"cannot be read ({problem})"
    assert len(_Store.asked) == asked
