"""A file over HTTP that goes on where its store stalls or breaks off.

`webdataset` has curl fetch it once: a store that stalls would be waited for without end, and curl's
own retries write what came before once more.
"""

import errno
import subprocess
import time

from webdataset.gopen import rewrite_url

STALLED = 60
"""Seconds without a byte after which a store is asked again."""
PAUSES = (1.0, 2.0, 4.0, 8.0, 16.0)
"""Seconds before each further try; one that brought something counts as the first again."""

_BUSY = ("408", "429", "500", "502", "503", "504")
_STALLS, _REFUSED, _NO_RANGE = 28, 22, 33
_BROKE_OFF = (18, 52, 55, 56, 92)
_REASONS = {
    6: "its host is not known",
    7: "its host does not answer",
    _STALLS: f"its store sent nothing for {STALLED} s",
    _NO_RANGE: "the connection broke off, and its store cannot go on in the middle",
} | dict.fromkeys(_BROKE_OFF, "the connection broke off")
"""Code of curl -> what it means."""


class FetchedBytes:
    """The bytes of a file as they come.

    Args:
        url: Its address, `http://...` or `https://...`.

    Raises:
        OSError: There is no curl.
    """

    def __init__(self, url: str) -> None:
        self._url = rewrite_url(url)
        self._at = 0
        self._over = False
        self._pauses = iter(PAUSES)
        self._curl = self._asked()

    def read(self, size: int = -1) -> bytes:
        """Return the next bytes, fewer than `size` only at the end.

        Raises:
            OSError: The store refuses, or cannot be reached though it was asked again.
        """
        parts = []
        while size and not self._over:
            part = self._out.read(size)
            parts.append(part)
            self._at += len(part)
            if part:
                self._pauses = iter(PAUSES)
            size -= len(part) if size > 0 else 0
            if size:
                self._over = self._is_over()
        return b"".join(parts)

    def close(self) -> None:
        """Want no more of it."""
        self._curl.kill()
        self._curl.communicate()

    def _asked(self) -> "subprocess.Popen[bytes]":
        """Ask for what has not come yet."""
        rest = ["--continue-at", str(self._at)] if self._at else []
        words = [
            "curl", "--fail", "--silent", "--location", "--connect-timeout", str(STALLED),
            "--speed-limit", "1", "--speed-time", str(STALLED), *rest,
            "--write-out", "%{stderr}%{http_code}", self._url,
        ]  # fmt: skip
        try:
            curl = subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        except FileNotFoundError as error:
            raise OSError(errno.EIO, "curl is not installed") from error
        assert curl.stdout is not None  # a pipe was asked for
        self._out = curl.stdout
        return curl

    def _is_over(self) -> bool:
        """Say whether curl ended since all has come; else ask once more."""
        _, said = self._curl.communicate()
        code, answer = self._curl.returncode, said.decode()[-3:]
        if not code:
            return True
        again = code in (_STALLS, *_BROKE_OFF) or (code == _REFUSED and answer in _BUSY)
        pause = next(self._pauses, None) if again else None
        if pause is None:
            reason = f"its store answered {answer}" if code == _REFUSED else _REASONS.get(code)
            raise OSError(errno.EIO, reason or f"curl ended with code {code}")
        time.sleep(pause)
        self._curl = self._asked()
        return False
