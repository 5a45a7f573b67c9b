"""Answers from the training questions alone: the most frequent one, and the likeliest by its words.

Nothing is seen of any image and nothing is fitted but counts.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence

import numpy as np

from wfa.bigearthnet.rows import LETTERS, Box, Choice, Located, Point
from wfa.captions.folding import fold
from wfa.tasks.box_overlap import box_text
from wfa.tasks.captioning.caption_words import words
from wfa.tasks.questions import Question

_PRIOR = 2.0
"""Weight of a task's own share against that of one question, in questions."""
_BOXES = 5
"""Boxes of a phrase that its own median needs."""
_CAPTIONS = 300
"""Training captions among which the most central one is looked for."""

_Tally = dict[tuple[str, ...], list[int]]
"""Key -> how often it was right, and how often it was asked."""


class QuestionPriors:
    """What training questions tell of answers.

    Args:
        training: The questions of the training split.

    Attributes:
        questions: How many there were.
    """

    def __init__(self, training: Iterable[Question]) -> None:
        self.questions = 0
        self._said: dict[str, Counter[str]] = defaultdict(Counter)
        self._right: _Tally = defaultdict(lambda: [0, 0])
        self._boxes: dict[tuple[str, ...], list[Sequence[float]]] = defaultdict(list)
        captions: list[str] = []
        for question in training:
            self.questions += 1
            if isinstance(question.answer, str):
                captions.append(question.answer)
            else:
                self._count(question)
        self._caption = _central(captions)
        self._box: dict[tuple[str, ...], Sequence[float]] = {
            key: np.median(own, axis=0).tolist() for key, own in self._boxes.items()
        }

    def majority(self, question: Question) -> str | None:
        """Return the one answer that is given to all questions of a task; None for an unseen task.

        `yes` or `no`, a letter, the box of median corners, the caption that has most words in
        common with the others.
        """
        name = question.task.name
        if isinstance(question.answer, str):
            return self._caption
        if isinstance(question.answer, Located):
            return self._written(self._box.get((name, "corners")))
        said = self._said.get(name)
        return None if said is None else max(sorted(said), key=said.__getitem__)

    def likeliest(self, question: Question) -> str | None:
        """Return the answer that is likeliest by the question's words; None for an unseen task.

        Yes where the same question was mostly answered so; the option that was right most often
        when it was offered to the same question; the median box of the phrase, or around the
        point. A question that is new falls back on its task.
        """
        name, right = question.task.name, question.answer
        if isinstance(right, str) or name not in self._said:
            return self.majority(question)
        if isinstance(right, Located):
            return self._written(self._located(name, right.target))
        if isinstance(right, Choice):
            return LETTERS[self._likeliest_option(name, right)]
        said = self._said[name]
        share = self._share((name, fold(question.row.question)), said["yes"] / said.total())
        return "yes" if share > 0.5 else "no"

    def _count(self, question: Question) -> None:
        name, right = question.task.name, question.answer
        if isinstance(right, Choice):
            self._said[name][LETTERS[right.right]] += 1
            stem = fold(right.options.stem)
            for place, text in enumerate(right.options.texts):
                for key in ((name, fold(text)), (name, stem, fold(text))):
                    self._right[key][0] += place == right.right
                    self._right[key][1] += 1
        elif isinstance(right, Located):
            self._said[name]["box"] += 1
            self._boxes[name, "corners"].append(right.box)
            target = right.target
            if isinstance(target, Point):
                self._boxes[name, "around"].append(_around(right.box, target))
            else:
                self._boxes[name, "of", fold(target)].append(right.box)
        else:
            self._said[name]["yes" if right else "no"] += 1
            asked = self._right[name, fold(question.row.question)]
            asked[0] += bool(right)
            asked[1] += 1

    def _share(self, key: tuple[str, ...], otherwise: float) -> float:
        right, asked = self._right.get(key, (0, 0))
        return (right + _PRIOR * otherwise) / (asked + _PRIOR)

    def _likeliest_option(self, name: str, asked: Choice) -> int:
        stem, texts = fold(asked.options.stem), [fold(text) for text in asked.options.texts]
        shares = [
            self._share((name, stem, text), self._share((name, text), 1 / len(texts)))
            for text in texts
        ]
        return int(np.argmax(shares))

    def _located(self, name: str, target: str | Point) -> Sequence[float] | None:
        if isinstance(target, Point):
            away = self._box.get((name, "around"))
            place = (target.x, target.y) * 2
            return None if away is None else [
                float(np.clip(one + other, 0, 1)) for one, other in zip(away, place, strict=True)
            ]  # fmt: skip
        key = (name, "of", fold(target))
        known = len(self._boxes.get(key, ())) >= _BOXES
        return self._box[key if known else (name, "corners")]

    def _written(self, box: Sequence[float] | None) -> str | None:
        return None if box is None else box_text(Box(*box))


def _around(box: Box, point: Point) -> Sequence[float]:
    return (box.x1 - point.x, box.y1 - point.y, box.x2 - point.x, box.y2 - point.y)


def _central(captions: Sequence[str]) -> str | None:
    """Return the caption whose words are most like those of the others: cosine of counts."""
    if not captions:
        return None
    step = -(-len(captions) // _CAPTIONS)
    some = captions[::step]
    counts = [Counter(words(caption)) for caption in some]
    place = {word: number for number, word in enumerate({w: 0 for own in counts for w in own})}
    table = np.zeros((len(some), max(len(place), 1)))
    for row, own in enumerate(counts):
        for word, often in own.items():
            table[row, place[word]] = often
    table /= np.maximum(np.linalg.norm(table, axis=1, keepdims=True), 1e-12)
    return some[int((table @ table.sum(0)).argmax())]
