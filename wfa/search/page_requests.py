"""What the local search page can be asked for, without a word of HTTP's machinery."""

import base64
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from importlib import resources
from typing import Any

import numpy as np

from wfa.errors import UserError
from wfa.runs.query_gallery import DATA_URI, thumbnail
from wfa.runs.run_model import TECHNIQUES
from wfa.search.ask import Question
from wfa.search.library import Library
from wfa.search.library_file import ANN, EXACT
from wfa.search.open_libraries import Shelf

SIDE = 256
"""Longest side of a thumbnail, in pixels."""
LARGE_SIDE = 1280
"""Longest side of an image that is looked at by itself, in pixels."""
SAMPLED = 12
"""Images that are shown before anything is asked."""
MOST = 500
"""Most images of an answer."""
_STATIC = {
    "/": "page.html", "/page.css": "page.css", "/page.js": "page.js", "/icon.svg": "icon.svg",
}  # fmt: skip
_KINDS = {
    ".html": "text/html; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
}


@dataclass(frozen=True)
class Reply:
    """What goes back to the browser.

    Attributes:
        content: The body.
        kind: Its media type.
        status: The HTTP status.
        keep: Whether the browser may keep it for a while.
    """

    content: bytes
    kind: str
    status: HTTPStatus = HTTPStatus.OK
    keep: bool = False


def static(path: str) -> Reply | None:
    """Return the page, its style, script or icon; None for any other path."""
    name = _STATIC.get(path)
    if name is None:
        return None
    text = asset(name)
    if name == "page.css":  # the colours and letters of the reports, the grid of the galleries
        text = _report_style() + asset("library.css") + text
    return Reply(text.encode(), _KINDS[name[name.index(".") :]])


def asset(name: str) -> str:
    """Return a file of the page's own."""
    return resources.files("wfa.search").joinpath("assets", name).read_text(encoding="utf-8")


def libraries(shelf: Shelf) -> Reply:
    """List the libraries and what they can be asked."""
    return _json([_describe(shelf.library(place)) for place in range(len(shelf))])


def sample(shelf: Shelf, place: int) -> Reply:
    """Show some images of a library, evenly spread over it, before anything is asked.

    Raises:
        SearchIndexError: There is no such library.
    """
    library = shelf.library(place)
    rows = np.unique(np.linspace(0, len(library) - 1, SAMPLED).round().astype(int)).tolist()
    return _json([
        {"id": int(library.ids[row]), "path": library.paths[row],
         "missing": library.is_missing(row), "metadata": library.metadata[row]}
        for row in rows
    ])  # fmt: skip


def answer(shelf: Shelf, asked: Mapping[str, Sequence[str]], image: bytes | None) -> Reply:
    """Search.

    Args:
        shelf: The libraries.
        asked: `index` (place), `q` (captions), `like` (id), `top`, `technique`, `kind`, `path`
            and `where`, each a list of values.
        image: The image to ask with.

    Raises:
        UserError: A value is wrong, or the query is empty.
    """

    def one(key: str, otherwise: str) -> str:
        values = asked.get(key, ())
        return values[-1] if values else otherwise

    def number(key: str, otherwise: str) -> int:
        text = one(key, otherwise)
        if not text.removeprefix("-").isdecimal() or len(text) > 18:
            raise UserError(f"{key}={text!r} must be a whole number")
        return int(text)

    question = Question(
        captions=tuple(text for text in asked.get("q", ()) if text.strip()),
        image=image,
        like=number("like", "") if one("like", "") else None,
        top=min(number("top", "24"), MOST),
        technique=one("technique", "own"),
        kind=one("kind", EXACT),
        glob=one("path", ""),
        where=tuple(text for text in asked.get("where", ()) if text.strip()),
    )
    return _json(shelf.ask(number("index", "0"), question).as_dict())


def image(shelf: Shelf, place: int, image_id: int, small: bool) -> Reply:
    """Return an image as JPEG, made of its pixels and nothing else that is in its file.

    Raises:
        BadImageError: The file is gone, lies outside the folder by now, or cannot be decoded.
        SearchIndexError: There is no such library or id.
    """
    library = shelf.library(place)
    pixels = library.read_image(library.row_of(image_id))
    uri = thumbnail(pixels, SIDE if small else LARGE_SIDE)
    return Reply(base64.b64decode(uri.removeprefix(DATA_URI)), "image/jpeg", keep=True)


def _describe(library: Library) -> Mapping[str, Any]:
    facts = library.facts
    labels = {EXACT: "exact", ANN: facts.ann}
    return {
        "name": library.name,
        "images": len(library),
        "root": library.root.name,
        "run": facts.run_folder(library.folder.resolve()).name,
        "technique": facts.technique,
        "techniques": TECHNIQUES,
        "kinds": [{"kind": kind, "label": labels[kind]} for kind in library.kinds],
        "columns": facts.columns,
    }


def _report_style() -> str:
    return resources.files("wfa.report").joinpath("style.css").read_text(encoding="utf-8")


def _json(value: Any) -> Reply:
    return Reply(json.dumps(value, ensure_ascii=False).encode(), "application/json")
