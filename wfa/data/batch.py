"""The batch: ragged over captions, each distinct text once, the same at any worker count."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, fields
from typing import Protocol

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from wfa.data.dataset import distinct
from wfa.data.instruction_tokens import stacked

Draw = Callable[
    [Sequence[str], NDArray[np.float64], np.random.Generator | None, float],
    tuple[Sequence[str], NDArray[np.float64]],
]
"""Which texts of an image a step encodes: (captions, prior, generator, progress) -> (texts, prior).

The generator is None outside training; the answer is then the same every time. The progress is the
share of training that is done, in [0, 1].
"""


class Inputs(Protocol):
    """How a model takes the images and texts of one split of a data set."""

    def image(self, index: int, rng: np.random.Generator | None) -> Tensor:
        """Return the input of image `index`: (C, H, W), or (D,) where features are cached.

        The generator is None outside training: no augmentation then.
        """

    def texts(self, texts: Sequence[str]) -> Tensor:
        """Return the inputs of U texts: tokens (U, L) trimmed to the longest, or features."""


@dataclass(frozen=True)
class Batch:
    """Images and the captions drawn for them; B images, N captions, U distinct texts, L tokens.

    Attributes:
        images: (B, C, H, W) float32, or (B, D) cached features of a frozen tower.
        tokens: (U, L) int64, each distinct text once, or (U, D) cached features.
        text_index: (N,) int64, caption -> row of `tokens`.
        image_index: (N,) int64 ascending, caption -> row of `images`.
        prior: (N,) float32, importance weights known from the text, uniform where the technique
            asks for none; they sum to 1 for each image.
        caption_ids: (N,) int64, the data set-wide identity of each drawn caption; -1 for a text
            that is no caption of the data set.
        borne_ids: (K,) int64, the identities of all captions that the images bear, drawn or not.
        borne_image: (K,) int64, borne caption -> row of `images`.
        rows: (B,) int64, the images' places in the data set.
        instructions: (R, T) int64, tokens of a decoder's sequences; (0, 0) without one.
        instruction_image: (R,) int64, instruction -> row of `images`.
    """

    images: Tensor
    tokens: Tensor
    text_index: Tensor
    image_index: Tensor
    prior: Tensor
    caption_ids: Tensor
    borne_ids: Tensor
    borne_image: Tensor
    rows: Tensor
    instructions: Tensor = field(default_factory=lambda: stacked([]))
    instruction_image: Tensor = field(default_factory=lambda: torch.zeros(0, dtype=torch.int64))

    def to(self, device: torch.device, non_blocking: bool = False) -> "Batch":
        """Return the batch with every tensor on `device`."""
        return self._each(lambda tensor: tensor.to(device, non_blocking=non_blocking))

    def pin_memory(self) -> "Batch":
        """Return the batch in page-locked memory, for copies that overlap the step."""
        return self._each(Tensor.pin_memory)

    def _each(self, change: Callable[[Tensor], Tensor]) -> "Batch":
        return Batch(**{own.name: change(getattr(self, own.name)) for own in fields(self)})


@dataclass(frozen=True)
class Sample:
    """One image of a batch before collation: place, input, drawn texts and instructions."""

    row: int
    image: Tensor
    texts: Sequence[str]
    prior: NDArray[np.float64]
    text_ids: Sequence[int]
    borne: NDArray[np.int64]
    instructions: Sequence[Sequence[int]] = ()


def collate(samples: Sequence[Sample], inputs: Inputs) -> Batch:
    """Put samples together: every distinct text once, two index vectors, no padding.

    Args:
        samples: B samples, each with at least one text.
        inputs: Turns texts into model inputs.

    Returns:
        The batch on the CPU.
    """
    texts = [text for sample in samples for text in sample.texts]
    unique, text_index = distinct(texts)
    drawn = [len(sample.texts) for sample in samples]
    borne = [len(sample.borne) for sample in samples]
    place = np.arange(len(samples))
    return Batch(
        images=torch.stack([sample.image for sample in samples]),
        tokens=inputs.texts(unique),
        text_index=torch.from_numpy(text_index),
        image_index=torch.from_numpy(np.repeat(place, drawn)),
        prior=torch.from_numpy(np.concatenate([s.prior for s in samples]).astype(np.float32)),
        caption_ids=torch.tensor([i for sample in samples for i in sample.text_ids]),
        borne_ids=torch.from_numpy(np.concatenate([sample.borne for sample in samples])),
        borne_image=torch.from_numpy(np.repeat(place, borne)),
        rows=torch.tensor([sample.row for sample in samples]),
        instructions=stacked(
            [instruction for sample in samples for instruction in sample.instructions]
        ),
        instruction_image=torch.from_numpy(
            np.repeat(place, [len(sample.instructions) for sample in samples])
        ),
    )
