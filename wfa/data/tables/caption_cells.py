"""What a cell says: the captions in it, however they were put there, a name, a split."""

import ast
import math
import re
import warnings
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from wfa.errors import DataError
from wfa.text_files import json_value

KEYS = ("raw", "caption", "sentence", "text")
"""The keys of an object under which a caption stands, the first that it has."""

_MISSING = frozenset(
    ("nan", "NaN", "None", "null", "NULL", "<NA>", "N/A", "#N/A", "NaT", "\\N", "#REF!", "#VALUE!")
)
_SHOWN = 80  # characters of a cell in a message

_STRING = r"""[bB]?(?:'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*")"""
_TOKEN = re.compile(
    rf"(?P<space>\s+)|(?P<text>{_STRING})|(?P<missing>None|[nN]a[nN]|null)\b|(?P<mark>[^'\"])", re.S
)
_PRINTED_ARRAY = re.compile(
    r"(?:np\.|numpy\.)?(?:array|list)\(\s*(\[.*\])\s*(?:,\s*dtype=[^()\[\]]*)?\)", re.S
)
_LISTED = ("[", "(", "{", "array", "list", "np.", "numpy.")
"""How a text begins that may spell a list or an object."""
_OPENED = re.compile(r"""[\[({]+\s*[bB]?['"\u2018\u201c]""")


def is_missing(cell: Any) -> bool:
    """Say whether a cell is empty, or holds what tools write where nothing is known."""
    if isinstance(cell, str):
        text = cell.strip()
        return not text or text in _MISSING
    return cell is None or (isinstance(cell, float) and math.isnan(cell))


def text_of(cell: Any) -> str | None:
    """Return a cell's text, `""` where nothing is known; None where it is no text.

    Bytes are text in UTF-8: some writers know no other type.
    """
    if isinstance(cell, bytes):
        try:
            cell = cell.decode()
        except UnicodeDecodeError:
            return None
    if is_missing(cell):
        return ""
    return cell if isinstance(cell, str) else None


def captions_in(cell: Any, at: str) -> list[str]:
    """Return the captions in a cell: a text, a list of texts, objects with `raw` or `caption`.

    A text may itself be a list as JSON, Python or NumPy write it. A text that only begins with a
    bracket is a caption.

    Args:
        cell: What the table holds there.
        at: File, row and column, for messages.

    Returns:
        The captions; blank ones stay, as `""` where nothing is known.

    Raises:
        DataError: The cell is something else, or looks like a list but cannot be read as one.
    """
    try:
        if isinstance(cell, str | bytes) and (text := text_of(cell)) is not None:
            listed = _listed(text, at)
            return [text] if listed is None else _members(listed, at)
        return _members(cell, at)
    except RecursionError as error:
        raise DataError(f"{at}: lists or objects are nested too deeply") from error


def _members(cell: Any, at: str) -> list[str]:
    if isinstance(cell, Mapping):
        return [text for key in _caption_keys(cell, at) for text in _members(cell[key], at)]
    if isinstance(cell, Sequence) and not isinstance(cell, str | bytes):
        return [_member(item, at) for item in cell]
    return [_member(cell, at)]


def _caption_keys(cell: Mapping[Any, Any], at: str) -> list[Any]:
    """Return the keys of one kind, numbered or not, the first kind that says anything."""
    kinds = [
        [key for key in cell if isinstance(key, str) and re.fullmatch(rf"{kind}[ _.-]?\d*", key)]
        for kind in KEYS
    ]
    present = [keys for keys in kinds if keys]
    filled = [keys for keys in present if any(not is_missing(cell[key]) for key in keys)]
    if not present:
        raise DataError(
            f"{at}: an object has no caption under {' nor '.join(KEYS)}; its keys are: "
            f"{', '.join(map(str, cell)) or 'none'}"
        )
    return (filled or present)[0]


def _member(item: Any, at: str) -> str:
    if not isinstance(item, str) and isinstance(item, Mapping):
        found = _members(item, at)
        item = found[0] if len(found) == 1 else found
    text = text_of(item)
    if text is None:
        raise DataError(f"{at}: a caption is neither a text nor a list of texts: {shown(item)}")
    if _listed(text, at) is not None:
        raise DataError(f"{at}: a list of captions holds another list: {shown(text)}")
    return text


def _listed(text: str, at: str) -> Any:
    """Return the list or object that a text spells, None where it is an ordinary caption."""
    cell = text.strip()
    if not cell.startswith(_LISTED):
        return None
    array = _PRINTED_ARRAY.fullmatch(cell)
    if array is None and cell[:1] not in ("[", "(", "{"):
        return None
    try:
        found = _parsed(array[1] if array else cell)
    except ValueError as error:
        if array is None and not _looks_listed(cell):
            return None
        raise DataError(
            f"{at} looks like a list of captions, but {error}: {shown(cell)}. Write it as JSON, "
            'such as ["one", "two"], or give each caption a row of its own'
        ) from error
    return found if isinstance(found, list | tuple | dict) else None


def _looks_listed(cell: str) -> bool:
    """Say whether brackets enclose the whole text, or open with a quote and are never closed."""
    opening, closing = cell[0], {"[": "]", "(": ")", "{": "}"}[cell[0]]
    quoted = _OPENED.match(cell) is not None
    if opening == "(":
        return quoted and re.search(r"""['"\u2019\u201d],?\s*\)$""", cell) is not None
    depth = 0
    for place, character in enumerate(cell):
        depth += (character == opening) - (character == closing)
        if depth == 0:
            return place == len(cell) - 1 or (quoted and cell.endswith(closing))
    return quoted


def _parsed(cell: str) -> Any:
    try:
        return json_value(cell)
    except ValueError:
        source = "".join(_python(cell))
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")  # an escape that Python does not know
            found = ast.literal_eval(source)
    except (SyntaxError, ValueError, TypeError, RecursionError, MemoryError, Warning) as error:
        raise ValueError("it is not written as JSON, Python or NumPy write one") from error
    if isinstance(found, set):
        raise ValueError("braces keep no order")
    return found


def _python(cell: str) -> Iterator[str]:
    """Give the tokens of a printed list as Python source, with commas where NumPy puts none.

    Python would glue neighbouring strings together.

    Raises:
        ValueError: Strings stand beside each other that neither Python nor NumPy wrote.
    """
    tokens = [(match.lastgroup or "", match[0]) for match in _TOKEN.finditer(cell)]
    if sum(len(token) for _, token in tokens) < len(cell):
        raise ValueError("a quote in it is not closed")
    commas = any(token == "," for _, token in tokens)
    before = ["", ""]  # the kinds of the last two tokens
    for kind, token in tokens:
        if kind in ("text", "missing"):
            if before[-1] in ("text", "missing"):
                raise ValueError("two texts in it touch each other")
            if before[-1] == "space" and before[-2] in ("text", "missing"):
                if commas:
                    raise ValueError("a comma is missing in it")
                yield ","
        before = [before[-1], kind]
        yield "None" if kind == "missing" else " " if kind == "space" else token


def shown(value: Any) -> str:
    """Return a cell as a message shows it."""
    try:
        text = repr(value)
    except RecursionError:
        text = type(value).__name__
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}..."
