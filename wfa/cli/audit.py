"""The verb of redundancy: audit."""

from typing import Annotated

import typer
from rich.markup import escape

from wfa.cli.terminal import Words, console


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
    overwrite: Annotated[
        bool, typer.Option("--overwrite", help="Lose an audit of other settings in the folder.")
    ] = False,
) -> None:
    """Show how redundant a data set is and what it leaks, before anything is trained.

    Examples:
        wfa audit

        wfa audit data=captions_folder data.root=my_images --fail-on-leak --leak-threshold 0.05

        wfa audit data=rsicd against=rsitmd out=runs/rsicd-rsitmd

        wfa audit data=rsicd uniqueness.duplicates=keep uniqueness.smoothing=none
    """
    from wfa.auditing.audit_folder import asked_settings, check_folder, write_audit
    from wfa.auditing.settings import AuditSettings
    from wfa.options.read_settings import read_settings

    asked = read_settings(AuditSettings, words or [])
    settings = asked_settings(asked.data, asked.against, images, asked.uniqueness)
    check_folder(asked.folder, settings, overwrite)
    from wfa.auditing.dataset_audit import audit as audit_data
    from wfa.auditing.dataset_audit import leaks_above
    from wfa.report.audit_advice import advice_lines
    from wfa.report.audit_page import audit_notices, audit_tables
    from wfa.report.report_files import write_report

    found = audit_data(asked.data, asked.against, images, asked.uniqueness)
    leaks = leaks_above(found, leak_threshold)
    path = write_audit(found, asked.folder)
    page = write_report([path], path.with_suffix(".html"))
    for table in audit_tables(found):
        console.print(table.to_rich())
    for line in found["notes"]:
        console.print(f"[yellow]note:[/] {escape(line)}", soft_wrap=True)
    for line in audit_notices(found):
        console.print(f"[yellow]look at:[/] {escape(line)}", soft_wrap=True)
    for line in leaks:
        console.print(f"[yellow]leak:[/] {escape(line)}", soft_wrap=True)
    for line in advice_lines(found):
        console.print(f"[green]advice:[/] {escape(line)}", soft_wrap=True)
    console.print(f"audit  {escape(str(path))}\nreport {escape(str(page))}", soft_wrap=True)
    if fail_on_leak and leaks:
        raise SystemExit(2)
