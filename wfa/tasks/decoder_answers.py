"""Answers of a run's decoder to all 15 tasks: chosen by likelihood, or written word by word."""

from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import Any, NamedTuple

import numpy as np
import torch
from torch import Tensor

from wfa.bigearthnet.row_instructions import allowed_answers, question_of, read_box
from wfa.bigearthnet.rows import BOX, Row
from wfa.data.instruction import Instruction
from wfa.data.instruction_tokens import ANSWER, prompt, stacked, written
from wfa.model.kinds.coca import CoCa
from wfa.progress import track
from wfa.tasks.answering.image_views import Annotated
from wfa.tasks.box_overlap import box_text
from wfa.tasks.controls.other_images import blocks, other_images

_IMAGES = 256
"""Images whose questions are answered together."""
_AT_ONCE = 256
"""Sequences that go through the decoder together."""


class _Asked(NamedTuple):
    """A question of one of the images at hand: their place, and the row."""

    image: int
    row: Row


@torch.inference_mode()
def generate_answers(model: CoCa, split: Annotated, shuffled: bool = False) -> dict[int, str]:
    """Answer every question of a split with the decoder.

    Of the answers that a yes/no or multiple-choice question allows, the one is taken whose
    instruction would be the likeliest. Boxes and captions are written freely and
    greedily; a box that is none is left as it was written, and scored as unparsed.

    Args:
        model: In evaluation mode, on the device that computes.
        split: The questions and images.
        shuffled: Show another image of the split than each question is about.

    Returns:
        ID -> answer in the official form; with one image only none is shuffled.

    Raises:
        DataError: An image or row cannot be read.
    """
    answers: dict[int, str] = {}
    for places in track(blocks(len(split), _IMAGES), "writing answers"):
        images: list[int] = places.tolist()
        seen = torch.cat([_look(model, split, part) for part in _parts(images, 32)])
        if shuffled:
            if len(images) == 1:
                continue
            seen = seen[torch.from_numpy(other_images(len(images))).to(seen.device)]
        asked = [
            _Asked(place, row) for place, image in enumerate(images) for row in split.rows(image)
        ]
        answers |= _chosen(model, seen, [one for one in asked if allowed_answers(one.row)])
        answers |= _written(model, seen, [one for one in asked if not allowed_answers(one.row)])
    return answers


def _look(model: CoCa, split: Annotated, images: Sequence[int]) -> Tensor:
    inputs = [model.encoder.image_input(np.asarray(split.read_image(image))) for image in images]
    return model.look(torch.stack(inputs).to(model.logit_scale.device))


def _chosen(model: CoCa, seen: Tensor, asked: Sequence[_Asked]) -> dict[int, str]:
    """Take the answer to each question whose text is the likeliest after its instruction.

    The fewer words of an answer the decoder never learned, the sooner it is taken: such a word
    counts in no loss, which would make the answer likelier than those that are known whole.
    """
    offered = [(one, allowed) for one in asked for allowed in allowed_answers(one.row)]
    costs: list[tuple[int, float]] = []
    for part in _parts(offered, _AT_ONCE):
        instructions = [_tokens(model, allowed.instruction) for _, allowed in part]
        whole = torch.tensor([len(tokens) - 1 - tokens.index(ANSWER) for tokens in instructions])
        image = torch.tensor([one.image for one, _ in part], device=seen.device)
        lost, known = model.decoder.losses(seen, stacked(instructions).to(seen.device), image)
        costs += zip((whole - known.cpu()).tolist(), lost.tolist(), strict=True)
    best: dict[int, tuple[tuple[int, float], str]] = {}
    for (one, (answer, _)), cost in zip(offered, costs, strict=True):
        best[one.row.id] = min(best.get(one.row.id, (cost, answer)), (cost, answer))
    return {rid: answer for rid, (_, answer) in best.items()}


def _tokens(model: CoCa, instruction: Instruction) -> list[int]:
    return written(model.spelling.ids, instruction, model.options.context_length)


def _written(model: CoCa, seen: Tensor, asked: Sequence[_Asked]) -> dict[int, str]:
    """Let the decoder write the answers, those to prompts of one type and length together."""
    length = model.options.context_length
    prompts = [(one, prompt(model.spelling.ids, question_of(one.row), length)) for one in asked]
    prompts.sort(key=lambda pair: (pair[0].row.type, len(pair[1])))
    found: dict[int, str] = {}
    for _, same in groupby(prompts, key=lambda pair: (pair[0].row.type, len(pair[1]))):
        for part in _parts(list(same), _AT_ONCE):
            image = torch.tensor([one.image for one, _ in part], device=seen.device)
            tokens = stacked([tokens for _, tokens in part]).to(seen.device)
            answers = model.decoder.write(seen[image], tokens, model.options.max_answer_tokens)
            for (one, _), answer in zip(part, answers, strict=True):
                found[one.row.id] = _text(one.row, model.read(answer))
    return found


def _text(row: Row, text: str) -> str:
    """Return what was written in the official form, where it has one."""
    box = read_box(text) if row.type == BOX else None
    return text if box is None else box_text(box)


def _parts(items: Sequence[Any], size: int) -> Iterator[Sequence[Any]]:
    return (items[start : start + size] for start in range(0, len(items), size))
