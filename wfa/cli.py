"""The command line: parses, calls, prints."""

import errno
import json
import os
import sys
from collections.abc import Iterable
from functools import partial
from pathlib import Path
from typing import Annotated, Any, NoReturn

import typer
from rich.console import Console
from rich.markup import escape
from rich.progress import Progress, track
from rich.table import Table

from wfa.errors import UserError
from wfa.plugins import Choice

app = typer.Typer(
    name="wfa",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode="rich",
    pretty_exceptions_enable=False,
    help="Redundancy-aware contrastive pretraining on remote-sensing images with several captions "
    "each.\n\nStart with [bold]wfa train[/]: the embedded data set, a small model, a report.",
)
data_app = typer.Typer(no_args_is_help=True, help="Data sets: list, prepare, verify.")
app.add_typer(data_app, name="data")

Words = Annotated[
    list[str] | None, typer.Argument(metavar="KEY=VALUE", help="Settings.", show_default=False)
]
RunPath = Annotated[Path, typer.Argument(metavar="RUN", help="A finished run's folder.")]
console = Console()


@app.callback()
def options(
    debug: Annotated[bool, typer.Option("--debug", help="Show the traceback of an error.")] = False,
) -> None:
    """Show --debug in the help; `main` takes it out of any place in the command."""


@app.command()
def train(
    words: Words = None,
    config_file: Annotated[
        Path | None, typer.Option("--config-file", help="A saved config.yaml to repeat.")
    ] = None,
    overwrite: Annotated[
        bool, typer.Option("--overwrite", help="Lose the run that the folder holds.")
    ] = False,
) -> None:
    """Train one run, evaluate the selected checkpoint, write the run folder.

    Examples:
        wfa train

        wfa train run=ucm_frozen aggregation=attention train.seed=1

        wfa train --config-file runs/scenes-0123456789/config.yaml out=runs/again
    """
    from wfa.config import resolve
    from wfa.report.page import write_report
    from wfa.training.fit import fit

    out, rest = _take("out", words)
    config = resolve(rest, config_file)
    folder = fit(config, Path(out or f"runs/{config.name}-{config.config_id}"), overwrite, _track)
    if folder is None:  # one of several processes; the first one prints
        return
    page = write_report([folder.path], folder.path / "report.html")
    _show_results(folder.path / "metrics.json")
    console.print(f"run    {escape(str(folder.path))}\nreport {escape(str(page))}", soft_wrap=True)


@app.command()
def evaluate(run: RunPath, words: Words = None) -> None:
    """Measure retrieval of a finished run on any data set.

    Examples:
        wfa evaluate runs/scenes-0123456789

        wfa evaluate runs/scenes-0123456789 data=ucm_captions split=validation
    """
    from wfa.training.evaluate import evaluate_run

    _, folder = evaluate_run(run, words or [], _track)
    _show_results(folder / "metrics.json")
    console.print(f"written to {escape(str(folder))}", soft_wrap=True)


@app.command()
def audit(
    words: Words = None,
    images: Annotated[
        bool, typer.Option(help="Compare images by perceptual hash, where they are there.")
    ] = True,
    fail_on_leak: Annotated[
        bool,
        typer.Option("--fail-on-leak", help="Exit 2 when held-out data stands in a train split."),
    ] = False,
    leak_threshold: Annotated[
        float,
        typer.Option(
            "--leak-threshold", min=0.0, max=1.0, help="Share of a split that may stand there."
        ),
    ] = 0.0,
) -> None:
    """Show how redundant a data set is and what it leaks, before anything is trained.

    Examples:
        wfa audit

        wfa audit data=captions_folder data.root=my_images --fail-on-leak --leak-threshold 0.05

        wfa audit data=rsicd against=rsitmd out=runs/rsicd-rsitmd
    """
    from wfa.report.audit import audit_tables, write_audit_page
    from wfa.training.audit import audit as audit_data
    from wfa.training.audit import leaks_above, write_audit
    from wfa.training.audit_request import parse_request

    asked = parse_request(words or [])
    found = audit_data(asked.data, asked.against, images, track=_track)
    leaks = leaks_above(found, leak_threshold)
    path = write_audit(found, asked.out)
    page = write_audit_page(found, asked.out / "audit.html")
    for table in audit_tables(found):
        console.print(table)
    for line in leaks:
        console.print(f"[yellow]leak:[/] {escape(line)}", soft_wrap=True)
    console.print(f"audit  {escape(str(path))}\nreport {escape(str(page))}", soft_wrap=True)
    if fail_on_leak and leaks:
        raise SystemExit(2)


@app.command()
def report(
    paths: Annotated[list[Path], typer.Argument(metavar="PATH...", help="Run folders.")],
    out: Annotated[Path, typer.Option("--out", help="The page to write.")] = Path("report.html"),
) -> None:
    """Write one HTML page of one run or several, which opens offline.

    Example:
        wfa report runs/a runs/b --out compare.html
    """
    from wfa.report.page import write_report

    console.print(f"report {escape(str(write_report(paths, out)))}", soft_wrap=True)


