"""A lesson: an instruction and its answer as text, and both as the tokens of one sequence."""

from collections.abc import Callable, Sequence
from typing import NamedTuple

import torch
from torch import Tensor

PAD, ANSWER, END, UNKNOWN = range(4)
"""Tokens of our own: padding; where the answer begins; where it ends; a token not learned."""
OWN_TOKENS = 4
"""What a tokenizer's numbers are moved up by, so that ours come before them."""

DESCRIBE = "Describe the image."


class Lesson(NamedTuple):
    """What a decoder is asked of an image and what is right.

    Attributes:
        topic: The kind of question; all kinds are drawn alike.
        instruction: What is asked.
        answer: What is right.
    """

    topic: str
    instruction: str
    answer: str


Spell = Callable[[str], list[int]]
"""Text -> the tokenizer's tokens, without a start or an end."""


def prompt(spell: Spell, instruction: str, context_length: int) -> list[int]:
    """Return the tokens that an answer follows: at most half a context of them, and `ANSWER`.

    A longer instruction loses its beginning: options and phrases stand at its end.
    """
    own = [token + OWN_TOKENS for token in spell(instruction)]
    return [*own[-(context_length // 2 - 1) :], ANSWER]


def written(spell: Spell, lesson: Lesson, context_length: int) -> list[int]:
    """Return a lesson's tokens: prompt, answer, `END`, at most one more than the context.

    An answer that is too long loses its end, and has no `END`.
    """
    answer = [token + OWN_TOKENS for token in spell(lesson.answer)]
    start = prompt(spell, lesson.instruction, context_length)
    return [*start, *answer, END][: context_length + 1]


def stacked(lessons: Sequence[Sequence[int]]) -> Tensor:
    """Put the tokens of R lessons into one tensor, (R, T) int64, padded behind each."""
    width = max(map(len, lessons), default=0)
    return torch.tensor(
        [[*lesson, *([PAD] * (width - len(lesson)))] for lesson in lessons], dtype=torch.int64
    ).reshape(len(lessons), width)
