"""The questions of some images as arrays that heads learn from and answer."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from wfa.bigearthnet.rows import Choice, Located, Point, Row, parse_row
from wfa.numbering import distinct
from wfa.tasks.answering.question_statements import claim_of, of_options

Ints = NDArray[np.int64]
Floats = NDArray[np.float32]

NO_OPTION = -1


@dataclass(frozen=True)
class Claims:
    """N yes/no questions; `text` (N,) is what is judged, `right` (N,) 1 for yes."""

    ids: tuple[int, ...]
    categories: tuple[str, ...]
    questions: tuple[str, ...]
    image: Ints
    text: Ints
    right: Floats


@dataclass(frozen=True)
class Choices:
    """R multiple-choice questions; `texts` (R, K) are padded with -1, `right` (R,) is a place."""

    ids: tuple[int, ...]
    image: Ints
    texts: Ints
    right: Ints


@dataclass(frozen=True)
class Targets:
    """T referring questions; `point` (T, 3) is x, y, 1, or zeros; `box` (T, 4) what is right."""

    ids: tuple[int, ...]
    image: Ints
    text: Ints
    point: Floats
    box: Floats


@dataclass(frozen=True)
class Material:
    """Everything that is asked of M images; each part is ordered by image.

    Attributes:
        images: M.
        texts: The U distinct texts that `text` and `texts` count.
        claims: Yes/no questions.
        choices: Multiple-choice questions.
        targets: Referring questions.
        captions: (image, ID, caption) of each captioning row.
    """

    images: int
    texts: Sequence[str]
    claims: Claims
    choices: Choices
    targets: Targets
    captions: Sequence[tuple[int, int, str]]


def gather(rows: Sequence[Sequence[Row]]) -> Material:
    """Put the rows of M images into arrays.

    Raises:
        DataError: A row does not parse; the message names its ID.
    """
    claims: list[tuple[int, str, str, int, str, float]] = []
    choices: list[tuple[int, int, Sequence[str], int]] = []
    targets: list[tuple[int, int, str, tuple[float, float, float], tuple[float, ...]]] = []
    captions: list[tuple[int, int, str]] = []
    for image, own in enumerate(rows):
        for row in own:
            answer = parse_row(row)
            if isinstance(answer, bool):
                claim = claim_of(row.question, row.category)
                claims.append((row.id, row.category, row.question, image, claim, float(answer)))
            elif isinstance(answer, Choice):
                statements = of_options(row.category, answer.options)
                choices.append((row.id, image, statements, answer.right))
            elif isinstance(answer, Located):
                phrase, point = _target(answer.target)
                targets.append((row.id, image, phrase, point, tuple(answer.box)))
            else:
                captions.append((image, row.id, answer))
    said = [claim[4] for claim in claims]
    offered = [text for choice in choices for text in choice[2]]
    texts, index = distinct([*said, *offered, *(target[2] for target in targets)])
    first, second = len(said), len(said) + len(offered)
    return Material(
        images=len(rows),
        texts=texts,
        claims=Claims(
            ids=tuple(claim[0] for claim in claims),
            categories=tuple(claim[1] for claim in claims),
            questions=tuple(claim[2] for claim in claims),
            image=np.array([claim[3] for claim in claims], np.int64),
            text=index[:first],
            right=np.array([claim[5] for claim in claims], np.float32),
        ),
        choices=Choices(
            ids=tuple(choice[0] for choice in choices),
            image=np.array([choice[1] for choice in choices], np.int64),
            texts=_table(index[first:second], [len(choice[2]) for choice in choices]),
            right=np.array([choice[3] for choice in choices], np.int64),
        ),
        targets=Targets(
            ids=tuple(target[0] for target in targets),
            image=np.array([target[1] for target in targets], np.int64),
            text=index[second:],
            point=np.array([target[3] for target in targets], np.float32).reshape(-1, 3),
            box=np.array([target[4] for target in targets], np.float32).reshape(-1, 4),
        ),
        captions=captions,
    )


def _target(target: str | Point) -> tuple[str, tuple[float, float, float]]:
    if isinstance(target, str):
        return target, (0.0, 0.0, 0.0)
    return "", (target.x, target.y, 1.0)


def _table(index: Ints, counts: Sequence[int]) -> Ints:
    """Put each question's options in a row."""
    table = np.full((len(counts), max(counts, default=1)), NO_OPTION, np.int64)
    table[np.arange(table.shape[1]) < np.array(counts, np.int64)[:, None]] = index
    return table
