"""Reports as files: a page, or the same tables in the format that the file's name asks for."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

from wfa.comparing.comparison_folder import COMPARISON_FILE
from wfa.errors import RunError, UserError
from wfa.files import write_text
from wfa.report.audit_page import audit_records, audit_tables, read_audit, render_audit
from wfa.report.benchmark_page import (
    benchmark_tables,
    point_records,
    read_benchmark,
    render_benchmark,
)
from wfa.report.by_class import read_classified
from wfa.report.comparison_page import render_comparison
from wfa.report.comparison_tables import all_tables, guidelines, read_comparison, score_records
from wfa.report.document import document
from wfa.report.finished_run import RunResult, load_run
from wfa.report.retrieval_tables import metric_records, split_tables
from wfa.report.run_page import run_view
from wfa.report.side_by_side import side_by_side, titles
from wfa.tables import Table

ENDINGS = (".html", ".md", ".tex", ".csv")


_KINDS: dict[str, tuple[Callable[[Any], Any], ...]] = {
    COMPARISON_FILE: (read_comparison, render_comparison, all_tables, score_records),
    "benchmark.json": (read_benchmark, render_benchmark, benchmark_tables, point_records),
    "audit.json": (read_audit, render_audit, audit_tables, audit_records),
}
"""File -> what reads it, and makes the page, the tables and the records of it."""

_NAMES = {
    COMPARISON_FILE: "a comparison", "benchmark.json": "a benchmark", "audit.json": "an audit",
}  # fmt: skip


@dataclass(frozen=True)
class _Report:
    """One thing to report, before it is written in any format."""

    html: Callable[[], str]
    tables: Callable[[], list[Table]]
    records: Callable[[], list[dict[str, Any]]]


def write_report(paths: Sequence[Path], out: Path) -> Path:
    """Write the report of run folders, or of one comparison, benchmark or audit.

    Args:
        paths: Run folders, or what `wfa compare`, `wfa benchmark` or `wfa audit` wrote: the
            folder or its JSON file.
        out: `.html` or no ending: a page; `.md`, `.tex`: its tables; `.csv`: unrounded figures.

    Returns:
        `out`.

    Raises:
        RunError: A folder is none of these, or a file in it is missing or broken, or something
            other than runs stands beside others.
        UserError: The name has another ending, or the file cannot be written.
    """
    ending = out.suffix.lower() or ".html"
    if ending not in ENDINGS:
        raise UserError(f"out={out}: a report is no {ending} file; name one that ends in "
                        f"{', '.join(ENDINGS)}")  # fmt: skip
    report = _read(paths)
    if ending == ".html":
        text = report.html()
    elif ending == ".csv":
        text = Table.from_records(report.records()).to_csv()
    else:
        text = _written(report.tables(), ending)
    write_text(out, text)
    return out


def write_comparison(path: Path) -> Path:
    """Write `report.html`, `tables.md` and `tables.tex` beside `comparison.json`.

    Args:
        path: `comparison.json`, or the folder that holds it.

    Returns:
        The page.

    Raises:
        RunError: There is no comparison.
        UserError: A file cannot be written.
    """
    path = path / COMPARISON_FILE if path.is_dir() else path
    found, folder = read_comparison(path), path.parent
    answers = "".join(f"- **{question}** {answer}\n" for question, answer in guidelines(found))
    tables = all_tables(found)
    write_text(folder / "tables.md", f"{answers}\n{_written(tables, '.md')}")
    write_text(folder / "tables.tex", _written(tables, ".tex"))
    write_text(folder / "report.html", render_comparison(found))
    return folder / "report.html"


def render_runs(runs: Sequence[RunResult]) -> str:
    """Return the page of one run, or of several with a comparison before them.

    The same runs give the same text.

    Raises:
        RunError: There is no run.
    """
    if not runs:
        raise RunError("a report needs at least one run folder")
    if len(runs) == 1:
        return document("run", f"{runs[0].name} · run report", run=run_view(runs[0]))
    return document("runs", f"Comparison of {len(runs)} runs", runs=list(map(run_view, runs)),
                    **side_by_side(runs))  # fmt: skip


def _written(tables: Sequence[Table], ending: str) -> str:
    return "\n".join(
        table.to_markdown() if ending == ".md" else table.to_latex() for table in tables
    )


def _read(paths: Sequence[Path]) -> _Report:
    for path in paths:
        file = _result_file(path)
        if file is not None:
            if len(paths) > 1:
                kind = _NAMES[file.name]
                raise RunError(f"{path} is {kind}: it has a report of its own, alone")
            read, *ways = _KINDS[file.name]
            found = read(file)
            return _Report(*(partial(way, found) for way in ways))
    return _runs([load_run(path) for path in paths])


def _result_file(path: Path) -> Path | None:
    """Return the file of a comparison, benchmark or audit that a path names; None for a run."""
    if path.name in _KINDS:
        return path
    files = [path / name for name in _KINDS if (path / name).is_file()]
    return files[0] if files and not (path / "run.json").is_file() else None


def _runs(runs: Sequence[RunResult]) -> _Report:
    def tables() -> list[Table]:
        names = titles(runs) if len(runs) > 1 else [""] * len(runs)
        return [
            replace(table, title=f"{name} · {table.title}".removeprefix(" · "))
            for name, run in zip(names, runs, strict=True)
            for table in [*split_tables(run.lines), *classification(run)]
        ]  # fmt: skip

    def classification(run: RunResult) -> list[Table]:
        return [table for one in read_classified(run.folder, run.name) for table in one.tables]

    def records() -> list[dict[str, Any]]:
        pairs = zip(titles(runs), runs, strict=True)
        return [
            record
            for title, run in pairs
            for mark, rows in (("", run.rows), *((one.mark, one.rows) for one in run.evaluations))
            for record in metric_records(
                rows, run=title, technique=run.choice("aggregation"),
                **({"evaluation": mark} if mark else {}),
            )
        ]  # fmt: skip

    return _Report(lambda: render_runs(runs), tables, records)
