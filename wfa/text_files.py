"""Text and JSON that people bring: read, or refused with a message that says what is wrong."""

import codecs
import json
from pathlib import Path
from typing import Any

from wfa.errors import DataError

# The marks of UTF-32 begin with those of UTF-16, so they are looked for first.
_MARKS = {
    codecs.BOM_UTF8: "utf-8-sig",
    codecs.BOM_UTF32_LE: "utf-32",
    codecs.BOM_UTF32_BE: "utf-32",
    codecs.BOM_UTF16_LE: "utf-16",
    codecs.BOM_UTF16_BE: "utf-16",
}


def read_text(path: Path) -> str:
    """Return what a text file holds: UTF-8, or UTF-16 or UTF-32 that begins with its mark.

    Line ends stay as they are.

    Raises:
        DataError: It cannot be read or is in another encoding; the message names the line.
    """
    content = _content(path)
    try:
        return _decoded(content)
    except UnicodeDecodeError as error:
        raise DataError(f"{path} is {_encoding(content, error)}: save it as UTF-8") from error


def read_json(path: Path) -> Any:
    """Return what a JSON file holds.

    Raises:
        DataError: It cannot be read, or is not JSON in UTF-8.
    """
    content = _content(path)
    try:
        return json_value(_decoded(content))
    except UnicodeDecodeError as error:
        reason = _encoding(content, error)
        raise DataError(f"{path} is not JSON ({reason}): save it as UTF-8") from error
    except ValueError as error:
        raise DataError(f"{path} is not JSON ({error}): fetch or write it again") from error


def json_value(text: str) -> Any:
    """Return what a JSON text says.

    Raises:
        ValueError: It is not JSON, nested too deeply, has a number of thousands of digits, or an
            object in which a key stands twice, of which one value would be lost.
    """
    try:
        return json.loads(text, object_pairs_hook=_object)
    except RecursionError as error:
        raise ValueError("lists or objects are nested too deeply") from error
    except json.JSONDecodeError:
        raise
    except ValueError as error:
        if "digits" in str(error):  # Python's own words speak of its settings
            raise ValueError("a whole number has thousands of digits") from error
        raise


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        keys = [key for key, _ in pairs]
        twice = next(key for key in found if keys.count(key) > 1)
        raise ValueError(f"the key {twice!r} stands more than once in one object")
    return found


def _content(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise DataError(f"{path} cannot be read: {error.strerror}") from error


def _decoded(content: bytes) -> str:
    for mark, encoding in _MARKS.items():
        if content.startswith(mark):
            return content.decode(encoding)
    return content.decode()


def _encoding(content: bytes, error: UnicodeDecodeError) -> str:
    line = content.count(b"\n", 0, error.start) + 1
    return f"not text in UTF-8 (line {line}: {error.reason})"
