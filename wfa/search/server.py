"""The local search page on a port of this machine: uvicorn, and who may ask it.

A page of another origin can neither read answers nor reach the server under a name of its own
(DNS rebinding): the Host header must name this machine.
"""

import ipaddress
import socket
from urllib.parse import urlsplit

import uvicorn
from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

from wfa.errors import UserError
from wfa.search.open_libraries import OpenLibraries
from wfa.search.page_requests import page_app, problem

_HEADERS = [
    ("Content-Security-Policy",
     "default-src 'none'; img-src 'self' blob:; style-src 'self'; script-src 'self'; "
     "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"),
    ("X-Content-Type-Options", "nosniff"),
    ("Referrer-Policy", "no-referrer"),
    ("Cross-Origin-Resource-Policy", "same-origin"),
]  # fmt: skip


class LibraryServer:
    """Listens from the start and answers while it runs, each request in a thread of a pool.

    Args:
        libraries: What it searches.
        host: An address or name of this machine.
        port: The port; 0 takes a free one.

    Attributes:
        host: As given.
        port: The port that it listens on.
        is_local: Whether only this machine can reach it.

    Raises:
        UserError: The address is not this machine's, or the port is taken.
    """

    def __init__(self, libraries: OpenLibraries, host: str, port: int) -> None:
        self.host = host
        self._socket = _listen(host, port)
        address, self.port = self._socket.getsockname()[:2]
        self.is_local = ipaddress.ip_address(address).is_loopback
        config = uvicorn.Config(
            _Guard(page_app(libraries), self),
            http="h11",  # the same on every machine, whatever else is installed
            loop="asyncio",
            ws="none",
            lifespan="off",
            log_config=None,
            log_level="critical",  # the terminal shows the address; a failure prints itself
            access_log=False,
            proxy_headers=False,
            server_header=False,
            headers=_HEADERS,
            timeout_graceful_shutdown=1,
        )
        self._server = uvicorn.Server(config)

    @property
    def address(self) -> str:
        """Where a browser finds it."""
        name = f"[{self.host}]" if ":" in self.host else self.host
        return f"http://{name}:{self.port}/"

    def run(self) -> None:
        """Answer until `stop` is called or Ctrl-C, which raises KeyboardInterrupt."""
        self._server.run([self._socket])

    def stop(self) -> None:
        """Let `run` come to its end; from any thread."""
        self._server.should_exit = True

    def close(self) -> None:
        """Give the port back."""
        self._socket.close()

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


class _Guard:
    """Lets through what a page of this server sent to a name of this machine."""

    def __init__(self, app: ASGIApp, server: LibraryServer) -> None:
        self._app = app
        self._server = server

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self._chosen(Headers(scope=scope))(scope, receive, send)

    def _chosen(self, headers: Headers) -> ASGIApp:
        host = headers.get("Host", "")
        if not self._server.knows(host):
            return problem(403, "open this page by the address of the machine, as the terminal "
                           "shows it")  # fmt: skip
        origin = headers.get("Origin")
        if origin is not None and origin.partition("://")[2] != host:
            return problem(403, "the request comes from another page")
        return self._app


def _listen(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    # By its number: asyncio sends small answers without delay only where it sees that it is TCP.
    listening = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind((host, port))
        listening.listen()
    except (OSError, OverflowError) as error:
        listening.close()
        raise UserError(
            f"cannot listen on {host} port {port} ({getattr(error, 'strerror', None) or error}): "
            "choose another with --port, 0 takes a free one"
        ) from error
    return listening
