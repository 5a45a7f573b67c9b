"""An answer as one HTML file that opens offline: the query, its hits, their thumbnails."""

from pathlib import Path

from wfa.data.decode import BadImageError
from wfa.files import write_text
from wfa.report.document import document
from wfa.report.elements import facts, note
from wfa.report.markup import Markup, raw, tag
from wfa.runs.query_gallery import thumbnail
from wfa.search.ask import Answer, FoundImage
from wfa.search.library import Library
from wfa.search.page_requests import SIDE, asset


def write_gallery(answer: Answer, library: Library, title: str, out: Path) -> Path:
    """Write the page of an answer.

    Args:
        answer: The answer.
        library: The library that gave it; its images are read.
        title: What was asked.
        out: The HTML file.

    Returns:
        `out`.

    Raises:
        UserError: The file cannot be written.
    """
    passed = "" if answer.passed is None else f", {answer.passed:,} passed the filters"
    page = document(
        f"{title} · search",
        tag("style", raw(asset("library.css"))),
        tag(
            "header",
            tag("h1", title),
            tag("p", f"{len(answer.hits):,} of {answer.images:,} images in ",
                f"{library.root.name}/", passed, class_="sub"),
            class_="top",
        ),
        *(tag("p", text, class_="warning") for text in answer.notes),
        _captions(answer),
        tag("ol", *(_card(hit, library) for hit in answer.hits), class_="grid"),
        facts([
            ("Index", answer.library), ("Search", answer.kind),
            ("Technique", _technique(answer, library)),
            ("Query encoded in", f"{answer.encode_ms:.1f} ms"),
            ("Searched in", f"{answer.search_ms:.2f} ms"),
        ]),
        note("The number under an image is its similarity to the query, from -1 to 1."),
    )  # fmt: skip
    write_text(out, page)
    return out


def _technique(answer: Answer, library: Library) -> str | None:
    if len(answer.texts) < 2:
        return None
    own = f"as trained: {library.facts.technique}"
    return own if answer.technique == "own" else answer.technique.replace("_", " ")


def _captions(answer: Answer) -> Markup | None:
    """Show how much each of several captions counted."""
    if len(answer.texts) < 2 or answer.weights is None:
        return None
    rows = [
        tag("li", tag("span", f"{100 * weight:.0f} %", class_="share"), text)
        for text, weight in zip(answer.texts, answer.weights, strict=True)
    ]
    return tag("ul", *rows, class_="captions")


def _card(hit: FoundImage, library: Library) -> Markup:
    try:
        picture = tag("img", src=thumbnail(library.read_image(library.row_of(hit.id)), SIDE),
                      alt=hit.path, loading="lazy")  # fmt: skip
    except BadImageError as error:
        picture = tag("div", tag("span", f"The file {error}."), class_="gone")
    return tag(
        "li",
        picture,
        tag("div", tag("span", hit.rank, class_="rank"),
            tag("span", f"{hit.score:.4f}", class_="score"), class_="line"),
        tag("div", hit.path, class_="path"),
        facts(list(hit.metadata.items())) if hit.metadata else None,
    )  # fmt: skip
