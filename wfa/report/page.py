"""The page: one HTML file with everything in it, which opens without a network."""

import base64
import hashlib
from collections.abc import Callable, Sequence
from importlib import resources
from pathlib import Path

from wfa.errors import RunError
from wfa.files import write_text
from wfa.report.comparison import anchor, comparison, titles
from wfa.report.hits import gallery
from wfa.report.markup import Child, Markup, raw, tag
from wfa.report.quality import curves, headline, results
from wfa.report.record import cost, provenance, settings
from wfa.report.result import RunResult, load_run

Section = Callable[[RunResult, str], Markup]
"""Turns a run into a part of the page; the text begins the ids of its elements."""

SECTIONS: tuple[Section, ...] = (
    headline, results, curves, gallery, settings, cost, provenance,
)  # fmt: skip
"""What a run's report shows, in this order."""


def write_report(paths: Sequence[Path], out: Path) -> Path:
    """Write the report of one or more run folders.

    Args:
        paths: Run folders.
        out: The HTML file.

    Returns:
        `out`.

    Raises:
        RunError: A folder is no finished run, or a file in it is missing or broken.
        UserError: The file cannot be written.
    """
    write_text(out, render([load_run(path) for path in paths]))
    return out


def render(runs: Sequence[RunResult]) -> str:
    """Return the page of one run, or of several with a comparison before them.

    The same runs give the same text.

    Raises:
        RunError: There is no run.
    """
    if not runs:
        raise RunError("a report needs at least one run folder")
    if len(runs) == 1:
        title = f"{runs[0].name} · run report"
        return document(title, _head(runs[0].name, runs[0], 1), *_sections(runs[0], "run"))
    parts = [
        tag("section", _head(title, run, 2), *_sections(run, anchor(place)),
            id_=anchor(place), class_="run")
        for place, (title, run) in enumerate(zip(titles(runs), runs, strict=True))
    ]  # fmt: skip
    return document(f"Comparison of {len(runs)} runs", comparison(runs), *parts)


def document(title: str, *children: Child) -> str:
    """Put content on a page with the shared style and the script that sorts tables.

    The page's security policy lets it load nothing and run no script but its own.
    """
    script = _asset("sort.js")
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    policy = (
        "default-src 'none'; img-src data:; style-src 'unsafe-inline'; "
        f"script-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'"
    )
    head = tag(
        "head",
        tag("meta", charset="utf-8"),
        tag("meta", http_equiv="Content-Security-Policy", content=policy),
        tag("meta", name="viewport", content="width=device-width, initial-scale=1"),
        tag("meta", name="color-scheme", content="light dark"),
        tag("title", title),
        tag("style", raw(_asset("style.css"))),
    )
    body = tag("body", tag("main", *children), tag("script", raw(script)))
    return f"<!doctype html>\n{tag('html', head, body, lang='en')}\n"


def _head(title: str, run: RunResult, level: int) -> Markup:
    words = [run.choice(name) for name in ("data", "aggregation", "encoder", "loss")]
    return tag("header", tag(f"h{level}", title), tag("p", " · ".join(words), class_="sub"),
               class_="top")  # fmt: skip


def _sections(run: RunResult, prefix: str) -> list[Markup]:
    return [make(run, prefix) for make in SECTIONS]


def _asset(name: str) -> str:
    return resources.files("wfa.report").joinpath(name).read_text(encoding="utf-8")
