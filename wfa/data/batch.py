"""The batch: ragged over captions, each distinct text once, the same at any worker count."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, fields
from typing import NamedTuple, Protocol

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from wfa.aggregation.caption_draws import Drawn
from wfa.data.instruction_tokens import stacked
from wfa.numbering import distinct


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
        all_caption_ids: (K,) int64, the identities of all captions of the images, drawn or not.
        all_image_index: (K,) int64, each of them -> row of `images`.
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
    all_caption_ids: Tensor
    all_image_index: Tensor
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


class RaggedTexts(NamedTuple):
    """Texts drawn for B images; N in all, U of them distinct.

    Attributes:
        distinct: The U distinct texts, in order of first sight.
        text_index: (N,) int64, drawn text -> place in `distinct`.
        image_index: (N,) int64 ascending, drawn text -> image.
        prior: (N,) float32, weights; they sum to 1 for each image.
    """

    distinct: list[str]
    text_index: Tensor
    image_index: Tensor
    prior: Tensor


def ragged_texts(drawn: Sequence[Drawn]) -> RaggedTexts:
    """Put the drawn texts of B images together, without padding."""
    texts, text_index = distinct([text for own, _ in drawn for text in own])
    weights = np.concatenate([weights for _, weights in drawn])
    return RaggedTexts(
        distinct=texts,
        text_index=torch.from_numpy(text_index),
        image_index=_image_index([len(own) for own, _ in drawn]),
        prior=torch.from_numpy(weights.astype(np.float32)),
    )


@dataclass(frozen=True)
class Sample:
    """One image of a batch before collation.

    Attributes:
        row: Its place in the data set.
        image: Its input.
        drawn: The texts drawn for it, at least one, and their weights.
        drawn_ids: The identity of each drawn text; -1 for one that is no caption of the data set.
        caption_ids: (K,) int64, the identities of all captions of the image.
        instructions: Tokens of a decoder's sequences.
    """

    row: int
    image: Tensor
    drawn: Drawn
    drawn_ids: Sequence[int]
    caption_ids: NDArray[np.int64]
    instructions: Sequence[Sequence[int]] = ()


def collate(samples: Sequence[Sample], inputs: Inputs) -> Batch:
    """Put samples together: every distinct text once, index vectors, no padding.

    Args:
        samples: B samples.
        inputs: Turns texts into model inputs.

    Returns:
        The batch on the CPU.
    """
    texts = ragged_texts([sample.drawn for sample in samples])
    instructions = [sample.instructions for sample in samples]
    return Batch(
        images=torch.stack([sample.image for sample in samples]),
        tokens=inputs.texts(texts.distinct),
        text_index=texts.text_index,
        image_index=texts.image_index,
        prior=texts.prior,
        caption_ids=torch.tensor([i for sample in samples for i in sample.drawn_ids]),
        all_caption_ids=torch.from_numpy(np.concatenate([s.caption_ids for s in samples])),
        all_image_index=_image_index([len(sample.caption_ids) for sample in samples]),
        rows=torch.tensor([sample.row for sample in samples]),
        instructions=stacked([one for own in instructions for one in own]),
        instruction_image=_image_index([len(own) for own in instructions]),
    )


def _image_index(counts: Sequence[int]) -> Tensor:
    """Number each image's own: (sum of counts,) int64 ascending."""
    return torch.from_numpy(np.repeat(np.arange(len(counts)), counts))
