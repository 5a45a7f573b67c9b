"""The verbs of a run: train, evaluate, report."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated

import typer
from rich.markup import escape

from wfa.cli.tasks import answer_tasks, classify
from wfa.cli.terminal import Words, console, show_results
from wfa.errors import ConfigError, unknown
from wfa.tasks.classification.class_options import KINDS

BIGEARTHNET = "bigearthnet_txt"
"""The data set whose own tasks a run answers."""


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
    from wfa.options.read_settings import read_settings
    from wfa.options.run_config import resolve

    asked = read_settings(TrainSettings, words or [])
    config = resolve(asked.settings, config_file)
    from wfa.report.report_files import write_report
    from wfa.training.fit import fit

    out = asked.out or Path(f"runs/{config.name}-{config.config_id}")

    def tell(line: str) -> None:
        console.print(escape(line), soft_wrap=True)

    folder = fit(config, out, overwrite, show_training=console.is_terminal, tell=tell)
    if folder is None:  # one of several processes; the first one prints
        return
    page = write_report([folder.path], folder.path / "report.html")
    show_results(folder.path / "metrics.json", folder.read_run(), config.retrieval.ties)
    console.print(f"run    {escape(str(folder.path))}\nreport {escape(str(page))}", soft_wrap=True)


def evaluate(
    words: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[RUN] [KEY=VALUE]...",
            help="A finished run's folder, or none for a checkpoint as it is; settings.",
            show_default=False,
        ),
    ] = None,
    overwrite: Annotated[
        bool, typer.Option("--overwrite", help="Lose the run that out=DIR holds; without RUN.")
    ] = False,
) -> None:
    """Measure retrieval of a finished run or any checkpoint on any data set, or answer tasks.

    Without RUN nothing is trained: the encoder is measured as its options make it, and a run folder
    is written that all verbs take. With task=classification classes are found by prompts;
    task=linear_probe, knn and few_shot learn them from image features. With task=bigearthnet_txt
    the run answers all 15 tasks of its data set's bench split. Options are task.KEY=VALUE.

    Examples:
        wfa evaluate runs/scenes-0123456789

        wfa evaluate encoder=frozen data=ucm_captions

        wfa evaluate runs/scenes-0123456789 task=classification data=ucm_captions

        wfa evaluate runs/scenes-0123456789 data=ucm_captions split=validation

        wfa evaluate runs/scenes-0123456789 data=[ucm_captions,rsicd]

        wfa evaluate runs/scenes_s1s2-0123456789 task=bigearthnet_txt
    """
    bare = [word for word in words or [] if "=" not in word]
    rest = [word for word in words or [] if "=" in word]
    if len(bare) > 1:
        raise ConfigError(f"evaluate takes one run, but is given {' and '.join(bare)}")
    if not bare:
        _evaluate_untrained(rest, overwrite)
        return
    run = Path(bare[0])
    tasks = [word.partition("=")[2] for word in rest if word.startswith("task=")]
    if tasks and tasks[-1] not in (*KINDS, BIGEARTHNET):
        raise unknown("task", tasks[-1], [*KINDS, BIGEARTHNET])
    if tasks:
        (classify if tasks[-1] in KINDS else answer_tasks)(run, rest)
        return
    _evaluate_run(run, rest)


def _evaluate_run(run: Path, words: list[str]) -> None:
    """Measure a run on one data set or several, and print what was found."""
    from wfa.cli.run_words import read_run_settings, words_of_each
    from wfa.json_files import read_json
    from wfa.runs.evaluate_settings import EvaluateSettings

    asked = [read_run_settings(EvaluateSettings, run, own) for own in words_of_each(words)]
    first = asked[0]
    from wfa.report.across_data import across_data, leak_lines
    from wfa.runs.evaluate_run import evaluate_on

    data = [one.data for one in asked]
    found = evaluate_on(run, data, first.split, first.retrieval)
    facts = [read_json(folder / "evaluation.json", "evaluate the run again") for _, folder in found]
    if words:
        console.print(f"with {escape(' '.join(words))}", soft_wrap=True)
    if len(found) == 1:
        show_results(found[0][1] / "metrics.json", facts[0], first.retrieval.ties)
    else:
        said = filter(None, [first.split, "strict", "single", facts[0]["wording"], "in percent"])
        table = across_data([rows for rows, _ in found], " · ".join(said))
        console.print(table.to_rich())
    for one in facts:
        for line in leak_lines(one):
            console.print(f"[yellow]leak:[/] {escape(line)}", soft_wrap=True)
    for _, folder in found:
        console.print(f"written to {escape(str(folder))}", soft_wrap=True)


def _evaluate_untrained(words: list[str], overwrite: bool) -> None:
    """Measure what the words name, nothing trained, and print what was written."""
    from wfa.options.read_settings import read_settings
    from wfa.options.run_config import resolve

    if task := next((word for word in words if word.startswith("task=")), None):
        raise ConfigError(
            f"{task} needs a run: `wfa evaluate {' '.join(w for w in words if w[:4] != 'task')}` "
            f"writes one, which `wfa evaluate RUN {task}` takes"
        )
    asked = read_settings(TrainSettings, words)
    config = resolve(asked.settings)
    from wfa.report.report_files import write_report
    from wfa.runs.untrained_run import evaluate_untrained

    out = asked.out or Path(f"runs/{config.name}-untrained-{config.config_id}")
    folder = evaluate_untrained(config, out, overwrite)
    page = write_report([folder.path], folder.path / "report.html")
    show_results(folder.path / "metrics.json", folder.read_run(), config.retrieval.ties)
    console.print(f"run    {escape(str(folder.path))}\nreport {escape(str(page))}", soft_wrap=True)


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
    from wfa.options.read_settings import read_settings
    from wfa.report.report_files import write_report

    asked = read_settings(ReportSettings, paths)
    page = write_report([Path(folder) for folder in asked.folders], asked.out)
    console.print(f"report {escape(str(page))}", soft_wrap=True)
