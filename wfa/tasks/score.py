"""Score answers to questions: one figure a task and metric, nothing dropped.

The figures follow the strict rule of `marks`. Beside them stand those of the answers read
leniently, with examples of what the strict rule did not parse.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from wfa.bigearthnet.rows import BOX, CAPTION
from wfa.errors import DataError
from wfa.tasks.box_overlap import summarise_ious
from wfa.tasks.captioning.caption_figures import caption_figures
from wfa.tasks.captioning.concepts import concept_scores
from wfa.tasks.catalogue import GROUPS, TASKS
from wfa.tasks.lenient_answers import official_form
from wfa.tasks.marks import mark_or_none
from wfa.tasks.questions import Question

EXAMPLES = 3
"""Answers of each task that are shown where they were not parsed."""
_SHOWN = 5  # IDs in a message


@dataclass(frozen=True)
class Figure:
    """One figure of one task, or of a group of tasks over all its rows.

    Attributes:
        task: `binary/presence`, ..., or a group: `binary`, `mcq`, `referring`, `captioning`.
        metric: `accuracy`; `mIoU`, `Acc@25` ...; `BLEU-4`, `ROUGE-L` ...
        value: A fraction, unrounded; CIDEr runs to 10.
        rows: Questions scored.
        unparsed: Answers among them that are none by the rule.
        missing: Questions among them that were not answered.
    """

    task: str
    metric: str
    value: float
    rows: int
    unparsed: int
    missing: int

    def as_dict(self) -> dict[str, str | float | int]:
        """Return the row of `scores.json`."""
        return asdict(self)


class Unparsed(NamedTuple):
    """An answer that the strict rule does not take.

    Attributes:
        task: The question's task.
        ID: The question's.
        output: The answer as it stands, cut after 120 characters.
        lenient: The answer that the lenient rule finds in it, or None.
    """

    task: str
    ID: int
    output: str
    lenient: str | None


class TaskMarks(NamedTuple):
    """The strict marks of a task's Q questions, in the order of the questions.

    Attributes:
        patch: (Q,) int64, the question's patch, counted in the order of the questions.
        mark: (Q,) float64: 1 or 0, the IoU of a box, the concept F1 of a caption.
    """

    patch: NDArray[np.int64]
    mark: NDArray[np.float64]


@dataclass(frozen=True)
class Scores:
    """What scoring found.

    Attributes:
        figures: Groups after their tasks, in the order of the tasks.
        rows: Questions in each group.
        left_out: Figure of captions -> why it was not made.
        lenient: The same of the answers read leniently; captions have but one rule.
        examples: Up to `EXAMPLES` answers of each task that were not parsed.
        marks: Task -> its marks.
    """

    figures: list[Figure]
    rows: dict[str, int]
    left_out: dict[str, str]
    lenient: list[Figure]
    examples: list[Unparsed]
    marks: dict[str, TaskMarks]

    def value(self, task: str, metric: str) -> float:
        """Return one figure's value."""
        return next(f.value for f in self.figures if (f.task, f.metric) == (task, metric))


@dataclass
class _Tally:
    """The marks of one task, by the strict rule and by the lenient one, and captions' texts."""

    patches: list[int] = field(default_factory=list)
    marks: list[float] = field(default_factory=list)
    lenient: list[float] = field(default_factory=list)
    outputs: list[str] = field(default_factory=list)
    references: list[str] = field(default_factory=list)
    examples: list[Unparsed] = field(default_factory=list)
    unparsed: int = 0
    unread: int = 0
    missing: int = 0

    def __iadd__(self, other: "_Tally") -> "_Tally":
        for name, value in vars(other).items():
            setattr(self, name, getattr(self, name) + value)
        return self


