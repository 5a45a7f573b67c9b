"""The verb that compares techniques."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.markup import escape

from wfa.cli.terminal import Words, console
from wfa.errors import ConfigError

if TYPE_CHECKING:
    from wfa.comparing.cell_files import Failure
    from wfa.comparing.cells import Cell


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
    from wfa.comparing.settings import CompareSettings
    from wfa.options.read_settings import read_settings

    if run := next((word for word in words or [] if Path(word).is_dir()), None):
        raise ConfigError(
            f"compare trains runs, and {run} is a folder: `wfa report {run} OTHER` sets finished "
            "runs side by side"
        )
    asked = read_settings(CompareSettings, words or [])
    from wfa.comparing.comparison_folder import COMPARISON_FILE
    from wfa.face.comparison import Comparison, run_comparison
    from wfa.report.comparison_tables import images_of
    from wfa.report.retrieval_tables import few_images

    def done(cell: "Cell", failure: "Failure | None") -> None:
        if failure is not None:
            told = f"[yellow]failed:[/] {escape(cell.folder)}: {escape(failure.message)}"
            console.print(told, soft_wrap=True)

    try:
        folder, failures = run_comparison(asked.request(), asked.out, extend, done)
    except KeyboardInterrupt:
        raise SystemExit(130)  # noqa: B904 - `main` reads what it came from
    found = Comparison(folder.path)
    for table in found.overviews:
        console.print(table.to_rich())
    for question, answer in found.guidelines.items():
        console.print(f"[bold]{escape(question)}[/] {escape(answer)}")
    if few := few_images(images_of(found.values)):
        console.print(f"[yellow]few images:[/] {escape(few)}", soft_wrap=True)
    names = {"comparison": COMPARISON_FILE, "report": "report.html", "tables": "tables.md",
             "": "tables.tex"}  # fmt: skip
    places = {name: folder.path / file for name, file in names.items()}
    lines = (f"{name:10} {escape(str(place))}" for name, place in places.items())
    console.print("\n" + "\n".join(lines), soft_wrap=True)
    if failures:
        cells = len(found.values["cells"])
        console.print(
            f"[yellow]failed:[/] {len(failures)} of {cells} cells, left out above "
            f"({escape(str(folder.failures))}); the same command tries them again",
            soft_wrap=True,
        )
        # Without a traceback it is the input that was wrong.
        raise SystemExit(1 if any(failure.trace for failure in failures.values()) else 2)
