"""The questions of some images as one step of the heads takes them."""

from copy import copy
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from wfa.tasks.answering.heads import Heads, Judged, Located, Seen
from wfa.tasks.answering.image_tokens import ImageTokens
from wfa.tasks.answering.question_arrays import NO_OPTION, Ints, Material
from wfa.tasks.answering.reader import Read
from wfa.tasks.answering.text_reading import Vocabulary

FAR = -1e4
"""Logit of an option that a question does not have."""


@dataclass(frozen=True)
class Answers:
    """What the heads say to one batch.

    Attributes:
        claims: (N,) logits of yes.
        choices: (R, K) logits of the options.
        outside: (N,) and (R, K), of the same statements; see `Judged`.
        located: The T boxes.
        rows: The places of these questions in the material: of claims, choices and targets.
    """

    claims: Tensor
    choices: Tensor
    outside: tuple[Tensor, Tensor]
    located: Located
    rows: tuple[Ints, Ints, Ints]


class Asked:
    """A material with the features of its images and texts, given out in batches of images.

    Args:
        material: The questions of M images.
        seen: Features of the M images.
        features: (U, D), the run's features of the U texts.
        vocabulary: The words that the heads know.
        device: Where the heads compute.
    """

    def __init__(
        self,
        material: Material,
        seen: ImageTokens,
        features: Tensor,
        vocabulary: Vocabulary,
        device: torch.device,
    ) -> None:
        self.material, self.seen, self.features = material, seen, features
        self._texts = vocabulary.encode(material.texts)
        self._device = device
        owners = (material.claims.image, material.choices.image, material.targets.image)
        edges = np.arange(material.images + 1)
        self._starts = [np.searchsorted(own, edges) for own in owners]

    def beside(self, seen: ImageTokens) -> "Asked":
        """Return the same questions, asked of other features of M images."""
        other = copy(self)
        other.seen = seen
        return other

    def answer(self, heads: Heads, images: Ints) -> Answers:
        """Let the heads answer all questions of some images (B,)."""
        rows = tuple(_ranges(starts, images) for starts in self._starts)
        claims, choices, targets = rows
        own = [_numbers(starts, images) for starts in self._starts]
        whole, tokens = self.seen.images[images], self.seen.tokens[images]
        seen = heads.eyes(tokens.to(self._device), whole.to(self._device))
        offered = self.material.choices.texts[choices]
        there = offered != NO_OPTION
        said = np.concatenate([self.material.claims.text[claims], offered[there]])
        image = np.concatenate([own[0], np.repeat(own[1], there.sum(1))])
        judged = self._judge(heads, seen, said, image)
        mask, first = torch.from_numpy(there).to(self._device), len(claims)
        logits = judged.logits.new_full(offered.shape, FAR)
        logits[mask] = judged.logits[first:]
        outside = judged.outside.new_zeros(offered.shape)
        outside[mask] = judged.outside[first:]
        return Answers(
            claims=judged.logits[:first],
            choices=logits,
            outside=(judged.outside[:first], outside),
            located=self._locate(heads, seen, targets, own[2]),
            rows=(claims, choices, targets),
        )

    def _judge(self, heads: Heads, seen: Seen, text: Ints, image: Ints) -> Judged:
        if not len(text):
            none = seen.whole.new_zeros(0)
            return Judged(none, none)
        order = np.argsort(image, kind="stable")
        read, place = self._read(heads, text[order])
        judged: Judged = heads.judge(seen, read.take(place), self._to(image[order]))
        back = np.empty_like(order)
        back[order] = np.arange(len(order))
        return Judged(*(part[self._to(back)] for part in judged))

    def _locate(self, heads: Heads, seen: Seen, targets: Ints, image: Ints) -> Located:
        if not len(targets):
            grid = seen.cells.shape[-1]
            return Located(seen.cells.new_zeros(0, 4), seen.cells.new_zeros(0, grid, grid))
        read, place = self._read(heads, self.material.targets.text[targets])
        point = self._to(self.material.targets.point[targets])
        found: Located = heads.locator(seen, read.take(place), point, self._to(image))
        return found

    def _read(self, heads: Heads, text: Ints) -> tuple[Read, Tensor]:
        """Read each distinct text once; say where each of the wanted ones is among them."""
        own, place = np.unique(text, return_inverse=True)
        rows = torch.from_numpy(own)
        read: Read = heads.reader(
            self._texts.take(rows).to(self._device), self.features[rows].to(self._device)
        )
        return read, self._to(place)

    def _to(self, values: np.ndarray) -> Tensor:
        return torch.from_numpy(values).to(self._device)


def _ranges(starts: Ints, images: Ints) -> Ints:
    """Return the places of all questions of some images."""
    parts = [np.arange(starts[image], starts[image + 1]) for image in images.tolist()]
    return np.concatenate(parts) if parts else np.empty(0, np.int64)


def _numbers(starts: Ints, images: Ints) -> Ints:
    """Return the batch's image of each of these questions."""
    return np.repeat(np.arange(len(images)), starts[images + 1] - starts[images])
