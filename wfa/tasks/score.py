"""Score answers to questions: strict parsing, one figure a task and metric, nothing dropped.

What counts as an answer:
- yes/no: `yes` or `no`, in any case, with a full stop or not;
- multiple choice: one option letter, `b`, `B`, `b)`, `(b)` or `b.`; neither the option's text nor
  a letter that the question does not offer;
- box: `[x1 y1, x2 y2]` in shares of width and height, 0 to 1, x1 < x2 and y1 < y2;
- caption: any text that is not blank.
Any other answer is unparsed: it is wrong, its box has IoU 0, its caption is scored as empty, and
it is counted. A question without an answer is missing: the same, counted apart.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field

import numpy as np

from wfa.bigearthnet.rows import (
    BOX,
    CAPTION,
    Box,
    Choice,
    Located,
    parse_box,
    parse_letter,
    parse_yes_no,
)
from wfa.errors import DataError
from wfa.tasks.box_overlap import box_iou, summarise_ious
from wfa.tasks.captioning.caption_figures import caption_figures
from wfa.tasks.catalogue import GROUPS, TASKS
from wfa.tasks.questions import Question

_SHOWN = 5  # IDs in a message


@dataclass(frozen=True)
class Figure:
    """One figure of one task, or of a group of tasks over all its rows.

    Attributes:
        task: `binary/presence`, ..., or a group: `binary`, `mcq`, `referring`, `captioning`.
        metric: `accuracy`; `mIoU`, `Acc@25` ...; `BLEU-4`, `ROUGE-L` ...
        value: A fraction, unrounded; CIDEr runs to 10.
        rows: Questions scored.
        unparsed: Answers among them that are none by the rules of this module.
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


@dataclass(frozen=True)
class Scores:
    """What scoring found.

    Attributes:
        figures: Groups after their tasks, in the order of the tasks.
        rows: Questions in each group.
        left_out: Figure of captions -> why it was not made.
    """

    figures: list[Figure]
    rows: dict[str, int]
    left_out: dict[str, str]

    def value(self, task: str, metric: str) -> float:
        """Return one figure's value."""
        return next(f.value for f in self.figures if (f.task, f.metric) == (task, metric))


@dataclass
class _Tally:
    """The marks of one task: 1 or 0, the IoU of a box, or both texts of a caption."""

    marks: list[float] = field(default_factory=list)
    outputs: list[str] = field(default_factory=list)
    references: list[str] = field(default_factory=list)
    unparsed: int = 0
    missing: int = 0

    def __iadd__(self, other: "_Tally") -> "_Tally":
        self.marks += other.marks
        self.outputs += other.outputs
        self.references += other.references
        self.unparsed += other.unparsed
        self.missing += other.missing
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
    for question in questions:
        if question.row.id in asked:
            raise DataError(f"ID {question.row.id} stands twice among the questions of the split")
        asked.add(question.row.id)
        _add(tallies[question.task.name], question, answers.get(question.row.id))
    _check_known(answers, asked)
    return _summarise(tallies, extras)


def mark_answer(question: Question, output: str) -> float:
    """Return 1 for right and 0 for wrong, the IoU of a box, 1 for any caption.

    Raises:
        ValueError: It is no answer by the rules of this module.
    """
    right = question.answer
    if isinstance(right, bool):
        return float(parse_yes_no(output) == right)
    if isinstance(right, Choice):
        return float(parse_letter(output, len(right.options.texts)) == right.right)
    if isinstance(right, Located):
        return box_iou(parse_box(output), Box(*right.box))
    if not output.strip():
        raise ValueError("the caption is blank")
    return 1.0


def _add(tally: _Tally, question: Question, output: str | None) -> None:
    mark, text = 0.0, output or ""
    if output is None:
        tally.missing += 1
    else:
        try:
            mark = mark_answer(question, output)
        except ValueError:
            tally.unparsed += 1
            text = ""
    tally.marks.append(mark)
    if isinstance(question.answer, str):
        tally.outputs.append(text)
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
    figures: list[Figure] = []
    rows: dict[str, int] = {}
    left_out: dict[str, str] = {}
    for kind, group in GROUPS.items():
        whole = _Tally()
        for task in TASKS:
            if task.type == kind:
                whole += tallies[task.name]
                if task.name != group and tallies[task.name].marks:
                    figures += _figures(task.name, kind, tallies[task.name], extras, left_out)
        rows[group] = len(whole.marks)
        if whole.marks:
            figures += _figures(group, kind, whole, extras, left_out)
    return Scores(figures, rows, left_out)


def _figures(
    name: str, kind: str, tally: _Tally, extras: Sequence[str], left_out: dict[str, str]
) -> list[Figure]:
    marks = np.array(tally.marks, np.float64)
    if kind == CAPTION:
        values, missing = caption_figures(tally.outputs, tally.references, extras)
        left_out.update(missing)
    elif kind == BOX:
        values = summarise_ious(marks)
    else:
        values = {"accuracy": float(marks.mean())}
    return [
        Figure(name, metric, value, len(marks), tally.unparsed, tally.missing)
        for metric, value in values.items()
    ]
