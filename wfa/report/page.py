"""The page: one HTML file with everything in it, which opens without a network."""

from collections.abc import Callable, Sequence
from pathlib import Path

from wfa.errors import RunError
from wfa.files import write_text
from wfa.report.compared.page import COMPARISON_FILE, render_comparison
from wfa.report.compared.tables import read_comparison
from wfa.report.comparison import anchor, comparison, titles
from wfa.report.document import document
from wfa.report.efficiency import efficiency
from wfa.report.hits import gallery
from wfa.report.markup import Markup, tag
from wfa.report.quality import curves, headline, results
from wfa.report.record import cost, provenance, settings
from wfa.report.result import RunResult, load_run

Section = Callable[[RunResult, str], Markup]
"""Turns a run into a part of the page; the text begins the ids of its elements."""

SECTIONS: tuple[Section, ...] = (
    headline, results, curves, efficiency, gallery, settings, cost, provenance,
)  # fmt: skip
"""What a run's report shows, in this order."""


def write_report(paths: Sequence[Path], out: Path) -> Path:
    """Write the report of one or more run folders, or of one comparison.

    Args:
        paths: Run folders, or the folder of one comparison.
        out: The HTML file.

    Returns:
        `out`.

    Raises:
        RunError: A folder is no finished run, or a file in it is missing or broken, or a comparison
            stands beside others.
        UserError: The file cannot be written.
    """
    compared = [path for path in paths if (path / COMPARISON_FILE).is_file()]
    if compared and len(paths) > 1:
        raise RunError(f"{compared[0]} is a comparison: it has a report of its own, alone")
    if compared:
        write_text(out, render_comparison(read_comparison(compared[0] / COMPARISON_FILE)))
        return out
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


def _head(title: str, run: RunResult, level: int) -> Markup:
    words = [run.choice(name) for name in ("data", "aggregation", "encoder", "loss")]
    return tag("header", tag(f"h{level}", title), tag("p", " · ".join(words), class_="sub"),
               class_="top")  # fmt: skip


def _sections(run: RunResult, prefix: str) -> list[Markup]:
    return [make(run, prefix) for make in SECTIONS]
