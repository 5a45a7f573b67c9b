"""Answers to BigEarthNet.txt: the verb score, and a run's own answers for evaluate."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.markup import escape

from wfa.cli.terminal import console
from wfa.errors import ConfigError
from wfa.progress import track


def score(
    words: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[PREDICTIONS.jsonl] [KEY=VALUE]...",
            help='Lines of {"ID": 17, "output": "yes"}; settings.',
            show_default=False,
        ),
    ] = None,
    prompts: Annotated[
        Path | None, typer.Option("--prompts", help="Write the questions to this file instead.")
    ] = None,
) -> None:
    r"""Score any model's answers to BigEarthNet.txt, or write the questions that it is to answer.

    The questions are those of data.root=DIR, WFA_DATA_DIR, or rows=FILE.parquet, of split=bench
    unless given. An answer is `yes` or `no`, an option's letter, a box `\[x1 y1, x2 y2]` from 0 to
    1, or a caption; any other is wrong, and counted. Beside this rule stands a lenient one that
    takes `Yes, it is.` and `a) summer` too. `extras=similarity,BERTScore` compares captions by
    networks too. The answers are compared with answers to other patches and, with training=train,
    with what the training questions alone make likely. The figures go to scores.json beside the
    answers, or to out=FILE; those of another file of answers are not overwritten without it.

    Examples:
        wfa score answers.jsonl rows=BigEarthNet.txt.parquet training=train

        wfa score answers.jsonl data.root=data/bigearthnet_txt split=test+bench extras=similarity

        wfa score --prompts prompts.jsonl data.root=data/bigearthnet_txt
    """
    from wfa.options.read_settings import read_settings
    from wfa.tasks.controls.answer_controls import answer_controls
    from wfa.tasks.predictions import read_predictions
    from wfa.tasks.prompts import write_prompts
    from wfa.tasks.score import score as score_answers
    from wfa.tasks.score_settings import ScoreSettings
    from wfa.tasks.scores_file import FILE, check_scores_of, scores_json, write_scores

    asked = read_settings(ScoreSettings, words or [])
    if (asked.answers is None) == (prompts is None):
        raise ConfigError("name a file of answers, or write the questions with --prompts FILE")
    if prompts is not None:
        count = write_prompts(prompts, track(asked.questions(), "writing prompts"))
        console.print(f"{count:,} prompts in {escape(str(prompts))}", soft_wrap=True)
    elif asked.answers is not None:
        path = asked.out or asked.answers.parent / FILE
        if asked.out is None:
            check_scores_of(path, asked.answers.name)
        answers, questions = read_predictions(asked.answers), asked.questions()
        found = score_answers(track(questions, "scoring"), answers, asked.extras)
        controls = answer_controls(questions, answers, found, asked.training_questions())
        about = {"file": asked.answers.name}
        content = scores_json(found, questions.describe(), about, controls)
        write_scores(path, content)
        show_scores(content, asked.answers.stem)
        console.print(f"scores {escape(str(path))}", soft_wrap=True)


def answer_tasks(run: Path, words: Sequence[str]) -> None:
    """Let a run answer all tasks of a split and print what it reached."""
    from wfa.cli.run_words import read_run_settings
    from wfa.tasks.task_settings import TaskSettings

    asked = read_run_settings(TaskSettings, run, words)
    from wfa.report.task_scores import retrieval_table
    from wfa.tasks.answer_run import evaluate_tasks

    content, folder = evaluate_tasks(run, asked.data, asked.split, asked.task, asked.extras)
    show_scores(content, run.name)
    console.print(retrieval_table(content).to_rich())
    console.print(f"written to {escape(str(folder))}", soft_wrap=True)


def classify(run: Path, words: Sequence[str]) -> None:
    """Measure what a run knows of classes and print it."""
    from wfa.cli.run_words import read_run_settings
    from wfa.tasks.classification.class_options import ClassSettings

    asked = read_run_settings(ClassSettings, run, words)
    kind = [word for word in words if word.startswith("task=")][-1].partition("=")[2]
    from wfa.report.by_class import classification_tables
    from wfa.tasks.classification.classify_run import classify_run

    content, folder = classify_run(run, kind, asked.data, asked.split, asked.task)
    for table in classification_tables(content, run.name):
        console.print(table.to_rich())
    console.print(f"written to {escape(str(folder))}", soft_wrap=True)


def show_scores(content: Mapping[str, Any], title: str) -> None:
    """Print the tables of a scores.json and what to know of them."""
    from wfa.report.task_scores import score_notes, score_tables

    for table in score_tables(content, title):
        console.print(table.to_rich())
    for note in score_notes(content):
        console.print(escape(note), soft_wrap=True, style="dim")
