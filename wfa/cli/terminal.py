"""What every verb shares: the console, settings as words, progress, the table of results."""

import sys
import time
from collections.abc import Iterable, Iterator, Mapping, Sized
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.markup import escape
from rich.progress import Progress

Words = Annotated[
    list[str] | None, typer.Argument(metavar="KEY=VALUE", help="Settings.", show_default=False)
]
RunPath = Annotated[Path, typer.Argument(metavar="RUN", help="A finished run's folder.")]
console = Console()
_bars = Progress(console=console, transient=True)
SECONDS_A_LINE = 30.0
"""Seconds of work after which a log file hears of it for the first time."""


def flowing(text: str) -> str:
    """Join the lines of each paragraph, so that a terminal breaks them at its own width.

    What is indented, such as examples, keeps its lines.
    """
    return "\n\n".join(
        part if "\n " in part else part.replace("\n", " ") for part in text.split("\n\n")
    )


def track(
    steps: Iterable[Any], label: str, total: int | None = None, done: int = 0
) -> Iterator[Any]:
    """Go through `steps` under a progress bar that is gone when they are done.

    Where there is no terminal, such as in a log file, long work prints a line now and then.

    Args:
        steps: What to go through.
        label: What is being done.
        total: How many steps there are in all; by default as many as `steps` has.
        done: How many of them are done before.
    """
    if total is None and isinstance(steps, Sized):
        total = len(steps)
    return (_with_bar if console.is_terminal else _with_lines)(steps, label, total, done)


def _with_bar(steps: Iterable[Any], label: str, total: int | None, done: int) -> Iterator[Any]:
    bar = _bars.add_task(escape(label), total=total, completed=done)
    _bars.start()  # work within work adds a bar to those that are shown
    try:
        for step in steps:
            yield step
            _bars.advance(bar)
    finally:
        _bars.remove_task(bar)
        if not _bars.tasks:
            _bars.stop()


def _with_lines(steps: Iterable[Any], label: str, total: int | None, done: int) -> Iterator[Any]:
    begun = said = time.monotonic()
    for number, step in enumerate(steps, done + 1):
        yield step
        now = time.monotonic()
        # The longer the work, the rarer the lines: some 60 in the first hour, 100 in a day.
        if now - said >= max(SECONDS_A_LINE, (now - begun) / 20):
            said = now
            of = "" if total is None else f" of {total:,}"
            print(
                f"{label}: {number:,}{of} after {now - begun:,.0f} s", file=sys.stderr, flush=True
            )


def show_results(path: Path, facts: Mapping[str, Any], ties: str) -> None:
    """Print the table of a metrics.json, and what to know of the images behind it.

    Args:
        path: The metrics.json.
        facts: The run.json or evaluation.json beside it.
        ties: The rule of ties that the table is of.
    """
    from wfa.json_files import read_json
    from wfa.report.retrieval_tables import (
        few_images,
        first_split_table,
        left_out,
        measured_images,
    )

    rows = read_json(path, "evaluate the run again")
    console.print(first_split_table(rows, ties, facts.get("wording", "")).to_rich())
    for line in facts["data"].get("notes", ()):
        console.print(f"[yellow]note:[/] {escape(line)}", soft_wrap=True)
    for line in left_out(facts):
        console.print(f"[yellow]left out:[/] {escape(line)}", soft_wrap=True)
    if few := few_images(measured_images(facts)):
        console.print(f"[yellow]few images:[/] {escape(few)}", soft_wrap=True)
