"""The section that shows queries with the images that the model found for them."""

from collections.abc import Sequence

from wfa.report.elements import note, section, share
from wfa.report.markup import Markup, tag
from wfa.report.result import RunResult
from wfa.retrieval.protocols import TEXT_TO_IMAGE
from wfa.runs.query_gallery import BANDS, GalleryQuery, Hit, Picture

_HEADINGS = ("Found at once", "Among the first ten", "Missed")


def gallery(run: RunResult, prefix: str) -> Markup:
    """Show sampled queries in three bands of rank, each with its own image and its hits."""
    if run.gallery is None or not run.gallery.queries:
        return Markup("")
    ranks = run.ranks.get((run.gallery.split, "strict", "single", TEXT_TO_IMAGE))
    every = [] if ranks is None else ranks.tolist()
    bands = []
    for heading, (low, high) in zip(_HEADINGS, BANDS, strict=True):
        queries = [query for query in run.gallery.queries if low <= query.rank <= high]
        if queries:
            bands.append(_band(heading, queries, every, low, high))
    return section(
        f"{prefix}-gallery", "Queries and what was found",
        note(f"Captions of {run.gallery.data} ({run.gallery.split}), drawn at random from each "
             f"band of rank alike, and the best of {run.gallery.images:,} images. Left: the image "
             "that the caption was written for. ", tag("b", "✓", class_="ok"), " its own image, ",
             tag("b", "≈", class_="same"), " another image with the same caption, ",
             tag("b", "✗", class_="no"), " neither."),
        *bands,
    )  # fmt: skip


def _band(
    heading: str, queries: Sequence[GalleryQuery], every: Sequence[int], low: float, high: float
) -> Markup:
    inside = sum(low <= rank <= high for rank in every)
    part = tag("small", f" {share(inside / len(every))} of all queries") if every else None
    return tag("div", tag("h4", heading, part), *map(_query, queries), class_="band")


def _query(query: GalleryQuery) -> Markup:
    shared = len(query.relevant) - 1
    also = f" · {shared:,} more {'image bears' if shared == 1 else 'images bear'} it"
    return tag(
        "article",
        tag("header", tag("q", query.text),
            tag("span", f"rank {query.rank:,}{also if shared else ''}", class_="rank")),
        tag("div",
            tag("div", _figure(query.own, "own", "asked for"), class_="asked"),
            tag("div", *(_hit(query, hit) for hit in query.hits), class_="found"),
            class_="strip"),
        class_="query",
    )  # fmt: skip


def _hit(query: GalleryQuery, hit: Hit) -> Markup:
    if hit.image == query.own.image:
        return _figure(hit, "ok", f"✓ {hit.score:.2f}", "its own image")
    if hit.right:
        return _figure(hit, "same", f"≈ {hit.score:.2f}", "bears the same caption")
    return _figure(hit, "no", f"✗ {hit.score:.2f}", "wrong")


def _figure(
    picture: Picture, kind: str, caption: str, meaning: str = "the query's image"
) -> Markup:
    return tag(
        "figure",
        tag("img", src=picture.thumbnail, alt=f"{picture.image}: {meaning}", loading="lazy",
            title=f"{picture.image}: {meaning}"),
        tag("figcaption", caption),
        class_=kind,
    )  # fmt: skip
