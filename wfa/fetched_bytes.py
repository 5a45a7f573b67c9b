"""A file over HTTP that goes on where its store stalls or breaks off.

`webdataset` has curl fetch it once: a store that stalls would be waited for without end, and curl's
own retries write what came before once more. What comes later must be of the same object as what
came first (RFC 9110, 13.1.5): a store that has another by now is refused.
"""

import errno
import socket
import ssl
import time
from collections.abc import Generator
from functools import cache
from typing import TYPE_CHECKING

from webdataset.gopen import rewrite_url

if TYPE_CHECKING:
    from httpx2 import Response

STALLED = 60.0
"""Seconds without a byte after which a store is asked again."""
PAUSES = (1.0, 2.0, 4.0, 8.0, 16.0)
"""Seconds before each further try; one that brought something counts as the first again."""

_BUSY = (408, 429, 500, 502, 503, 504)
_BROKE_OFF = "the connection broke off"


class FetchedBytes:
    """The bytes of a file as they come; it is asked for when the first are read.

    Args:
        url: Its address, `http://...` or `https://...`.
    """

    def __init__(self, url: str) -> None:
        self._parts = _fetched(rewrite_url(url))
        self._kept = bytearray()

    def read(self, size: int = -1) -> bytes:
        """Return the next bytes, fewer than `size` only at the end.

        Raises:
            OSError: The store refuses, has another object than before, or cannot be reached though
                it was asked again.
        """
        while (size < 0 or len(self._kept) < size) and (part := next(self._parts, b"")):
            self._kept += part
        found = bytes(self._kept[: size if size >= 0 else None])
        del self._kept[: len(found)]
        return found

    def close(self) -> None:
        """Want no more of it."""
        self._parts.close()


def _fetched(url: str) -> Generator[bytes, None, None]:
    """Give the parts of a file, none of them empty; see `FetchedBytes.read` for errors."""
    import httpx2  # slow to import, and most runs read their own disk

    at, pauses, first = 0, iter(PAUSES), ("", "", "")
    while True:
        head = {"Accept-Encoding": "identity"} | (_rest(first, at) if at else {})
        try:
            with httpx2.stream(
                "GET", url, headers=head, timeout=STALLED, follow_redirects=True, verify=_trusted()
            ) as answer:
                if at:
                    _check_goes_on(answer, first, at)
                answer.raise_for_status()
                first = first if at else _facts(answer)
                for part in answer.iter_raw():
                    at += len(part)
                    pauses = iter(PAUSES)
                    yield part
            return
        # What the environment says of proxies raises the last two.
        except (httpx2.HTTPError, httpx2.InvalidURL, ImportError, ValueError) as error:
            reason, may_pass = _problem(error, begun=at > 0)
            pause = next(pauses, None) if may_pass else None
            if pause is None:
                raise OSError(errno.EIO, reason) from error
        time.sleep(pause)


@cache
def _trusted() -> ssl.SSLContext:
    """Return what secure connections rest on; its certificates take a while to read."""
    import httpx2

    return httpx2.create_ssl_context()


def _facts(answer: "Response") -> tuple[str, str, str]:
    """Return ETag, time of the last change and size of the whole object; empty where not told."""
    head = answer.headers
    whole = head.get("Content-Length", "") if answer.status_code == 200 else ""
    size = head.get("Content-Range", "").rpartition("/")[2].replace("*", "") or whole
    return head.get("ETag", ""), head.get("Last-Modified", ""), size


def _rest(first: tuple[str, str, str], at: int) -> dict[str, str]:
    """Return what asks for the bytes from `at`, of the same object where that can be compared."""
    etag, modified, _ = first
    exact = modified if not etag or etag.startswith("W/") else etag
    return {"Range": f"bytes={at}-"} | ({"If-Range": exact} if exact else {})


def _check_goes_on(answer: "Response", first: tuple[str, str, str], at: int) -> None:
    """Refuse an answer about another object, as far as both answers tell, or another place."""
    etags, changes, sizes = zip(first, _facts(answer), strict=True)
    pairs = (etags if all(etags) else changes, sizes)
    tells = answer.is_success or answer.status_code == 416  # which tells the size, too
    if tells and any(all(pair) and pair[0] != pair[1] for pair in pairs):
        raise OSError(errno.EIO, "it changed while it was read")
    if answer.is_success and not answer.headers.get("Content-Range", "").startswith(f"bytes {at}-"):
        raise OSError(errno.EIO, f"{_BROKE_OFF}, and its store cannot go on in the middle")


def _problem(error: BaseException, begun: bool) -> tuple[str, bool]:
    """Say why a file does not come, and whether asking again may help."""
    import httpx2

    if isinstance(error, httpx2.HTTPStatusError):
        status = error.response.status_code
        return f"its store answered {status}", status in _BUSY
    if isinstance(error, httpx2.TimeoutException):
        return f"its store sent nothing for {STALLED:g} s", True
    if not isinstance(error, httpx2.ConnectError):
        broke = isinstance(error, (httpx2.NetworkError, httpx2.RemoteProtocolError))
        return (_BROKE_OFF if broke else str(error)), broke or begun
    cause: BaseException | None = error
    while cause and not isinstance(cause, (socket.gaierror, ssl.SSLError)):
        cause = cause.__context__
    if isinstance(cause, ssl.SSLError):
        return f"its host makes no secure connection: {cause.reason}", begun
    return f"its host {'is not known' if cause else 'does not answer'}", begun
