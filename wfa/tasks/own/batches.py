"""The questions of some images as one step of the heads takes them."""

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from wfa.tasks.own.heads import Heads, Read, Seen
from wfa.tasks.own.material import NO_OPTION, Ints, Material
from wfa.tasks.own.reading import Vocabulary
from wfa.tasks.own.tokens import ImageTokens

FAR = -1e4
"""Logit of an option that a question does not have."""


@dataclass(frozen=True)
class Answers:
    """What the heads say to one batch.

    Attributes:
        claims: (N,) logits of yes.
        choices: (R, K) logits of the options.
        boxes: (T, 4).
        rows: The places of these questions in the material: of claims, choices and targets.
    """

    claims: Tensor
    choices: Tensor
    boxes: Tensor
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
        self.material, self.seen = material, seen
        self._features = features
        self._words, self._quantities = vocabulary.encode(material.texts)
        self._device = device
        owners = (material.claims.image, material.choices.image, material.targets.image)
        edges = np.arange(material.images + 1)
        self._starts = [np.searchsorted(own, edges) for own in owners]

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
        logits = self._judge(heads, seen, said, image)
        table = logits.new_full(offered.shape, FAR)
        table[torch.from_numpy(there).to(table.device)] = logits[len(claims) :]
        return Answers(
            logits[: len(claims)], table, self._locate(heads, seen, targets, own[2]),
            (claims, choices, targets),
        )  # fmt: skip

    def _judge(self, heads: Heads, seen: Seen, text: Ints, image: Ints) -> Tensor:
        if not len(text):
            return seen.whole.new_zeros(0)
        order = np.argsort(image, kind="stable")
        read, place = self._read(heads, text[order])
        logits = heads.judge(
            seen, Read(read.meaning[place], read.features[place]), self._to(image[order])
        )
        back = np.empty_like(order)
        back[order] = np.arange(len(order))
        found: Tensor = logits[self._to(back)]
        return found

    def _locate(self, heads: Heads, seen: Seen, targets: Ints, image: Ints) -> Tensor:
        if not len(targets):
            return seen.whole.new_zeros(0, 4)
        read, place = self._read(heads, self.material.targets.text[targets])
        point = self._to(self.material.targets.point[targets])
        found: Tensor = heads.locator(
            seen, Read(read.meaning[place], read.features[place]), point, self._to(image)
        )
        return found

    def _read(self, heads: Heads, text: Ints) -> tuple[Read, Tensor]:
        """Read each distinct text once; say where each of the wanted ones is among them."""
        own, place = np.unique(text, return_inverse=True)
        rows = torch.from_numpy(own)
        words, quantities = self._words[rows], self._quantities[rows]
        used = int((words != 0).any(0).sum())
        read = heads.reader(
            words[:, :used].to(self._device),
            quantities[:, :used].to(self._device),
            self._features[rows].to(self._device),
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