@app.command()
def config(words: Words = None) -> None:
    """Print the resolved config; nothing is run.

    Example:
        wfa config run=ucm_frozen aggregation=uniqueness
    """
    from wfa.config import resolve

    sys.stdout.write(resolve(words or []).as_yaml())


@app.command(name="list")
def list_choices(
    section: Annotated[str | None, typer.Argument(help="One section; all without it.")] = None,
) -> None:
    """List the choices of a config section, found in their folders.

    Example:
        wfa list aggregation
    """
    from wfa.config import recipe_names
    from wfa.plugins import FOLDERS, names, summary, unknown

    kinds = [*FOLDERS, "run"]
    if section is not None and section not in kinds:
        raise unknown("section", section, kinds)
    for kind in [section] if section else kinds:
        table = Table(title=kind, title_justify="left", box=None, show_header=False)
        for name in recipe_names("run") if kind == "run" else names(kind):
            table.add_row(name, "" if kind == "run" else escape(summary(kind, name)))
        console.print(table)


@data_app.command(name="list")
def data_list() -> None:
    """List the data sets.

    Example:
        wfa data list
    """
    list_choices("data")


@data_app.command()
def prepare(
    name: Annotated[str, typer.Argument(help="A data set.")],
    words: Words = None,
) -> None:
    """Fetch or make a data set, or say which file to put where.

    Example:
        wfa data prepare sydney_captions data.root=data/sydney_captions
    """
    from wfa.data.dataset import data_folder
    from wfa.data.prepare import prepare as prepare_data

    data = _data(name, words)
    facts = data.plugin().facts
    if not facts.downloads and not facts.by_hand:
        console.print(f"{name} needs no preparing: it is embedded, or your own")
        return
    folder = data_folder(data.options, name, os.environ.get("WFA_DATA_DIR"))
    with Progress(console=console, transient=True) as bars:
        prepare_data(name, folder, progress=partial(_show_bytes, bars))
    console.print(f"{name} is ready in {escape(str(folder))}", soft_wrap=True)


@data_app.command()
def verify(
    name: Annotated[str, typer.Argument(help="A data set.")],
    words: Words = None,
    out: Annotated[
        Path | None, typer.Option("--out", help="Also write the report as JSON.")
    ] = None,
) -> None:
    """Count, decode and hash a data set; compare with what was published.

    Example:
        wfa data verify captions_folder data.root=my_images
    """
    from wfa.data.verify import verify as verify_data
    from wfa.files import write_text

    data = _data(name, words)
    with console.status(f"verifying {name}"):
        found = verify_data(data.plugin(), data.options)
    table = Table("split", "images", "captions", "published", box=None)
    for split in found.splits:
        published = "-" if split.expected is None else "{} / {}".format(*split.expected)
        table.add_row(split.split, str(split.images), str(split.captions), published)
    console.print(table)
    for line in found.problems:
        console.print(f"[red]problem:[/] {escape(line)}", soft_wrap=True)
    if out is not None:
        write_text(out, json.dumps(found.to_json(), indent=1) + "\n")
    if not found.ok:
        raise SystemExit(2)


def main() -> None:
    """Run the command line: exit 0 done, 2 the user's input is wrong, 1 our fault."""
    arguments = [word for word in sys.argv[1:] if word != "--debug"]
    try:
        app(arguments)
    except SystemExit as stop:
        # Lightning answers Ctrl-C by tidying up and leaving; the interrupt is what it left for.
        if isinstance(stop.__context__, KeyboardInterrupt):
            _complain("interrupted: the same command goes on where this one stopped", 130)
        raise
    except UserError as error:
        if "--debug" in sys.argv:
            raise
        _complain(str(error))
    except OSError as error:
        if error.errno != errno.ENOSPC or "--debug" in sys.argv:
            raise
        _complain("no space left on the disk: free some and run the same command again")


def _complain(message: str, code: int = 2) -> NoReturn:
    Console(stderr=True).print(f"[red]wfa:[/] {escape(message)}", soft_wrap=True)
    sys.exit(code)


def _data(name: str, words: list[str] | None) -> Choice:
    from wfa.config import resolve_section

    return resolve_section("data", name, words or [])


def _take(key: str, words: list[str] | None) -> tuple[str | None, list[str]]:
    """Take `key=VALUE` out of the words."""
    found = [word.partition("=")[2] for word in words or [] if word.startswith(f"{key}=")]
    return (found[-1] if found else None), [
        word for word in words or [] if not word.startswith(f"{key}=")
    ]


def _show_bytes(bars: Progress, file: str, done: int, total: int) -> None:
    """Move the bar of a download, made when the file is first heard of."""
    bar = next((task.id for task in bars.tasks if task.description == file), None)
    if bar is None:
        bar = bars.add_task(file, total=total or None)
    bars.update(bar, completed=done)


def _track(steps: Iterable[Any], label: str) -> Iterable[Any]:
    return track(steps, description=label, console=console, transient=True)


def _show_results(path: Path) -> None:
    from wfa.report.tables import results_table

    console.print(results_table(json.loads(path.read_text(encoding="utf-8"))))
