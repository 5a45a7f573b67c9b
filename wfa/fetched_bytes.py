"""A file over HTTP that goes on where its store stalls or breaks off.

`webdataset` has curl fetch it once: a store that stalls would be waited for without end, and curl's
own retries write what came before once more. What comes later must be of the same object as what
came first (RFC 9110, 13.1.5): a store that has another by now is refused.
"""

import errno
import subprocess
import time
from typing import NamedTuple

from webdataset.gopen import rewrite_url

STALLED = 60
"""Seconds without a byte after which a store is asked again."""
PAUSES = (1.0, 2.0, 4.0, 8.0, 16.0)
"""Seconds before each further try; one that brought something counts as the first again."""

_BUSY = ("408", "429", "500", "502", "503", "504")
_STALLS, _REFUSED, _NO_RANGE = 28, 22, 33
_BROKE_OFF = (18, 52, 55, 56, 92)
_UNREACHED = (6, 7, 35)
"""Codes that mean a wrong address, unless something has come from it."""
_REASONS = {
    6: "its host is not known",
    7: "its host does not answer",
    35: "its host makes no secure connection",
    _STALLS: f"its store sent nothing for {STALLED} s",
    _NO_RANGE: "the connection broke off, and its store cannot go on in the middle",
} | dict.fromkeys(_BROKE_OFF, "the connection broke off")
"""Code of curl -> what it means."""


class _Answer(NamedTuple):
    """What the head of an answer says; empty where it says nothing.

    Attributes:
        status: The three digits.
        etag: Of the object.
        modified: When the object was last changed.
        size: Bytes of the whole object.
    """

    status: str = ""
    etag: str = ""
    modified: str = ""
    size: str = ""

    @property
    def validator(self) -> str:
        """What a store can compare exactly, for `If-Range`."""
        return self.modified if not self.etag or self.etag.startswith("W/") else self.etag

    def is_of(self, first: "_Answer") -> bool:
        """Say whether it is about the same object, as far as both answers tell."""
        names = ("etag", "size") if self.etag and first.etag else ("modified", "size")
        pairs = [(getattr(self, name), getattr(first, name)) for name in names]
        return all(one == other for one, other in pairs if one and other)


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
        self._first = _Answer()
        self._answer: _Answer | None = None
        self._asked()

    def read(self, size: int = -1) -> bytes:
        """Return the next bytes, fewer than `size` only at the end.

        Raises:
            OSError: The store refuses, has another object than before, or cannot be reached though
                it was asked again.
        """
        parts = []
        while size and not self._over:
            if self._answer is None:
                self._answer = self._heard()
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

    def _asked(self) -> None:
        """Ask for what has not come yet."""
        rest = ["--continue-at", str(self._at)] if self._at else []
        if self._at and self._first.validator:
            rest += ["--header", f"If-Range: {self._first.validator}"]
        words = [
            "curl", "--fail", "--silent", "--location", "--globoff",
            "--connect-timeout", str(STALLED), "--speed-limit", "1", "--speed-time", str(STALLED),
            "--suppress-connect-headers", "--dump-header", "/dev/stderr", *rest, self._url,
        ]  # fmt: skip
        try:
            self._curl = subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        except FileNotFoundError as error:
            raise OSError(errno.EIO, "curl is not installed") from error
        assert self._curl.stdout is not None  # a pipe was asked for
        self._out = self._curl.stdout
        self._answer = None

    def _heard(self) -> _Answer:
        """Read the head of the answer, before any of its bytes.

        Raises:
            OSError: It is about another object than what came before.
        """
        status, fields = "", dict[str, str]()
        for line in self._curl.stderr or ():
            text = line.decode("latin-1").strip()
            name, _, value = text.partition(":")
            if text.startswith("HTTP/"):
                status, fields = text.split()[1], {}
            elif text:
                fields[name.lower()] = value.strip()
            elif not (status.startswith("3") and "location" in fields) and status[:1] != "1":
                break
        whole = fields.get("content-length", "") if status == "200" else ""
        size = fields.get("content-range", "").rpartition("/")[2].replace("*", "") or whole
        found = _Answer(status, fields.get("etag", ""), fields.get("last-modified", ""), size)
        if not self._at:
            self._first = found
        elif status in ("200", "206", "416") and not found.is_of(self._first):
            raise OSError(errno.EIO, "it changed while it was read")
        return found

    def _is_over(self) -> bool:
        """Say whether curl ended since all has come; else ask once more."""
        self._curl.communicate()
        code, answer = self._curl.returncode, self._answer.status if self._answer else ""
        if not code:
            return True
        again = (
            code in (_STALLS, *_BROKE_OFF)
            or (code == _REFUSED and answer in _BUSY)
            or (code in _UNREACHED and self._at > 0)
        )
        pause = next(self._pauses, None) if again else None
        if pause is None:
            reason = f"its store answered {answer}" if code == _REFUSED else _REASONS.get(code)
            raise OSError(errno.EIO, reason or f"curl ended with code {code}")
        time.sleep(pause)
        self._asked()
        return False
