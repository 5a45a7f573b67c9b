"""The program `wfa`: its verbs put together, errors turned into messages and exit codes."""

import errno
import inspect
import os
import sys
from typing import Annotated, NoReturn

import typer
from rich.console import Console
from rich.markup import escape

from wfa import __version__
from wfa.cli import audit, benchmark, choices, compare, data, export, runs, search, tasks
from wfa.cli.shell_signals import TERMINATED, Terminated, outlive_closed_pipes, terminating
from wfa.cli.terminal import flowing, track
from wfa.errors import UserError
from wfa.progress import shown_by

app = typer.Typer(
    name="wfa",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode="rich",
    pretty_exceptions_enable=False,
    help="Redundancy-aware contrastive pretraining on remote-sensing images with several captions "
    "each.\n\nStart with [bold]wfa train[/]: the embedded data set, a small model, a report.",
)
app.command()(runs.train)
app.command()(runs.evaluate)
app.command()(compare.compare)
app.command()(audit.audit)
app.command()(runs.report)
app.command()(search.index)
app.command()(search.search)
app.command()(search.serve)
app.command()(tasks.score)
app.command()(benchmark.benchmark)
app.command()(export.export)
app.command()(choices.config)
app.command(name="list")(choices.list_choices)
app.command(name="help")(choices.show_help)
app.add_typer(data.app, name="data")
for command in (*app.registered_commands, *data.app.registered_commands):
    command.help = flowing(inspect.getdoc(command.callback) or "")

_RESUMED = {"train", "compare", "index", "data prepare", "data pack"}
"""Verbs that go on where they were interrupted; the others begin anew."""


def _show_version(asked: bool) -> None:
    if asked:
        print(__version__)
        raise typer.Exit


@app.callback()
def options(
    debug: Annotated[bool, typer.Option("--debug", help="Show the traceback of an error.")] = False,
    version: Annotated[
        bool, typer.Option("--version", help="Show the version.", callback=_show_version)
    ] = False,
) -> None:
    """Show --debug in the help; `main` takes it out of any place in the command."""


def main() -> None:
    """Run the command line: exit 0 done, 2 the user's input is wrong, 1 our fault.

    An interrupted command ends with 130, one that was told to end by SIGTERM with 143.
    """
    # Read when torch is loaded. Threads that wait by spinning keep those that have work off the
    # cores: beside one busy process training would be many times slower.
    os.environ.setdefault("OMP_WAIT_POLICY", "passive")
    outlive_closed_pipes()
    arguments = [word for word in sys.argv[1:] if word != "--debug"]
    try:
        with shown_by(track), terminating():
            app(arguments)
    except SystemExit as stop:
        if (code := _interrupted(stop)) is not None:
            verb = " ".join(arguments[: 2 if arguments[:1] == ["data"] else 1])
            rest = ": the same command goes on where this one stopped" if verb in _RESUMED else ""
            _complain(f"interrupted{rest}", code)
        raise
    except UserError as error:
        if "--debug" in sys.argv:
            raise
        _complain(str(error))
    except OSError as error:
        if error.errno != errno.ENOSPC or "--debug" in sys.argv:
            raise
        _complain("no space left on the disk: free some and run the same command again")


def _interrupted(stop: SystemExit) -> int | None:
    """Return the exit code of what a person or a scheduler broke off, else None."""
    error: BaseException | None = stop
    while error is not None:
        # Lightning has an exception of its own for SIGTERM, a SystemExit without a code.
        if isinstance(error, Terminated) or type(error).__name__ == "SIGTERMException":
            return TERMINATED
        # It answers Ctrl-C by tidying up and leaving; the interrupt is what it left for.
        if isinstance(error, KeyboardInterrupt):
            return 130
        error = error.__context__
    return None


def _complain(message: str, code: int = 2) -> NoReturn:
    Console(stderr=True).print(f"[red]wfa:[/] {escape(message)}", soft_wrap=True)
    sys.exit(code)
