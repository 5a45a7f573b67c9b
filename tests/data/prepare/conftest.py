"""A web server on this machine that can resume, break off, and answer with errors."""

import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest


@dataclass
class Site:
    """What the server serves and how it misbehaves; `requests` notes (path, Range header)."""

    base_url: str = ""
    files: dict[str, bytes] = field(default_factory=dict)
    tags: dict[str, str] = field(default_factory=dict)
    redirects: dict[str, str] = field(default_factory=dict)
    cut_after: list[int] = field(default_factory=list)
    """Bytes after which each of the next answers breaks off."""
    errors: list[int] = field(default_factory=list)
    """Statuses of the next answers."""
    ranges: bool = True
    requests: list[tuple[str, str | None]] = field(default_factory=list)


@pytest.fixture
def site() -> Iterator[Site]:
    """Serve on a free port of the loopback interface."""
    served = Site()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            served.requests.append((self.path, self.headers["Range"]))
            if served.errors:
                self.send_error(served.errors.pop(0))
            elif self.path in served.redirects:
                self.send_response(302)
                self.send_header("Location", served.redirects[self.path])
                self.send_header("Content-Length", "0")
                self.end_headers()
            elif self.path not in served.files:
                self.send_error(404)
            else:
                self.answer(served.files[self.path], served.tags.get(self.path, '"one"'))

        def answer(self, content: bytes, tag: str) -> None:
            start = self.start(tag)
            if start >= len(content) > 0:
                self.send_error(416)
                return
            self.send_response(206 if start else 200)
            if start:
                total = len(content)
                self.send_header("Content-Range", f"bytes {start}-{total - 1}/{total}")
            self.send_header("Content-Length", str(len(content) - start))
            self.send_header("ETag", tag)
            self.end_headers()
            stop = served.cut_after.pop(0) if served.cut_after else len(content)
            self.wfile.write(content[start : start + stop])

        def start(self, tag: str) -> int:
            wanted = self.headers["Range"]
            if wanted is None or not served.ranges or self.headers["If-Range"] not in (None, tag):
                return 0
            return int(wanted.removeprefix("bytes=").removesuffix("-"))

        def log_message(self, format: str, *args: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    served.base_url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield served
    server.shutdown()
    thread.join()
    server.server_close()
