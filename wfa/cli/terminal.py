"""What every verb shares: the console, settings as words, progress, the table of results."""

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.markup import escape
from rich.progress import Progress, ProgressColumn
from rich.progress import track as rich_track

Words = Annotated[
    list[str] | None, typer.Argument(metavar="KEY=VALUE", help="Settings.", show_default=False)
]
RunPath = Annotated[Path, typer.Argument(metavar="RUN", help="A finished run's folder.")]
console = Console()


def take(key: str, words: list[str] | None) -> tuple[str | None, list[str]]:
    """Take `key=VALUE` out of the words; the last one counts."""
    found = [word.partition("=")[2] for word in words or [] if word.startswith(f"{key}=")]
    return (found[-1] if found else None), [
        word for word in words or [] if not word.startswith(f"{key}=")
    ]


def track(steps: Iterable[Any], label: str) -> Iterable[Any]:
    """Go through `steps` under a progress bar that is gone when they are done."""
    # Where there is no terminal, a bar that is gone would leave an empty line behind.
    if not console.is_terminal:
        return steps
    return rich_track(steps, description=label, console=console, transient=True)


def make_bars(*columns: ProgressColumn) -> Progress:
    """Return progress bars that are gone when they are done; nothing where there is no terminal."""
    return Progress(*columns, console=console, transient=True, disable=not console.is_terminal)


def show_results(path: Path, facts: Mapping[str, Any]) -> None:
    """Print the table of a metrics.json, and what to know of the images behind it.

    Args:
        path: The metrics.json.
        facts: The run.json or evaluation.json beside it.
    """
    from wfa.json_files import read_json
    from wfa.report.retrieval_tables import (
        few_images,
        first_split_table,
        left_out,
        measured_images,
    )

    rows = read_json(path, "evaluate the run again")
    console.print(first_split_table(rows).to_rich())
    for line in facts["data"].get("notes", ()):
        console.print(f"[yellow]note:[/] {escape(line)}", soft_wrap=True)
    for line in left_out(facts):
        console.print(f"[yellow]left out:[/] {escape(line)}", soft_wrap=True)
    if few := few_images(measured_images(facts)):
        console.print(f"[yellow]few images:[/] {escape(few)}", soft_wrap=True)
