"""What every verb shares: the console, settings as words, progress, the table of results."""

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
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
    return rich_track(steps, description=label, console=console, transient=True)


def show_results(path: Path) -> None:
    """Print the table of a metrics.json."""
    from wfa.report.tables import results_table

    console.print(results_table(json.loads(path.read_text(encoding="utf-8"))))
