"""An answer as one HTML file that opens offline: the query, its hits, their thumbnails."""

from pathlib import Path

from wfa.data.decode import BadImageError
from wfa.files import write_text
from wfa.report.document import document
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
    page = document(
        "answer", f"{title} · search", asked=title, answer=answer, root=library.root.name,
        cards=[_card(hit, library) for hit in answer.hits], technique=_technique(answer, library),
        library_style=asset("library.css"),
    )  # fmt: skip
    write_text(out, page)
    return out


def _technique(answer: Answer, library: Library) -> str | None:
    if len(answer.texts) < 2:
        return None
    own = f"as trained: {library.facts.technique}"
    return own if answer.technique == "own" else answer.technique.replace("_", " ")


def _card(hit: FoundImage, library: Library) -> tuple[FoundImage, str, str]:
    """Return a hit with its thumbnail, or with what became of its file."""
    try:
        return hit, thumbnail(library.read_image(library.row_of(hit.id)), SIDE), ""
    except BadImageError as error:
        return hit, "", str(error)
