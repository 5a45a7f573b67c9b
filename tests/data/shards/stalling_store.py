"""A store of shards over HTTP that stops in the middle of one of them, once."""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Event, Thread
from typing import Any


@contextmanager
def stalling_store(folder: Path, stalled: str, seconds: float | None = None) -> Iterator[str]:
    """Serve a folder; the first time that a file is asked for, stop halfway for a while.

    Args:
        folder: What is served.
        stalled: The file's name.
        seconds: How long; for good unless given.

    Yields:
        The address of the folder.
    """
    over = Event()
    handler = partial(
        _Stalling, directory=str(folder), stalled=stalled, seconds=seconds, over=over, asked=set()
    )
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        server.daemon_threads = True
        Thread(target=server.serve_forever, daemon=True).start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            over.set()
            server.shutdown()


class _Stalling(SimpleHTTPRequestHandler):
    def __init__(
        self,
        *args: Any,
        stalled: str,
        seconds: float | None,
        over: Event,
        asked: set[str],
        **more: Any,
    ) -> None:
        self._stalled, self._seconds, self._over, self._asked = stalled, seconds, over, asked
        super().__init__(*args, **more)

    def do_GET(self) -> None:
        """Serve a file from the byte that was asked for."""
        content = Path(self.translate_path(self.path)).read_bytes()
        begin = int(self.headers.get("Range", "bytes=0-")[6:].partition("-")[0])
        self.send_response(206 if begin else 200)
        if begin:
            self.send_header("Content-Range", f"bytes {begin}-{len(content) - 1}/{len(content)}")
        self.send_header("Content-Length", str(len(content) - begin))
        self.end_headers()
        stalls = self.path == f"/{self._stalled}" and self.path not in self._asked
        self._asked.add(self.path)
        half = len(content) // 2 if stalls else begin
        try:
            self.wfile.write(content[begin:half])
            self.wfile.flush()
            if stalls:
                self._over.wait(self._seconds)
            self.wfile.write(content[half:])
        except OSError:
            return  # whoever asked has gone

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""
