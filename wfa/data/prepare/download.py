"""Fetch one file over HTTP: resumed after a cut, checked, and never half there."""

import errno
import hashlib
import http.client
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import Any

from wfa.errors import DataError, UserError

_BLOCK = 1 << 20
_TIMEOUT = 60.0  # seconds without a byte before a connection counts as cut
_ATTEMPTS = 5
_FIRST_WAIT = 1.0  # seconds before the second attempt, doubled before each further one
_PASSING = (408, 425, 429, 500, 502, 503, 504)

Progress = Callable[[str, int, int], None]


class _CutError(Exception):
    """The connection broke or the server was busy: what has arrived is kept, try again."""


def fetch(
    url: str,
    target: Path,
    checksum: str = "",
    progress: Progress | None = None,
    wait: float = _FIRST_WAIT,
) -> None:
    """Fetch `url` to `target`, from where an earlier attempt stopped.

    The bytes go to `target` with `.part` added; the file takes its name when it has the length
    that the server says and the checksum wanted.

    Args:
        url: `http` or `https`.
        target: The file to write; its folder is made when missing.
        checksum: `sha256:HEX` or `md5:HEX`; empty to check the length only.
        progress: Called as (file name, bytes done, bytes in all or 0) after each block.
        wait: Seconds before the second attempt, doubled before each further one.

    Raises:
        DataError: There is no such file, the server cannot be reached, or the content is wrong.
        UserError: The disk is full or the folder may not be written to.
    """
    if urllib.parse.urlsplit(url).scheme not in ("http", "https"):
        raise DataError(f"{url} is not an address of the form http(s)://HOST/PATH")
    part = target.with_name(f"{target.name}.part")
    try:
        part.parent.mkdir(parents=True, exist_ok=True)
        _fetch_part(url, target, part, progress, wait)
        if not matches(part, checksum):
            found = digest(part, checksum.partition(":")[0])
            part.unlink()
            _tag_file(part).unlink(missing_ok=True)
            raise DataError(
                f"{url} has the checksum {found}, wanted is {checksum}: the file was changed or "
                "damaged on its way and is not kept; try again, or fetch it by hand to "
                f"{target}"
            )
        part.replace(target)
        _tag_file(part).unlink(missing_ok=True)
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise UserError(
                f"no space left on the disk while fetching {target}: free some and run again; "
                "it goes on from there"
            ) from error
        if error.errno in (errno.EACCES, errno.EPERM, errno.EROFS):
            raise UserError(
                f"{target.parent} may not be written to: choose another folder with data.root=DIR"
            ) from error
        raise


def matches(path: Path, checksum: str) -> bool:
    """Return whether a file is there and has the checksum, where one is given."""
    if not path.is_file():
        return False
    return not checksum or digest(path, checksum.partition(":")[0]) == checksum.lower()


def digest(path: Path, method: str) -> str:
    """Return the checksum of a file as `method:HEX`; the method is `sha256` or `md5`."""
    found = hashlib.new(method, usedforsecurity=False)
    with path.open("rb") as file:
        while block := file.read(_BLOCK):
            found.update(block)
    return f"{method}:{found.hexdigest()}"


def _fetch_part(url: str, target: Path, part: Path, progress: Progress | None, wait: float) -> None:
    for attempt in range(_ATTEMPTS):
        try:
            _one_attempt(url, target.name, part, progress)
            return
        except _CutError as error:
            if attempt + 1 == _ATTEMPTS:
                raise DataError(
                    f"{url} could not be fetched ({error}; {_ATTEMPTS} attempts): run this again, "
                    f"it goes on where it stopped; or fetch it by hand to {target}"
                ) from error
            time.sleep(wait * 2**attempt)


def _one_attempt(url: str, name: str, part: Path, progress: Progress | None) -> None:
    have = part.stat().st_size if part.is_file() else 0
    try:
        with urllib.request.urlopen(_request(url, part, have), timeout=_TIMEOUT) as response:
            resumed = response.status == http.HTTPStatus.PARTIAL_CONTENT
            start = have if resumed else 0
            total = _total(response, start)
            _write_tag(part, response.headers.get("ETag", ""))
            done = _copy(response, part, start, total, name, progress)
    except urllib.error.HTTPError as error:
        _explain_status(url, error, part)
        raise _CutError(f"HTTP status {error.code}") from error
    except urllib.error.URLError as error:
        raise _CutError(str(error.reason)) from error
    except (http.client.HTTPException, ConnectionError, TimeoutError) as error:
        raise _CutError(f"the connection broke: {error}") from error
    if total and done != total:
        raise _CutError(f"{done} of {total} bytes arrived")


def _request(url: str, part: Path, have: int) -> urllib.request.Request:
    # `identity`: a server that compresses would make lengths and ranges mean something else.
    request = urllib.request.Request(url, headers={"Accept-Encoding": "identity"})
    tag = _tag_file(part).read_text(encoding="utf-8") if _tag_file(part).is_file() else ""
    # Without the tag of what is here there is no telling that the rest belongs to it.
    if have and tag:
        request.add_header("Range", f"bytes={have}-")
        request.add_header("If-Range", tag)
    return request


def _total(response: Any, start: int) -> int:
    """Return the whole file's length in bytes, 0 where the server does not say."""
    if start:
        found = response.headers.get("Content-Range", "")
        begin, _, total = found.removeprefix("bytes ").partition("/")
        if begin.partition("-")[0] != str(start):
            raise _CutError(f"the server sent the wrong range {found!r}")
        return int(total) if total.isdigit() else 0
    return int(response.headers.get("Content-Length") or 0)


def _copy(
    response: Any, part: Path, start: int, total: int, name: str, progress: Progress | None
) -> int:
    done = start
    with part.open("r+b" if start else "wb") as file:
        file.seek(start)
        while block := _read(response):
            file.write(block)
            done += len(block)
            if progress is not None:
                progress(name, done, total)
    return done


def _read(response: Any) -> bytes:
    # Apart from writing, so that a full disk is not taken for a broken connection.
    try:
        return bytes(response.read(_BLOCK))
    except (http.client.HTTPException, OSError) as error:
        raise _CutError(f"the connection broke: {error}") from error


def _explain_status(url: str, error: urllib.error.HTTPError, part: Path) -> None:
    """Raise where trying again changes nothing; drop a part that the server does not know."""
    if error.code == http.HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE:
        part.unlink(missing_ok=True)
        return
    if error.code not in _PASSING:
        raise DataError(
            f"{url} cannot be fetched (HTTP status {error.code} {error.reason}): open it in a "
            f"browser and put the file at {part.with_suffix('')}"
        ) from error


def _write_tag(part: Path, tag: str) -> None:
    # A weak tag names files that are alike, not byte for byte equal: no use for resuming.
    _tag_file(part).write_text("" if tag.startswith("W/") else tag, encoding="utf-8")


def _tag_file(part: Path) -> Path:
    return part.with_name(f"{part.name}.etag")
