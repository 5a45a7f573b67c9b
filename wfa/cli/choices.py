"""The verbs that show what can be chosen: config, list and help; nothing is run."""

import sys
from typing import Annotated

import typer
from rich.markup import escape
from rich.padding import Padding
from rich.table import Table
from typer.core import TyperGroup

from wfa.cli.terminal import Words, console


def config(words: Words = None) -> None:
    """Print the resolved config; nothing is run.

    Example:
        wfa config run=ucm_frozen aggregation=uniqueness
    """
    from wfa.options.run_config import resolve

    sys.stdout.write(resolve(words or []).as_yaml())


def show_help(
    context: typer.Context,
    topic: Annotated[
        str | None,
        typer.Argument(
            metavar="SECTION[.NAME][.KEY]",
            help="Or the path of a plug-in file; all sections without it.",
        ),
    ] = None,
) -> None:
    """Show every option of a section: its type, default, limits and meaning.

    What a verb takes is shown by `wfa VERB --help`.

    Examples:
        wfa help train

        wfa help aggregation.uniqueness

        wfa help data.rsicd.root

        wfa help path/to/words.py
    """
    from wfa.options.option_help import help_tables, sections

    if topic is None:
        console.print(f"sections: {', '.join(sections())}", soft_wrap=True)
        return
    if topic not in sections() and _is_verb(topic, context):
        console.print(f"{topic} is a verb: wfa {topic} --help shows what it takes")
        return
    for title, about, options in help_tables(topic):
        console.print(f"[bold]{escape(title)}[/]  {escape(about)}", soft_wrap=True)
        for one in options:
            limits = f", {one.limits}" if one.limits else ""
            default = f", default {one.default}" if one.default else ""
            console.print(
                f"  [cyan]{escape(one.key)}[/]  {escape(one.type + limits + default)}",
                soft_wrap=True,
                highlight=False,
            )
            if one.meaning:
                console.print(Padding(escape(one.meaning), (0, 0, 0, 6)), highlight=False)


def _is_verb(topic: str, context: typer.Context) -> bool:
    verbs = context.find_root().command
    return isinstance(verbs, TyperGroup) and topic in verbs.commands


def list_choices(
    section: Annotated[str | None, typer.Argument(help="One section; all without it.")] = None,
) -> None:
    """List the choices of a config section: ours, and those of installed packages.

    The path of a plug-in file, as in aggregation=path/to/words.py, is a choice as well.

    Example:
        wfa list aggregation
    """
    from wfa.errors import unknown
    from wfa.options.recipes import recipe_names, recipe_summary
    from wfa.plugins.registry import PACKAGES, names, source

    recipes = ("run", "compare", "benchmark")
    kinds = [*PACKAGES, *recipes]
    if section is not None and section not in kinds:
        raise unknown("section", section, kinds)
    for kind in [section] if section else kinds:
        table = Table(title=kind, title_justify="left", box=None, show_header=False)
        for name in recipe_names(kind) if kind in recipes else names(kind):
            found = None if kind in recipes else source(kind, name)
            line = found.summary() if found else recipe_summary(kind, name)
            origin = found.origin if found else ""
            table.add_row(name, escape(f"{line} (from {origin})" if origin else line))
        console.print(table)
