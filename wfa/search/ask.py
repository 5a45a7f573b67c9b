"""A question to a library and its answer, as the command line and the page have it."""

import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from wfa.data.decode import BadImageError, decode_any_depth
from wfa.errors import DataError, UserError
from wfa.retrieval.embeddings import Floats
from wfa.runs.run_model import Query, RunModel
from wfa.search.image_metadata import Facts
from wfa.search.library import Library
from wfa.search.library_file import EXACT
from wfa.search.places import suppress
from wfa.search.rerank import search_again
from wfa.search.tiles.tile_records import PlacedTile

OVERLAP = 0.3
"""Tiles that are half a tile apart share a third."""
_MORE = 4
"""Times the hits wanted that are looked at, and again while merging leaves too few."""


@dataclass(frozen=True)
class Question:
    """What is asked; one of captions, image and like.

    Attributes:
        captions: One text, or several that describe the same image.
        image: An image file's content.
        image_name: What messages call it.
        like: The id of an image of the library.
        top: How many images.
        technique: One of `wfa.runs.run_model.TECHNIQUES`.
        rerank: One of `wfa.search.caption_scores.RERANKS`; only words can be ranked by again.
        kind: One of the library's kinds of search.
        glob: Pattern of paths.
        where: Conditions on metadata.
        within: A box that hits have to touch, `west,south,east,north`.
        days: When hits were taken, `FROM/TO`.
        overlap: Hits of one day whose boxes share more than this, as intersection over union, are
            merged into the best of them; 1 merges none.
        region: A box; what the library holds there is asked with.
    """

    captions: tuple[str, ...] = ()
    image: bytes | None = None
    image_name: str = "the image to ask with"
    like: int | None = None
    top: int = 10
    technique: str = "own"
    rerank: str = "none"
    kind: str = EXACT
    glob: str = ""
    where: tuple[str, ...] = ()
    within: str = ""
    days: str = ""
    overlap: float = OVERLAP
    region: str = ""


@dataclass(frozen=True)
class FoundImage:
    """An image that answers.

    Attributes:
        rank: From 1.
        score: Inner product with the query, -1..1.
        id: Its id in the library.
        path: Relative to the folder of images.
        missing: Whether its file is gone since it was indexed.
        metadata: Its facts.
        place: Where it lies; None for a picture.
        merged: How many hits of the same place and day were merged into it.
    """

    rank: int
    score: float
    id: int
    path: str
    missing: bool
    metadata: Facts
    place: PlacedTile | None = None
    merged: int = 0


@dataclass(frozen=True)
class Answer:
    """The images that answer a question.

    Attributes:
        library: The library's name.
        images: Images that it holds.
        passed: How many of them passed the filters; None without filters.
        technique: How the captions were put together: a technique's name, or `image`.
        kind: The kind of search that was done.
        texts: What was encoded.
        weights: Importance of each text; None where each counted by itself.
        notes: What the asker should know.
        hits: Best first.
        encode_ms: Milliseconds for encoding the query.
        search_ms: Milliseconds for the search.
    """

    library: str
    images: int
    passed: int | None
    technique: str
    kind: str
    texts: tuple[str, ...]
    weights: tuple[float, ...] | None
    notes: tuple[str, ...]
    hits: tuple[FoundImage, ...]
    encode_ms: float
    search_ms: float

    def as_dict(self) -> dict[str, Any]:
        """Return everything as plain values, for JSON."""
        return asdict(self)


def ask(library: Library, model: RunModel, question: Question) -> Answer:
    """Answer a question.

    Raises:
        SearchIndexError: The library is of another model.
        UserError: The query is empty, cannot be read, or a filter or choice does not exist.
    """
    library.check_model(model.checksum, model.width, model.run)
    mask = library.select(question.glob, question.where, question.within, question.days)
    start = time.perf_counter()
    query = _query(library, model, question)
    captions = _captions(model, question)
    encoded = time.perf_counter()
    kind = question.kind if mask is None else EXACT
    found = _search(library, query, captions, question, kind, mask)
    done = time.perf_counter()
    hits = tuple(
        FoundImage(
            rank=rank,
            score=score,
            id=int(library.ids[row]),
            path=library.paths[row],
            missing=library.is_missing(row),
            metadata=library.metadata[row],
            place=library.tiles[row],
            merged=merged,
        )
        for rank, (row, score, merged) in enumerate(found, start=1)
    )
    passed = None if mask is None else int(np.sum(mask))
    return Answer(
        library=library.name,
        images=len(library),
        passed=passed,
        technique=question.technique if question.captions else "image",
        kind=kind,
        texts=query.texts,
        weights=query.weights,
        notes=(*query.notes, *_notes(library, question, kind, passed, hits)),
        hits=hits,
        encode_ms=1000 * (encoded - start),
        search_ms=1000 * (done - encoded),
    )


