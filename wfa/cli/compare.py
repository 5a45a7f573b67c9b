"""The verb that compares techniques."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.markup import escape

from wfa.cli.terminal import Words, console
from wfa.errors import ConfigError
from wfa.progress import track

if TYPE_CHECKING:
    from wfa.compare.cell_files import Failure
    from wfa.compare.cells import Cell


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
    from wfa.compare.settings import CompareSettings
    from wfa.options.read_settings import read_settings

    if run := next((word for word in words or [] if Path(word).is_dir()), None):
        raise ConfigError(
            f"compare trains runs, and {run} is a folder: `wfa report {run} OTHER` sets finished "
            "runs side by side"
        )
    asked = read_settings(CompareSettings, words or [])
    from wfa.compare.cells import grid
    from wfa.compare.comparison_folder import Folder
    from wfa.compare.run_cells import run_cells
    from wfa.compare.summary import summarise
    from wfa.report.comparison_tables import (
        guidelines,
        images_of,
        overview_table,
        read_comparison,
    )
    from wfa.report.report_files import write_comparison
    from wfa.report.retrieval_tables import few_images

    request = asked.request()
    cells = grid(request)
    folder = Folder(asked.out or Path(f"runs/compare-{request.name}-{request.request_id}"))
    folder.claim(request, extend)
    steps = iter(track(range(len(cells)), "cells"))
    next(steps)

    def done(cell: "Cell", failure: "Failure | None") -> None:
        if failure is not None:
            told = f"[yellow]failed:[/] {escape(cell.folder)}: {escape(failure.message)}"
            console.print(told, soft_wrap=True)
        next(steps, None)

    try:
        failures = run_cells(request, cells, folder, done)
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
