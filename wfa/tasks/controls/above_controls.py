"""Whether answers are measurably better than those that know nothing of the image.

A task's answers count as seen where they are better than every control, in a paired randomisation
test over patches: the difference to each control is summed up by patch, and the sign of a patch's
difference is flipped. The largest p-value of a task's controls counts (an intersection-union test;
Berger 1982, Technometrics 24(4)), and Holm's procedure corrects it over the tasks.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from wfa.paired_tests import Floats, holm, randomisation_p, smallest_p
from wfa.tasks.catalogue import GROUPS, TASKS
from wfa.tasks.score import Scores, TaskMarks

ALPHA = 0.05
"""Below it, p makes a difference measurable."""
FLIPS = 1_999
METRICS = {"binary": "accuracy", "mcq": "accuracy", "referring": "mIoU", "captioning": "concept F1"}
"""Group -> the figure that its marks are averaged to, and that is tested."""
METHODS = {
    "majority": "one answer a task, the most frequent of the training split",
    "prior": "the answer that the question's words make likeliest, counted on the training split",
    "blind": "the same heads trained likewise, with each image's features replaced by the mean",
    "shuffled": "the same model's answers with another patch's image",
}
"""Control -> what it is."""
REASSIGNED = "the answers given to the same question, or one of the same task, about another patch"
"""What `shuffled` is where only answers are there, and no model."""


@dataclass(frozen=True)
class Control:
    """Answers that do not know the image, scored.

    Attributes:
        name: A key of `METHODS`.
        of: Which of the answers it is compared with; empty for all.
        scores: Its scores, of the same questions in the same order.
    """

    name: str
    of: str
    scores: Scores


def controls_json(
    own: Mapping[str, Scores],
    controls: Sequence[Control],
    left_out: Mapping[str, str],
    methods: Mapping[str, str] = METHODS,
) -> dict[str, Any]:
    """Return the part `controls` of `scores.json`.

    Args:
        own: Name of answers -> their scores: `figures`, `generated`.
        controls: What they are compared with.
        left_out: Control -> why it could not be computed.
        methods: Control -> what it is.

    Returns:
        `figures` of the controls, each with `control` and `of`; `methods`; `left_out`; and `seen`:
        for each of the answers and each task its value, that of the `best` control, p, whether it
        is `seen`, its `patches`, and the `smallest_p` that so many could reach.
    """
    figures = [
        {"control": control.name, "of": control.of, **figure.as_dict()}
        for control in controls
        for figure in control.scores.figures
    ]
    names = {control.name for control in controls}
    return {
        "figures": figures,
        "methods": {name: methods[name] for name in METHODS if name in names},
        "left_out": dict(left_out),
        "seen": [
            row
            for name, scores in own.items()
            for row in _seen(name, scores, [one for one in controls if one.of in ("", name)])
        ],
    }


def _seen(name: str, own: Scores, controls: Sequence[Control]) -> list[dict[str, Any]]:
    """Compare the answers to each task, and to each group of several tasks."""
    if not controls:
        return []
    single = [task.name for task in TASKS if task.name in own.marks]
    groups = [group for group in GROUPS.values() if own.rows[group] and group not in own.marks]
    named = [*single, *groups]
    marks = [_marks(own, task) for task in named]
    others = [[_marks(control.scores, task) for control in controls] for task in named]
    patches = 1 + max(int(one.patch.max()) for one in marks)
    differences = np.stack(
        [
            np.bincount(mine.patch, mine.mark - other.mark, patches)
            for mine, row in zip(marks, others, strict=True)
            for other in row
        ],
        axis=1,
    )
    p = (
        randomisation_p(differences.astype(np.float64), FLIPS)
        .reshape(len(named), len(controls))
        .max(1)
    )
    counts = [len(np.unique(one.patch)) for one in marks]
    corrected, smallest = (
        [*holm(each[: len(single)]), *holm(each[len(single) :])]
        for each in (p.tolist(), [smallest_p(count) for count in counts])
    )
    rows = zip(named, marks, others, corrected, strict=True)
    return [
        {**_row(name, *row, controls), "patches": count, "smallest_p": least}
        for row, count, least in zip(rows, counts, smallest, strict=True)
    ]


def _row(
    name: str,
    task: str,
    mine: TaskMarks,
    others: Sequence[TaskMarks],
    p: float,
    controls: Sequence[Control],
) -> dict[str, Any]:
    values: Floats = np.array([other.mark.mean() for other in others])
    best, value = int(values.argmax()), float(mine.mark.mean())
    return {
        "answers": name,
        "task": task,
        "metric": METRICS[task.partition("/")[0]],
        "value": value,
        "best": controls[best].name,
        "best_value": float(values[best]),
        "p": p,
        "seen": bool(value > values[best] and p < ALPHA),
    }


def _marks(scores: Scores, name: str) -> TaskMarks:
    """Return the marks of a task, or of all tasks of a group."""
    parts = [own for task, own in scores.marks.items() if name in (task, task.partition("/")[0])]
    return TaskMarks(*(np.concatenate(part) for part in zip(*parts, strict=True)))
