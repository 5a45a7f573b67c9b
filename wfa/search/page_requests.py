"""What the local search page can be asked for: the page, answers and images, no files.

Images are asked for by their id in the index and drawn anew as JPEG, so no path ever comes from
the network.
"""

import base64
import traceback
from collections.abc import Mapping
from dataclasses import asdict
from importlib import resources
from typing import Any

import numpy as np
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.convertors import Convertor, register_url_convertor
from starlette.datastructures import QueryParams
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from wfa.data.decode import BadImageError
from wfa.errors import UserError
from wfa.runs.query_gallery import DATA_URI, thumbnail
from wfa.runs.run_model import TECHNIQUES
from wfa.search.ask import Question, ask
from wfa.search.library import Library
from wfa.search.library_file import ANN, EXACT
from wfa.search.open_libraries import OpenLibraries
from wfa.search.places import extent_of

SIDE = 256
"""Longest side of a thumbnail, in pixels."""
_SIDES = {"thumbnail": SIDE, "image": 1280}
"""Longest side of an image among others and by itself, in pixels."""
SAMPLED = 12
"""Images that are shown before anything is asked."""
MOST = 500
"""Most images of an answer."""
MOST_UPLOADED = 32 * 2**20
"""Bytes of an image to ask with."""
_NOT_KEPT = {"Cache-Control": "no-store"}
_KEPT = {"Cache-Control": "private, max-age=300"}
_STATIC = {
    "page.html": "text/html", "page.css": "text/css", "page.js": "text/javascript",
    "icon.svg": "image/svg+xml", "map.js": "text/javascript", "leaflet.js": "text/javascript",
    "leaflet.css": "text/css",
}  # fmt: skip


class _Number(Convertor[int]):
    """A place or id in a path; Starlette's own `int` takes any number of digits."""

    regex = "[0-9]{1,9}"

    def convert(self, value: str) -> int:
        return int(value)

    def to_string(self, value: int) -> str:
        return str(value)


register_url_convertor("number", _Number())


def page_app(libraries: OpenLibraries) -> Starlette:
    """Return the search page of libraries as an ASGI application; whoever runs it guards it."""
    page = _SearchPage(libraries)
    app = Starlette(
        routes=[
            Route("/api/libraries", page.describe),
            Route("/api/sample/{place:number}", page.sample),
            Route("/api/map/{place:number}", page.scenes),
            Route("/api/search", page.search, methods=["GET", "POST"]),
            *(Route(f"/{size}/{{place:number}}/{{id:number}}", page.image) for size in _SIDES),
            Route("/", page.asset),
            *(Route(f"/{name}", page.asset) for name in _STATIC if name != "page.html"),
        ],
        exception_handlers={
            HTTPException: _no_page, BadImageError: _no_image, UserError: _wrong, Exception: _failed
        },
    )  # fmt: skip
    app.router.redirect_slashes = False
    return app


def problem(status: int, message: str, **headers: str) -> Response:
    """Return an error as the page reads it."""
    return _json({"error": message}, status, headers)


def asset(name: str) -> str:
    """Return a file of the page's own."""
    return resources.files("wfa.search").joinpath("assets", name).read_text(encoding="utf-8")


