"""A hub of data sets on this machine that can break off, and answer with errors."""

import hashlib
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest


@dataclass
class Site:
    """What the server serves, how it misbehaves, and the paths it is asked for."""

    base_url: str = ""
    files: dict[str, bytes] = field(default_factory=dict)
    cut_after: list[int] = field(default_factory=list)
    """Bytes after which each of the next answers breaks off."""
    errors: list[int] = field(default_factory=list)
    """Statuses of the next answers."""
    asked: list[str] = field(default_factory=list)
    """Whether they are there."""
    requests: list[str] = field(default_factory=list)
    """For their content."""


@pytest.fixture
def site() -> Iterator[Site]:
    """Serve on a free port of the loopback interface."""
    served = Site()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            served.requests.append(self.path)
            self.answer(with_content=True)

        def do_HEAD(self) -> None:
            served.asked.append(self.path)
            self.answer(with_content=False)

        def answer(self, with_content: bool) -> None:
            if served.errors:
                self.send_error(served.errors.pop(0))
                return
            if self.path not in served.files:
                self.send_error(404)
                return
            content = served.files[self.path]
            self.send_response(200)
            self.send_header("Content-Length", str(len(content)))
            self.send_header("ETag", f'"{hashlib.sha256(content).hexdigest()}"')
            self.send_header("X-Repo-Commit", "0" * 40)
            self.end_headers()
            if with_content:
                stop = served.cut_after.pop(0) if served.cut_after else len(content)
                self.wfile.write(content[:stop])

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
