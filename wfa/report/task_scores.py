"""Scores of BigEarthNet.txt's tasks as tables for the terminal, from `scores.json`."""

from collections.abc import Mapping, Sequence
from typing import Any

from rich import box
from rich.table import Table

_COUNTS = ("rows", "unparsed", "missing")
_UNITS = {"CIDEr": 1.0, "similarity": 1.0, "BERTScore": 1.0}
"""Figures that are not shown in percent -> their factor."""

_BENCH = (("captioning", "BLEU-4", "bleu4"), ("binary", "accuracy", "binary"),
          ("mcq", "accuracy", "mcq"), ("referring", "mIoU", "miou"))  # fmt: skip
"""Task and metric of ours, and the name of the same in the published results."""


def score_tables(content: Mapping[str, Any], title: str = "these answers") -> list[Table]:
    """Return a table a group of tasks, in percent, and one beside the published results.

    Args:
        content: `scores.json`.
        title: What to call the answers.
    """
    groups: dict[str, dict[str, list[Mapping[str, Any]]]] = {}
    for figure in content["figures"]:
        group = groups.setdefault(figure["task"].partition("/")[0], {})
        group.setdefault(figure["task"], []).append(figure)
    ranked = {figure["task"]: figure["value"] for figure in content.get("ranked", ())}
    tables = [_group_table(group, tasks, ranked) for group, tasks in groups.items()]
    return [*tables, _bench_table(content, title)]


def score_notes(content: Mapping[str, Any]) -> list[str]:
    """Return what a reader of the tables must know: rows left out, variants, what is lacking."""
    made = {figure["metric"] for figure in content["figures"]}
    notes = [f"{name}: {how}" for name, how in content["methods"].items() if name in made]
    notes += [f"{name} was left out: it {why}" for name, why in content["left_out"].items()]
    data = content["data"]
    if data["bad_rows"]:
        notes.append(f"{data['bad_rows']} rows that do not parse were left out")
    if not content["published"]["comparable"]:
        notes.append(
            f"{data['name']}, {data['split']}, is not the official bench split: the published "
            "results are there for their size only"
        )
    return notes


def retrieval_table(content: Mapping[str, Any]) -> Table:
    """Return text-to-image retrieval of a run as a table, in percent."""
    found = {(row["queries"], row["metric"]): row["value"] for row in content["retrieval"]}
    metrics = list(dict.fromkeys(metric for _, metric in found))
    table = Table(box=box.SIMPLE_HEAD, title="text to image, strict R@K and graded by labels")
    table.add_column("queries")
    for metric in metrics:
        table.add_column(metric, justify="right")
    for queries in dict.fromkeys(queries for queries, _ in found):
        table.add_row(
            queries, *(_shown(metric, found.get((queries, metric))) for metric in metrics)
        )
    return table


def _group_table(
    group: str, tasks: Mapping[str, Sequence[Mapping[str, Any]]], ranked: Mapping[str, float]
) -> Table:
    metrics = [figure["metric"] for figure in next(iter(tasks.values()))]
    both = any(task in ranked for task in tasks)
    table = Table(box=box.SIMPLE_HEAD)
    table.add_column(group, no_wrap=True)
    for name in (*metrics, *(["by ranking"] if both else []), *_COUNTS):
        table.add_column(name, justify="right", no_wrap=True)
    for task, figures in tasks.items():
        values = {figure["metric"]: figure["value"] for figure in figures}
        cells = [_shown(metric, values.get(metric)) for metric in metrics]
        whole = task == group
        table.add_row(
            "all" if whole else task.partition("/")[2],
            *cells,
            *([_shown("accuracy", ranked.get(task))] if both else []),
            *(f"{figures[0][name]:,}" for name in _COUNTS),
            style="bold" if whole else None,
        )
    return table


def _bench_table(content: Mapping[str, Any], title: str) -> Table:
    published = content["published"]
    table = Table(box=box.SIMPLE_HEAD, title=f"beside {published['source']}, bench, in percent")
    table.add_column("model")
    for task, metric, _ in _BENCH:
        table.add_column(f"{task}\n{metric}", justify="right")
    for result in published["results"]:
        table.add_row(result["model"], *(f"{result[name]:.2f}" for _, _, name in _BENCH))
    ours = {(figure["task"], figure["metric"]): figure["value"] for figure in content["figures"]}
    cells = [_shown(metric, ours.get((task, metric))) for task, metric, _ in _BENCH]
    table.add_row(title, *cells, style="bold")
    return table


def _shown(metric: str, value: float | None) -> str:
    return "-" if value is None else f"{_UNITS.get(metric, 100.0) * value:.2f}"
