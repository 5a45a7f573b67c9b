"""The same answers, each given to a question about another patch."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

import numpy as np

from wfa.bigearthnet.rows import LETTERS, Choice, parse_letter
from wfa.captions.folding import fold
from wfa.tasks.questions import Question


class _Asked(NamedTuple):
    """A question that was answered: its ID and patch, and of multiple choice the options."""

    id: int
    patch: str
    options: Sequence[str]


def shuffled_answers(
    questions: Iterable[Question], answers: Mapping[int, str], seed: int = 0
) -> dict[int, str]:
    """Give each question the answer that was given to one like it, of another patch.

    Like it is the same question, where another patch was asked it, else one of the same task. A
    letter stands for its option's text: where the question offers the same text, its letter is
    given. What such answers reach does not come from seeing the patch.

    Args:
        questions: All questions of a split.
        answers: ID -> answer.
        seed: Of the draw.

    Returns:
        ID -> answer; a question of whose task no other patch was asked is not among them.
    """
    rng = np.random.default_rng(seed)
    tasks: dict[str, dict[str, list[_Asked]]] = defaultdict(lambda: defaultdict(list))
    for question in questions:
        if question.row.id in answers:
            right, row = question.answer, question.row
            choice = right if isinstance(right, Choice) else None
            stem = choice.options.stem if choice else row.question
            texts = choice.options.texts if choice else ()
            tasks[question.task.name][fold(stem)].append(_Asked(row.id, row.patch_id, texts))
    found: dict[int, str] = {}
    for groups in tasks.values():
        every = [asked for own in groups.values() for asked in own]
        for own in groups.values():
            for asked, donor in zip(own, _donors(own, every, rng), strict=True):
                if donor is not None:
                    found[asked.id] = _translated(answers[donor.id], donor, asked)
    return found


def _donors(
    own: Sequence[_Asked], every: Sequence[_Asked], rng: np.random.Generator
) -> list[_Asked | None]:
    """Draw for each question one of another patch: of its own group, else of all."""
    return [_other(asked, own, rng) or _other(asked, every, rng) for asked in own]


def _other(asked: _Asked, among: Sequence[_Asked], rng: np.random.Generator) -> _Asked | None:
    """Draw one of another patch; a few tries find it unless nearly all are of the same patch."""
    tries = [among[int(place)] for place in rng.integers(len(among), size=4)]
    rest = [other for other in tries if other.patch != asked.patch]
    rest = rest or [other for other in among if other.patch != asked.patch]
    return rest[int(rng.integers(len(rest)))] if rest else None


def _translated(answer: str, donor: _Asked, asked: _Asked) -> str:
    if not asked.options:
        return answer
    try:
        text = fold(donor.options[parse_letter(answer, len(donor.options))])
    except ValueError:
        return answer
    own = [fold(option) for option in asked.options]
    return LETTERS[own.index(text)] if text in own else answer