def read_query_image(path: Path) -> bytes:
    """Read the image to ask with.

    Raises:
        DataError: There is no such file, or it may not be read.
    """
    try:
        return path.read_bytes()
    except OSError as error:
        raise DataError(f"--image {path} cannot be read: {error.strerror}") from error


def _query(library: Library, model: RunModel, question: Question) -> Query:
    ways = (bool(question.captions), question.image is not None, question.like is not None,
            bool(question.region))  # fmt: skip
    if sum(ways) > 1:
        raise UserError("ask with words or with an image, not with both")
    if question.like is not None:
        return Query(library.feature(library.row_of(question.like)))
    if question.region:
        return _of_region(library, question.region)
    if question.image is not None:
        try:
            return model.ask_image(decode_any_depth(question.image).pixels)
        except BadImageError as error:
            raise DataError(f"{question.image_name} {error}") from error
    return model.ask(question.captions, question.technique)


def _captions(model: RunModel, question: Question) -> Floats:
    """Return the features of the captions each by itself, where they rank again."""
    if question.rerank == "none":
        return np.empty((0, model.width), np.float32)
    if not question.captions:
        raise UserError(f"--rerank {question.rerank} ranks by captions: ask with words")
    return model.ask(question.captions, "max_similarity").features


def _of_region(library: Library, region: str) -> Query:
    """Ask with the mean of all that lies in a box."""
    mask = library.select(within=region)
    rows: list[int] = [] if mask is None else np.flatnonzero(mask).tolist()
    if not rows:
        raise DataError(f"nothing of {library.name} lies in {region}: choose another region")
    mean = np.mean([library.feature(row)[0] for row in rows], axis=0, dtype=np.float64)
    length = float(np.linalg.norm(mean)) or 1.0
    note = f"asked with the mean of {len(rows)} image{'s' * (len(rows) > 1)} in the region"
    return Query(np.asarray(mean / length, np.float32)[None], notes=(note,))


def _search(
    library: Library,
    query: Query,
    captions: Floats,
    question: Question,
    kind: str,
    mask: NDArray[np.bool_] | None,
) -> list[tuple[int, float, int]]:
    """Return row and score of each hit and how many others were merged into it."""
    top, merges = question.top, bool(library.scenes) and question.overlap < 1
    asked = top * _MORE if merges else top
    while True:
        nearest = search_again(
            library, query.features, captions, question.rerank, asked, kind, mask
        )
        rows, scores = nearest.rows.tolist(), nearest.scores.tolist()
        if not merges:
            return [(row, score, 0) for row, score in zip(rows, scores, strict=True)]
        tiles = [library.tiles[row] for row in rows]
        days = ["" if tile is None else tile.date for tile in tiles]
        groups = suppress(library.boxes[nearest.rows], days, question.overlap, top)
        if len(groups) == top or len(rows) < asked:
            return [(rows[group[0]], scores[group[0]], len(group) - 1) for group in groups]
        asked *= _MORE


def _notes(
    library: Library,
    question: Question,
    kind: str,
    passed: int | None,
    hits: Sequence[FoundImage],
) -> list[str]:
    notes = []
    count = len(library) if passed is None else passed
    if passed == 0:
        notes.append(f"none of the {len(library)} images passes the filters")
    elif question.top > count:
        what = "the index holds" if passed is None else "the filters leave"
        notes.append(f"{question.top} images were asked for and {what} {count}: these are all")
    if kind != question.kind:
        notes.append("a filtered search is exact: the approximate index was not used")
    merged = sum(hit.merged for hit in hits)
    if merged:
        notes.append(f"{merged} hit{'s' * (merged > 1)} of the same place and day as a better one "
                     f"{'are' if merged > 1 else 'is'} merged into it")  # fmt: skip
    if len(hits) + merged < min(question.top, count):
        notes.append(f"the approximate index found only {len(hits)}; the exact one finds more")
    missing = sum(hit.missing for hit in hits)
    if missing and not library.root.is_dir():
        notes.append(f"the folder {library.root.name} is gone: none of its images can be shown")
    elif missing:
        notes.append(
            f"{missing} of these images {'are' if missing > 1 else 'is'} gone from "
            f"{library.root.name}/ since it was indexed: run `wfa index` again"
        )
    return notes