def score(
    questions: Iterable[Question], answers: Mapping[int, str], extras: Sequence[str] = ()
) -> Scores:
    """Score a model's answers.

    Args:
        questions: All questions of a split, each ID once.
        answers: ID -> answer.
        extras: Further figures of captions, of `wfa.tasks.captioning.caption_figures.EXTRAS`.

    Raises:
        DataError: An answer has an ID that no question has, or two questions share one.
        ConfigError: There is no such extra.
    """
    tallies = {task.name: _Tally() for task in TASKS}
    asked: set[int] = set()
    patches: dict[str, int] = {}
    for question in questions:
        if question.row.id in asked:
            raise DataError(f"ID {question.row.id} stands twice among the questions of the split")
        asked.add(question.row.id)
        tally = tallies[question.task.name]
        tally.patches.append(patches.setdefault(question.row.patch_id, len(patches)))
        _add(tally, question, answers.get(question.row.id))
    _check_known(answers, asked)
    return _summarise(tallies, extras)


def _add(tally: _Tally, question: Question, output: str | None) -> None:
    mark = lenient = mark_or_none(question, output)
    if output is None:
        tally.missing += 1
    elif mark is None:
        read = official_form(question, output)
        lenient = mark_or_none(question, read)
        tally.unparsed += 1
        tally.unread += lenient is None
        if len(tally.examples) < EXAMPLES:
            found = read if lenient is not None else None
            shown = output[:120] + ("..." if len(output) > 120 else "")
            tally.examples.append(Unparsed(question.task.name, question.row.id, shown, found))
    tally.marks.append(mark or 0.0)
    tally.lenient.append(lenient or 0.0)
    if isinstance(question.answer, str):
        tally.outputs.append("" if mark is None or output is None else output)
        tally.references.append(question.answer)


def _check_known(answers: Mapping[int, str], asked: set[int]) -> None:
    unknown = [rid for rid in answers if rid not in asked]
    if unknown:
        shown = ", ".join(map(str, unknown[:_SHOWN])) + (" ..." if len(unknown) > _SHOWN else "")
        raise DataError(
            f"{len(unknown)} of {len(answers)} answers have an ID that no question of the split "
            f"has: {shown}. Name the split that was answered with split=NAME (test+bench for both)"
        )


def _summarise(tallies: Mapping[str, _Tally], extras: Sequence[str]) -> Scores:
    found = Scores([], {}, {}, [], [], {})
    for kind, group in GROUPS.items():
        whole = _Tally()
        for task in TASKS:
            tally = tallies[task.name]
            if task.type != kind or not tally.marks:
                continue
            whole += tally
            found.examples.extend(tally.examples)
            found.marks[task.name] = _marks(kind, tally)
            if task.name != group:
                _add_figures(found, task.name, kind, tally, extras)
        found.rows[group] = len(whole.marks)
        if whole.marks:
            _add_figures(found, group, kind, whole, extras)
    return found


def _marks(kind: str, tally: _Tally) -> TaskMarks:
    captions = kind == CAPTION
    marks = concept_scores(tally.outputs, tally.references) if captions else tally.marks
    return TaskMarks(np.array(tally.patches, np.int64), np.array(marks, np.float64))


def _add_figures(found: Scores, name: str, kind: str, tally: _Tally, extras: Sequence[str]) -> None:
    if kind == CAPTION:
        values, missing = caption_figures(tally.outputs, tally.references, extras)
        values["concept F1"] = float(found.marks[name].mark.mean())
        found.left_out.update(missing)
    else:
        values, lenient = (_values(kind, marks) for marks in (tally.marks, tally.lenient))
        found.lenient.extend(
            Figure(name, metric, value, len(tally.marks), tally.unread, tally.missing)
            for metric, value in lenient.items()
        )
    found.figures.extend(
        Figure(name, metric, value, len(tally.marks), tally.unparsed, tally.missing)
        for metric, value in values.items()
    )


def _values(kind: str, marks: Sequence[float]) -> dict[str, float]:
    own = np.array(marks, np.float64)
    return summarise_ious(own) if kind == BOX else {"accuracy": float(own.mean())}
