"""The verbs that show what can be chosen: config and list; nothing is run."""

import sys
from typing import Annotated

import typer
from rich.markup import escape
from rich.table import Table

from wfa.cli.terminal import Words, console


def config(words: Words = None) -> None:
    """Print the resolved config; nothing is run.

    Example:
        wfa config run=ucm_frozen aggregation=uniqueness
    """
    from wfa.config import resolve

    sys.stdout.write(resolve(words or []).as_yaml())


def list_choices(
    section: Annotated[str | None, typer.Argument(help="One section; all without it.")] = None,
) -> None:
    """List the choices of a config section, found in their folders.

    Example:
        wfa list aggregation
    """
    from wfa.errors import unknown
    from wfa.plugins import PACKAGES, names, summary
    from wfa.recipes import recipe_names, recipe_summary

    recipes = ("run", "compare", "benchmark")
    kinds = [*PACKAGES, *recipes]
    if section is not None and section not in kinds:
        raise unknown("section", section, kinds)
    for kind in [section] if section else kinds:
        table = Table(title=kind, title_justify="left", box=None, show_header=False)
        for name in recipe_names(kind) if kind in recipes else names(kind):
            line = recipe_summary(kind, name) if kind in recipes else summary(kind, name)
            table.add_row(name, escape(line))
        console.print(table)
