"""The verb that hands a run's weights to other programs: export."""

from pathlib import Path
from typing import Annotated

import typer
from rich.markup import escape

from wfa.cli.terminal import RunPath, console


def export(
    run: RunPath,
    to: Annotated[str, typer.Option("--to", help="The form: open_clip.")] = "open_clip",
    out: Annotated[
        Path | None, typer.Option("--out", help="The folder; RUN/open_clip without it.")
    ] = None,
) -> None:
    """Write a run's weights as a checkpoint that stock open_clip loads.

    Example:
        wfa export runs/scenes-0123456789 --to open_clip
    """
    from wfa.runs.export_open_clip import export_run

    done = export_run(run, to, out)
    console.print(f"weights {escape(str(done.weights))}", soft_wrap=True)
    for name in done.left_out:
        console.print(f"without the {name}, which stays in the run folder", soft_wrap=True)
    console.print(f"load them with\n\n    {escape(done.call)}\n", soft_wrap=True)
