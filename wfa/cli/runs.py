"""The verbs of a run: train, evaluate, report."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated

import typer
from rich.markup import escape

from wfa.cli.tasks import answer_tasks
from wfa.cli.terminal import RunPath, Words, console, show_results, track


@dataclass(frozen=True)
class TrainSettings:
    """What `wfa train` takes beside the config of the run.

    Attributes:
        out: The run folder; `runs/<name>-<config_id>` unless given.
        settings: The words of the run's config.
    """

    out: Path | None = None
    settings: tuple[str, ...] = field(default=(), metadata={"words": "rest"})


@dataclass(frozen=True)
class ReportSettings:
    """What `wfa report` takes.

    Attributes:
        out: The page.
        folders: Run folders.
    """

    out: Path = Path("report.html")
    folders: tuple[str, ...] = field(default=(), metadata={"words": "bare"})


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
    from wfa.settings import read_settings

    asked = read_settings(TrainSettings, words or [])
    config = resolve(asked.settings, config_file)
    from wfa.report.report_files import write_report
    from wfa.training.fit import fit

    out = asked.out or Path(f"runs/{config.name}-{config.config_id}")
    folder = fit(config, out, overwrite, track, show_training=console.is_terminal)
    if folder is None:  # one of several processes; the first one prints
        return
    page = write_report([folder.path], folder.path / "report.html")
    show_results(folder.path / "metrics.json", folder.read_run())
    console.print(f"run    {escape(str(folder.path))}\nreport {escape(str(page))}", soft_wrap=True)


def evaluate(run: RunPath, words: Words = None) -> None:
    """Measure retrieval of a finished run on any data set, or its answers to a benchmark's tasks.

    With task=bigearthnet_txt the run answers all 15 tasks of its data set's bench split: heads are
    trained on its features the first time, options are task.KEY=VALUE.

    Examples:
        wfa evaluate runs/scenes-0123456789

        wfa evaluate runs/scenes-0123456789 data=ucm_captions split=validation

        wfa evaluate runs/scenes_s1s2-0123456789 task=bigearthnet_txt
    """
    if any(word.startswith("task=") for word in words or []):
        answer_tasks(run, words or [])
        return
    from wfa.json_files import read_json
    from wfa.runs.run_settings import EvaluateSettings, read_run_settings

    asked = read_run_settings(EvaluateSettings, run, words or [])
    from wfa.runs.evaluate_run import evaluate_run

    _, folder = evaluate_run(run, asked.data, asked.split, asked.retrieval, track)
    facts = read_json(folder / "evaluation.json", "evaluate the run again")
    if words:
        console.print(f"with {escape(' '.join(words))}", soft_wrap=True)
    show_results(folder / "metrics.json", facts)
    console.print(f"written to {escape(str(folder))}", soft_wrap=True)


def report(
    paths: Annotated[
        list[str],
        typer.Argument(
            metavar="PATH...",
            help="Run folders, or one comparison, benchmark or audit; out=FILE.",
        ),
    ],
) -> None:
    """Write one HTML page of one run or several, which opens offline, or their tables.

    The page is `report.html` here, or what `out=FILE` says. A FILE that ends in .md or .tex gets
    the tables as Markdown or LaTeX, one in .csv the unrounded figures. A comparison has
    `tables.md` and `tables.tex` in its folder.

    Examples:
        wfa report runs/a runs/b out=compare.html

        wfa report runs/a runs/b out=tables.tex
    """
    from wfa.report.report_files import write_report
    from wfa.settings import read_settings

    asked = read_settings(ReportSettings, paths)
    page = write_report([Path(folder) for folder in asked.folders], asked.out)
    console.print(f"report {escape(str(page))}", soft_wrap=True)
