"""A lesson: an instruction and its answer as text, and both as the tokens of one sequence.

A place along an image's side is one token, a whole percent of it, as in Chen et al. 2022, "Pix2seq"
(arXiv:2109.10852): four of them are a box. In a text it is written `<33%>`.
"""

import re
from collections.abc import Callable, Iterator, Sequence
from itertools import groupby
from typing import NamedTuple

import torch
from torch import Tensor

PAD, ANSWER, END, UNKNOWN = range(4)
"""Tokens of our own: padding; where the answer begins; where it ends; a token not learned."""
OWN_TOKENS = 4
"""What a tokenizer's numbers are moved up by, so that ours come before them."""

FIRST_PLACE = 2**40
"""The token of 0 percent: no tokenizer has numbers as large."""
PLACES = 101
"""0 to 100 percent."""
_PLACE = re.compile(r"<(\d|[1-9]\d|100)%>", re.ASCII)

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


def place(percent: int) -> str:
    """Return how a place, 0 to 100 percent of an image's side, stands in a text."""
    return f"<{percent}%>"


def tokens_of(spell: Spell, text: str) -> list[int]:
    """Return a text's tokens, each place one of them."""
    tokens: list[int] = []
    for number, part in enumerate(_PLACE.split(text)):
        if number % 2:
            tokens.append(FIRST_PLACE + int(part))
        elif part.strip():
            tokens += (token + OWN_TOKENS for token in spell(part))
    return tokens


def text_of(unspell: Callable[[list[int]], str], tokens: Sequence[int]) -> str:
    """Return the text of tokens that are words and places, none of `PAD` to `UNKNOWN`.

    Args:
        unspell: A tokenizer's tokens -> text.
        tokens: As `tokens_of` gives them.
    """
    parts: Iterator[str] = (
        "".join(place(token - FIRST_PLACE) for token in same)
        if are_places
        else unspell([token - OWN_TOKENS for token in same])
        for are_places, same in groupby(tokens, key=lambda token: token >= FIRST_PLACE)
    )
    return " ".join(filter(None, parts))


def prompt(spell: Spell, instruction: str, context_length: int) -> list[int]:
    """Return the tokens that an answer follows: at most half a context of them, and `ANSWER`.

    A longer instruction loses its beginning: what is asked about stands at its end.
    """
    return [*tokens_of(spell, instruction)[-(context_length // 2 - 1) :], ANSWER]


def written(spell: Spell, lesson: Lesson, context_length: int) -> list[int]:
    """Return a lesson's tokens: prompt, answer, `END`, at most one more than the context.

    An answer that is too long loses its end, and has no `END`.
    """
    start = prompt(spell, lesson.instruction, context_length)
    return [*start, *tokens_of(spell, lesson.answer), END][: context_length + 1]


def stacked(lessons: Sequence[Sequence[int]]) -> Tensor:
    """Put the tokens of R lessons into one tensor, (R, T) int64, padded behind each."""
    width = max(map(len, lessons), default=0)
    return torch.tensor(
        [[*lesson, *([PAD] * (width - len(lesson)))] for lesson in lessons], dtype=torch.int64
    ).reshape(len(lessons), width)
