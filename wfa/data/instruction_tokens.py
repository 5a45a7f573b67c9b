"""The tokens of an instruction and its answer as one sequence; a place is one token."""

import re
from collections.abc import Callable, Iterator, Sequence
from itertools import groupby

import torch
from torch import Tensor

from wfa.data.instruction import Instruction, place

PAD, ANSWER, END, UNKNOWN = range(4)
"""Tokens of our own: padding; where the answer begins; where it ends; a token not learned."""
OWN_TOKENS = 4
"""What a tokenizer's numbers are moved up by, so that ours come before them."""

FIRST_PLACE = 2**40
"""The token of 0 percent: no tokenizer has numbers as large."""
PLACES = 101
"""0 to 100 percent."""
_PLACE = re.compile(r"<(\d|[1-9]\d|100)%>", re.ASCII)

Spell = Callable[[str], list[int]]
"""Text -> the tokenizer's tokens, without a start or an end."""


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


def written(spell: Spell, instruction: Instruction, context_length: int) -> list[int]:
    """Return a instruction's tokens: prompt, answer, `END`, at most one more than the context.

    An answer that is too long loses its end, and has no `END`.
    """
    start = prompt(spell, instruction.question, context_length)
    return [*start, *tokens_of(spell, instruction.answer), END][: context_length + 1]


def stacked(instructions: Sequence[Sequence[int]]) -> Tensor:
    """Put the tokens of R instructions into one tensor, (R, T) int64, padded behind each."""
    width = max(map(len, instructions), default=0)
    return torch.tensor(
        [[*instruction, *([PAD] * (width - len(instruction)))] for instruction in instructions],
        dtype=torch.int64,
    ).reshape(len(instructions), width)