class _SearchPage:
    """The answers to each kind of request."""

    def __init__(self, libraries: OpenLibraries) -> None:
        self._libraries = libraries

    def asset(self, request: Request) -> Response:
        """Return the page, its style, script or icon."""
        name = request.scope["path"][1:] or "page.html"
        text = asset(name)
        if name == "page.css":  # the colours and letters of the reports, the grid of the galleries
            text = _report_style() + asset("library.css") + text
        return Response(text, media_type=_STATIC[name], headers=_NOT_KEPT)

    def describe(self, request: Request) -> Response:
        """List the libraries and what they can be asked."""
        return _json([
            _description(self._libraries[place]) for place in range(len(self._libraries))
        ])  # fmt: skip

    def sample(self, request: Request) -> Response:
        """Show some images of a library, evenly spread over it, before anything is asked."""
        library = self._libraries[request.path_params["place"]]
        rows = np.unique(np.linspace(0, len(library) - 1, SAMPLED).round().astype(int)).tolist()
        return _json([
            {"id": int(library.ids[row]), "path": library.paths[row],
             "missing": library.is_missing(row), "metadata": library.metadata[row],
             "place": None if (tile := library.tiles[row]) is None else asdict(tile)}
            for row in rows
        ])  # fmt: skip

    def scenes(self, request: Request) -> Response:
        """Say where a library has scenes, and of which days."""
        library = self._libraries[request.path_params["place"]]
        return _json({"scenes": [
            {"path": path, "box": extent_of(library.boxes[rows]), "tiles": len(rows),
             "date": library.scenes[path].date if path in library.scenes else ""}
            for path, rows in library.rows_of_scenes().items()
        ]})  # fmt: skip

    async def search(self, request: Request) -> Response:
        """Answer a question: `index` (place), `q` (captions), `like` (id) and so on; see below.

        The content of a POST is an image to ask with.
        """
        content = None
        if request.method == "POST":
            length = request.headers.get("Content-Length", "")
            chunked = "Transfer-Encoding" in request.headers  # whatever length it says beside that
            if chunked or not length.isdecimal() or int(length) > MOST_UPLOADED:
                most = f"send an image of at most {MOST_UPLOADED >> 20} MiB"
                return problem(413, most, Connection="close")  # what was sent is left unread
            content = await request.body()
        return await run_in_threadpool(self._answer, request.query_params, content)

    def _answer(self, asked: QueryParams, image: bytes | None) -> Response:
        question = Question(
            captions=tuple(text for text in asked.getlist("q") if text.strip()),
            image=image,
            like=_number(asked, "like", "") if asked.get("like") else None,
            top=min(_number(asked, "top", "24"), MOST),
            technique=asked.get("technique", "own"),
            kind=asked.get("kind", EXACT),
            glob=asked.get("path", ""),
            where=tuple(text for text in asked.getlist("where") if text.strip()),
            within=asked.get("within", ""),
            days=asked.get("date", ""),
            region=asked.get("region", ""),
        )
        place = _number(asked, "index", "0")
        library = self._libraries[place]
        return _json(ask(library, self._libraries.model(place), question).as_dict())

    def image(self, request: Request) -> Response:
        """Return an image as JPEG, made of its pixels and nothing else that is in its file."""
        library = self._libraries[request.path_params["place"]]
        pixels = library.read_image(library.row_of(request.path_params["id"]))
        side = _SIDES[request.scope["path"].split("/")[1]]
        content = base64.b64decode(thumbnail(pixels, side).removeprefix(DATA_URI))
        return Response(content, media_type="image/jpeg", headers=_KEPT)


def _number(asked: QueryParams, key: str, otherwise: str) -> int:
    text = asked.get(key, otherwise)
    if not text.removeprefix("-").isdecimal() or len(text) > 18:
        raise UserError(f"{key}={text!r} must be a whole number")
    return int(text)


def _description(library: Library) -> Mapping[str, Any]:
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


def _json(value: Any, status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
    return JSONResponse(value, status, {**_NOT_KEPT, **(headers or {})})


def _no_page(request: Request, error: Exception) -> Response:
    """Answer what has no route: a method that no page here knows, or a path."""
    if request.method not in ("GET", "HEAD", "POST"):
        return problem(501, f"there is no {request.method} here")
    return problem(404, "there is no such page")


def _no_image(request: Request, error: Exception) -> Response:
    return problem(404, f"the image {error}")


def _wrong(request: Request, error: Exception) -> Response:
    return problem(400, str(error))


def _failed(request: Request, error: Exception) -> Response:
    traceback.print_exception(error)
    return problem(500, "something failed here; the terminal shows what")
