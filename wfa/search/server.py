"""The local search page: a small server that gives out the page, answers and images, no files.

Images are asked for by their id in the index and drawn anew as JPEG, so no path ever comes from
the network. A page of another origin can neither read answers nor reach the server under a name
of its own (DNS rebinding): the Host header must name this machine.
"""

import ipaddress
import json
import re
import socket
import sys
import traceback
from collections.abc import Mapping
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

from wfa.data.decode import BadImageError
from wfa.errors import UserError
from wfa.search.open_libraries import Shelf
from wfa.search.page_requests import Reply, answer, image, libraries, sample, static

MOST_UPLOADED = 32 * 2**20
"""Bytes of an image to ask with."""
_POLICY = (
    "default-src 'none'; img-src 'self' blob:; style-src 'self'; script-src 'self'; "
    "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
_SAMPLE = re.compile(r"/api/sample/([0-9]{1,9})")
_IMAGE = re.compile(r"/(thumbnail|image)/([0-9]{1,9})/([0-9]{1,18})")


class LibraryServer(ThreadingHTTPServer):
    """Listens and answers, each request in a thread of its own.

    Attributes:
        shelf: The libraries.
        host: The address that it was told to listen on.
    """

    daemon_threads = True

    def __init__(self, shelf: Shelf, host: str, port: int) -> None:
        self.shelf = shelf
        self.host = host
        if ":" in host:
            self.address_family = socket.AF_INET6
        super().__init__((host, port), LibraryHandler)

    @property
    def is_local(self) -> bool:
        """Whether only this machine can reach it."""
        return ipaddress.ip_address(str(self.server_address[0])).is_loopback

    @property
    def address(self) -> str:
        """Where a browser finds it."""
        name = f"[{self.host}]" if ":" in self.host else self.host
        return f"http://{name}:{self.server_address[1]}/"

    def knows(self, host: str) -> bool:
        """Say whether a Host header names this machine: an address, or a name that is its own.

        A page elsewhere can make its own name point here; it cannot send another name than that.
        """
        try:
            name = urlsplit(f"//{host}").hostname or ""
        except ValueError:
            return False
        if name in ("localhost", self.host.lower(), socket.gethostname().lower()):
            return True
        try:
            address = ipaddress.ip_address(name)
        except ValueError:
            return False
        return address.is_loopback or not self.is_local


class LibraryHandler(BaseHTTPRequestHandler):
    """Answers one connection."""

    server: LibraryServer
    server_version = "wfa"
    sys_version = ""
    protocol_version = "HTTP/1.1"
    timeout = 60

    def do_GET(self) -> None:
        """Answer a GET request."""
        self._reply(b"")

    def do_HEAD(self) -> None:
        """Answer a HEAD request: a GET without the content."""
        self._reply(b"")

    def do_POST(self) -> None:
        """Answer a search with an image, which is the request's content."""
        length = self.headers.get("Content-Length", "")
        if not length.isdecimal() or int(length) > MOST_UPLOADED:
            self.close_connection = True  # what was sent is left unread
            self._send(_problem(HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
                                f"send an image of at most {MOST_UPLOADED >> 20} MiB"))  # fmt: skip
            return
        self._reply(self.rfile.read(int(length)))

    def log_message(self, format: str, *args: Any) -> None:
        """Stay silent: the terminal shows the address."""

    def _reply(self, content: bytes) -> None:
        if not self.server.knows(self.headers.get("Host", "")):
            self._send(_problem(HTTPStatus.FORBIDDEN, "open this page by the address of the "
                                "machine, as the terminal shows it"))  # fmt: skip
            return
        origin = self.headers.get("Origin")
        if origin is not None and urlsplit(origin).netloc != self.headers.get("Host"):
            self._send(_problem(HTTPStatus.FORBIDDEN, "the request comes from another page"))
            return
        try:
            reply = self._route(content)
        except (BadImageError, UserError) as error:
            missing = isinstance(error, BadImageError)
            reply = _problem(HTTPStatus.NOT_FOUND if missing else HTTPStatus.BAD_REQUEST,
                             f"the image {error}" if missing else str(error))  # fmt: skip
        except Exception:
            traceback.print_exc(file=sys.stderr)
            reply = _problem(HTTPStatus.INTERNAL_SERVER_ERROR,
                             "something failed here; the terminal shows what")  # fmt: skip
        self._send(reply)

    def _route(self, content: bytes) -> Reply:
        parts = urlsplit(self.path)
        path = unquote(parts.path)
        shelf = self.server.shelf
        if self.command == "POST" or path == "/api/search":
            if path != "/api/search":
                return _problem(HTTPStatus.NOT_FOUND, "there is no such page")
            asked = parse_qs(parts.query, keep_blank_values=True)
            return answer(shelf, asked, content if self.command == "POST" else None)
        if path == "/api/libraries":
            return libraries(shelf)
        found = _SAMPLE.fullmatch(path)
        if found is not None:
            return sample(shelf, int(found[1]))
        found = _IMAGE.fullmatch(path)
        if found is not None:
            return image(shelf, int(found[2]), int(found[3]), found[1] == "thumbnail")
        reply = static(path)
        return reply or _problem(HTTPStatus.NOT_FOUND, "there is no such page")

    def _send(self, reply: Reply) -> None:
        self.send_response(reply.status)
        headers: Mapping[str, str] = {
            "Content-Type": reply.kind,
            "Content-Length": str(len(reply.content)),
            "Content-Security-Policy": _POLICY,
            "X-Content-Type-Options": "nosniff",
            "Referrer-Policy": "no-referrer",
            "Cross-Origin-Resource-Policy": "same-origin",
            "Cache-Control": "private, max-age=300" if reply.keep else "no-store",
        }
        for key, value in headers.items():
            self.send_header(key, value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(reply.content)


def make_server(shelf: Shelf, host: str, port: int) -> LibraryServer:
    """Bind to an address.

    Args:
        shelf: The libraries.
        host: An address or name of this machine.
        port: The port; 0 takes a free one.

    Raises:
        UserError: The address is not this machine's, or the port is taken.
    """
    try:
        return LibraryServer(shelf, host, port)
    except (OSError, OverflowError) as error:
        raise UserError(
            f"cannot listen on {host} port {port} ({getattr(error, 'strerror', None) or error}): "
            "choose another with --port, 0 takes a free one"
        ) from error


def _problem(status: HTTPStatus, message: str) -> Reply:
    content = json.dumps({"error": message}, ensure_ascii=False).encode()
    return Reply(content, "application/json", status)
