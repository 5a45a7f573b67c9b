"""Scores of BigEarthNet.txt's tasks as tables, from `scores.json`."""

from collections.abc import Iterable, Mapping
from typing import Any

from wfa.report.task_controls import control_notes, control_tables, lenient_notes, lenient_tables
from wfa.tables import DASH, Number, Table, count

_COUNTS = ("rows", "unparsed", "missing")
_UNITS = {"CIDEr": 1.0, "similarity": 1.0, "BERTScore": 1.0}
"""Figures that are not shown in percent -> their factor."""

_BENCH = (("captioning", "BLEU-4", "bleu4"), ("binary", "accuracy", "binary"),
          ("mcq", "accuracy", "mcq"), ("referring", "mIoU", "miou"))  # fmt: skip
"""Task and metric of ours, and the name of the same in the published results."""
_Tasks = dict[str, list[Mapping[str, Any]]]
"""Task -> its figures."""
_MAIN = {task: metric for task, metric, _ in _BENCH}
_BESIDE = {"ranked": "by ranking", "generated": "generated"}
"""Further answers of the same run -> the column that they stand in."""


def score_tables(content: Mapping[str, Any], title: str = "these answers") -> list[Table]:
    """Return a table a group of tasks, in percent, those of the controls, and the published ones.

    Args:
        content: `scores.json`.
        title: What to call the answers.
    """
    groups: dict[str, _Tasks] = {}
    for task, figures in _by_task(content["figures"]).items():
        groups.setdefault(task.partition("/")[0], {})[task] = figures
    beside = {column: _by_task(content.get(key, ())) for key, column in _BESIDE.items()}
    tables = [
        table for group, tasks in groups.items() for table in _group_tables(group, tasks, beside)
    ]
    return [
        *tables, *lenient_tables(content), *control_tables(content), _bench_table(content, title),
    ]  # fmt: skip


def score_notes(content: Mapping[str, Any]) -> list[str]:
    """Return what a reader of the tables must know: rows left out, variants, what is lacking."""
    made = {figure["metric"] for figure in content["figures"]}
    notes = [f"{name}: {how}" for name, how in content["methods"].items() if name in made]
    notes += [f"{name} was left out: it {why}" for name, why in content["left_out"].items()]
    written = content.get("generated", ())
    if written:
        unparsed = sum(one["unparsed"] for one in written if _is_whole(one))
        notes.append(
            "generated: the decoder's answers; of yes, no and letters the likeliest is taken, "
            f"boxes and captions are written freely, {unparsed:,} of them unparsed"
        )
    data = content["data"]
    if data["bad_rows"]:
        notes.append(f"{data['bad_rows']} rows that do not parse were left out")
    if not _is_official(content):
        notes.append(
            f"{data['name']}, {data['split']}, is not the official bench split: the published "
            "results are there for their size only"
        )
    notes += [*lenient_notes(content), *control_notes(content)]
    return [*notes, "guessing: 50 % of binary questions, 25 % of mcq with four options"]


def retrieval_table(content: Mapping[str, Any]) -> Table:
    """Return text-to-image retrieval of a run as a table, in percent."""
    found = {(row["queries"], row["metric"]): row["value"] for row in content["retrieval"]}
    metrics = list(dict.fromkeys(metric for _, metric in found))
    rows = tuple(
        (queries, *(_shown(metric, found.get((queries, metric))) for metric in metrics))
        for queries in dict.fromkeys(queries for queries, _ in found)
    )
    return Table(("queries", *metrics), rows, "text to image, strict R@K and graded by labels")


def _group_tables(group: str, tasks: _Tasks, beside: Mapping[str, _Tasks]) -> list[Table]:
    """Show a group; other answers of one metric as columns, of several in tables of their own."""
    others = {
        name: {task: figures for task, figures in own.items() if task in tasks}
        for name, own in beside.items()
        if any(task in own for task in tasks)
    }
    if len(next(iter(tasks.values()))) == 1:
        return [_group_table(group, tasks, others)]
    further = [_group_table(group, own, {}, name) for name, own in others.items()]
    return [_group_table(group, tasks, {}), *further]


def _group_table(
    group: str, tasks: _Tasks, columns: Mapping[str, _Tasks], answers: str = ""
) -> Table:
    """Show the figures of a group's tasks, and further answers of one metric as columns."""
    metrics = [figure["metric"] for figure in next(iter(tasks.values()))]
    rows = tuple(
        ("all" if task == group else task.partition("/")[2],
         *(_shown(one["metric"], one["value"])
           for one in [*figures, *(one for own in columns.values() for one in own.get(task, ()))]),
         *(count(figures[0][name]) for name in _COUNTS))
        for task, figures in tasks.items()
    )  # fmt: skip
    return Table((f"{group} {answers}".strip(), *metrics, *columns, *_COUNTS), rows)


def _by_task(figures: Iterable[Mapping[str, Any]]) -> _Tasks:
    found: _Tasks = {}
    for figure in figures:
        found.setdefault(figure["task"], []).append(figure)
    return found


def _bench_table(content: Mapping[str, Any], title: str) -> Table:
    published = content["published"]
    what = f"beside {published['source']}, bench, in percent"
    if not _is_official(content):
        what = f"NOT comparable: other questions than those of {published['source']}; percent"
    rows = [
        (result["model"], *(Number(f"{result[name]:.2f}", result[name] / 100)
                            for _, _, name in _BENCH))
        for result in published["results"]
    ]  # fmt: skip
    theirs = len(rows)
    for key, name in (("figures", title), ("generated", f"{title}, generated")):
        ours = {(one["task"], one["metric"]): one["value"] for one in content.get(key, ())}
        if ours:
            cells = (_shown(metric, ours.get((task, metric))) for task, metric, _ in _BENCH)
            rows.append((name, *cells))
    header = ("model", *(f"{task} {metric}" for task, metric, _ in _BENCH))
    return Table(header, tuple(rows), what, faint=frozenset(range(theirs)))


def _is_official(content: Mapping[str, Any]) -> bool:
    return bool(content["published"]["comparable"])


def _is_whole(figure: Mapping[str, Any]) -> bool:
    """Say whether a figure is a whole group's, and the one that counts its answers."""
    return bool(_MAIN.get(figure["task"]) == figure["metric"])


def _shown(metric: str, value: float | None) -> Number:
    if value is None:
        return Number(DASH, None)
    return Number(f"{_UNITS.get(metric, 100.0) * value:.2f}", value)
