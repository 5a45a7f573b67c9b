"""Some instructions of each image are drawn for every step, the same at any worker count."""

from collections import Counter, defaultdict

import numpy as np
from numpy.typing import NDArray

from wfa.data.dataset import ImageTextDataset
from wfa.data.instruction import Instruction
from wfa.data.instruction_tokens import Spell, tokens_of, written

_STREAM = 15
"""Keeps the draw of instructions apart from the other draws of the same image and epoch."""
_SAMPLED = 2_000
"""Images whose instructions are looked through for the tokens that there are."""


class InstructionDraws:
    """The instructions of a split's images, some of each drawn for every step.

    The draw follows (seed, epoch, image) alone: neither worker processes nor devices change it.

    Args:
        dataset: The split.
        spell: Text -> tokens.
        count: Instructions an image and step: topics drawn alike, then one instruction of each.
        context_length: Most tokens that a decoder reads.
        seed: The run's seed.
    """

    def __init__(
        self,
        dataset: ImageTextDataset,
        spell: Spell,
        count: int,
        context_length: int,
        seed: int,
    ) -> None:
        self._dataset = dataset
        self._spell = spell
        self._count = count
        self._context_length = context_length
        self._seed = seed

    def draw(self, epoch: int, image: int) -> list[list[int]]:
        """Return the tokens of the instructions of an image in an epoch: at least one."""
        rng = np.random.default_rng((self._seed, epoch, image, _STREAM))
        by_topic: dict[str, list[Instruction]] = defaultdict(list)
        for instruction in self._dataset.instructions(image):
            by_topic[instruction.topic].append(instruction)
        topics = sorted(by_topic)
        chosen = _some(len(topics), self._count, rng)
        own = [by_topic[topics[place]] for place in chosen.tolist()]
        drawn = [instructions[int(rng.integers(len(instructions)))] for instructions in own]
        return [written(self._spell, instruction, self._context_length) for instruction in drawn]

    def tokens(self) -> Counter[int]:
        """Count the tokens of the instructions of images spread over the split."""
        images = len(self._dataset)
        places = np.linspace(0, images - 1, min(images, _SAMPLED)).astype(int)
        texts = Counter(
            text
            for place in places.tolist()
            for _, *both in self._dataset.instructions(place)
            for text in both
        )
        found: Counter[int] = Counter()
        for text, often in texts.items():
            for token in tokens_of(self._spell, text):
                found[token] += often
        return found


def _some(topics: int, count: int, rng: np.random.Generator) -> NDArray[np.int64]:
    """Draw topics, each once before one comes twice."""
    rounds = [rng.permutation(topics) for _ in range(-(-count // topics))]
    return np.concatenate(rounds)[:count]
