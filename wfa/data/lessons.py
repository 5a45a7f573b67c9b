"""Some lessons of each image are drawn for every step, the same at any worker count."""

from collections import Counter, defaultdict
from typing import Any

import numpy as np
from numpy.typing import NDArray

from wfa.data._bigearthnet.lessons import lesson_of
from wfa.data.dataset import ImageTextDataset
from wfa.data.lesson import DESCRIBE, Lesson, Spell, tokens_of, written

_STREAM = 15
"""Keeps the draw of lessons apart from the other draws of the same image and epoch."""
_SAMPLED = 2_000
"""Images whose lessons are looked through for the tokens that there are."""


def lessons_of(dataset: ImageTextDataset, image: int) -> list[Lesson]:
    """Return the lessons of one image: its rows where the data set has rows, else its captions.

    Raises:
        DataError: A row does not parse.
    """
    rows: Any = getattr(dataset, "rows", None)
    if rows is not None:
        return [lesson_of(row) for row in rows(image)]
    captions = dataset.records[image].captions
    return [Lesson("captioning", DESCRIBE, caption) for caption in captions]


class Lessons:
    """The lessons of a split's images, some of each drawn for every step.

    The draw follows (seed, epoch, image) alone: neither worker processes nor devices change it.

    Args:
        dataset: The split.
        spell: Text -> tokens.
        count: Lessons an image and step: topics drawn alike, then one lesson of each.
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
        """Return the tokens of the lessons of an image in an epoch: at least one."""
        rng = np.random.default_rng((self._seed, epoch, image, _STREAM))
        by_topic: dict[str, list[Lesson]] = defaultdict(list)
        for lesson in lessons_of(self._dataset, image):
            by_topic[lesson.topic].append(lesson)
        topics = sorted(by_topic)
        chosen = _some(len(topics), self._count, rng)
        own = [by_topic[topics[place]] for place in chosen.tolist()]
        drawn = [lessons[int(rng.integers(len(lessons)))] for lessons in own]
        return [written(self._spell, lesson, self._context_length) for lesson in drawn]

    def tokens(self) -> Counter[int]:
        """Count the tokens of the lessons of images spread over the split."""
        images = len(self._dataset)
        places = np.linspace(0, images - 1, min(images, _SAMPLED)).astype(int)
        texts = Counter(
            text
            for place in places.tolist()
            for _, *both in lessons_of(self._dataset, place)
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
