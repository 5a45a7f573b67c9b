"""The verb that compares techniques."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from wfa.cli.terminal import Words, console, make_bars, take

if TYPE_CHECKING:
    from wfa.compare.cells import Cell
    from wfa.compare.run_cell import Failure


def compare(
    words: Words = None,
    extend: Annotated[
        bool,
        typer.Option("--extend", help="Go on in the folder of a comparison that asked otherwise."),
    ] = False,
) -> None:
    """Train every technique with every seed, test the differences, say what to use.

    All cells train for the recipe's budget: compare.budget.epochs=N, .images=N or .seconds=N.
    Cells that are finished are not run again: the same command goes on where it stopped. Cells
    that fail are left out, and the exit code is then not 0. The folder holds the page
    (report.html) and its tables as Markdown and LaTeX (tables.md, tables.tex).

    Examples:
        wfa compare

        wfa compare compare=ucm_frozen compare.workers=2 out=runs/ucm

        wfa compare compare.techniques=[single,mean] compare.seeds=2 train.lr=0.001
    """
    from wfa.compare.cells import grid
    from wfa.compare.comparison_folder import Folder, Watch, run_cells
    from wfa.compare.settings import parse_request
    from wfa.compare.summary import summarise
    from wfa.report.comparison_tables import (
        guidelines,
        images_of,
        overview_table,
        read_comparison,
    )
    from wfa.report.report_files import write_comparison
    from wfa.report.retrieval_tables import few_images

    out, rest = take("out", words)
    request = parse_request(rest)
    cells = grid(request)
    folder = Folder(Path(out or f"runs/compare-{request.name}-{request.request_id}"))
    folder.claim(request, extend)
    with make_bars(
        TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn()
    ) as bars:
        line = _Line(bars, len(cells))
        try:
            failures = run_cells(request, cells, folder, Watch(line.begun, line.done))
        except KeyboardInterrupt:
            raise SystemExit(130)  # noqa: B904 - `main` reads what it came from
    path = summarise(request, cells, folder, failures)
    page = write_comparison(path)
    found = read_comparison(path)
    for one in found["sets"]:
        console.print(overview_table(one).to_rich())
    for question, answer in guidelines(found):
        console.print(f"[bold]{escape(question)}[/] {escape(answer)}")
    if few := few_images(images_of(found)):
        console.print(f"[yellow]few images:[/] {escape(few)}", soft_wrap=True)
    places = {"comparison": path, "report": page, "tables": path.parent / "tables.md",
              "": path.parent / "tables.tex"}  # fmt: skip
    lines = (f"{name:10} {escape(str(place))}" for name, place in places.items())
    console.print("\n" + "\n".join(lines), soft_wrap=True)
    if failures:
        console.print(
            f"[yellow]failed:[/] {len(failures)} of {len(cells)} cells, left out above "
            f"({escape(str(folder.failures))}); the same command tries them again",
            soft_wrap=True,
        )
        # Without a traceback it is the input that was wrong.
        raise SystemExit(1 if any(failure.trace for failure in failures.values()) else 2)


class _Line:
    """The bar of a comparison, the running cells beside it, and what failed above it."""

    def __init__(self, bars: Progress, cells: int) -> None:
        self._bars = bars
        self._bar = bars.add_task("cells", total=cells)
        self._running: list[str] = []

    def begun(self, cell: "Cell") -> None:
        """Name the cell beside the bar."""
        self._running.append(cell.folder)
        self._show()

    def done(self, cell: "Cell", failure: "Failure | None") -> None:
        """Move the bar."""
        if cell.folder in self._running:
            self._running.remove(cell.folder)
        if failure is not None:
            self._bars.console.print(
                f"[yellow]failed:[/] {escape(cell.folder)}: {escape(failure.message)}",
                soft_wrap=True,
            )
        self._bars.advance(self._bar)
        self._show()

    def _show(self) -> None:
        self._bars.update(self._bar, description=escape(", ".join(self._running)) or "cells")
