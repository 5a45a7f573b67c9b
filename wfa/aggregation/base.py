"""What every technique shares: its options, its steps, segment arithmetic, the invariants."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, NamedTuple, TypeAlias

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

from wfa.errors import ConfigError

Weights: TypeAlias = NDArray[np.float64]
"""Importance weights that are known from the text."""

Drawn: TypeAlias = tuple[Sequence[str], Weights]
"""The texts of one image that a step encodes, and their weights with sum 1."""


@dataclass(frozen=True)
class AggregationConfig:
    """Options of every technique.

    Attributes:
        caption_dropout: Chance in [0, 1) that a caption is left out of a training step; at least
            one is kept and the weights are renormalised over those kept.
        caption_dropout_end: The chance in [0, 1) at the end of training, to which it moves
            linearly; None keeps it as it is.
        prior_temperature: Text-known weights w become w^(1/temperature), renormalised: below 1
            sharper, above 1 flatter. Positive.
    """

    caption_dropout: float = 0.0
    caption_dropout_end: float | None = None
    prior_temperature: float = 1.0

    def __post_init__(self) -> None:
        for name in ("caption_dropout", "caption_dropout_end"):
            rate = getattr(self, name)
            if rate is not None and not 0.0 <= rate < 1.0:
                raise ConfigError(f"aggregation.{name}={rate} must be in [0, 1): 1 leaves nothing")
        if not 0.0 < self.prior_temperature < float("inf"):
            raise ConfigError(
                f"aggregation.prior_temperature={self.prior_temperature} must be a number above 0"
            )

    def dropout_at(self, progress: float) -> float:
        """Return the chance to leave a caption out when a share in [0, 1] of training is done."""
        if self.caption_dropout_end is None:
            return self.caption_dropout
        return (1.0 - progress) * self.caption_dropout + progress * self.caption_dropout_end


class Aggregated(NamedTuple):
    """What aggregation gives back; T texts out of N captions of B images.

    Attributes:
        text_features: (T, D), normalised; T is B, or N where every caption is its own pair.
        owner: (T,) int64, text -> row of the images.
        weights: (N,), importance weights, >= 0; they sum to 1 over the captions of each text.
        text_of: (N,) int64, caption -> row of `text_features`.
    """

    text_features: Tensor
    owner: Tensor
    weights: Tensor
    text_of: Tensor


class Aggregation(nn.Module):
    """A technique; a subclass is one file that overrides what it does otherwise.

    `prior_weights` weighs by the text alone (once a data set), `compose` chooses what a step
    encodes (in data workers, through `TextHalf`), `importance_weights` weighs by the features, and
    `pool` makes text features of weighted captions. As they stand the four give the plain mean of
    all captions.

    Args:
        options: The plug-in's `Config`.
        width: D, the width of the features.

    Attributes:
        weighs_text: Whether weights depend on the captions' text; true of every technique that
            has `prior_weights` of its own.
    """

    weighs_text: ClassVar[bool] = False

    def __init_subclass__(cls, **arguments: Any) -> None:
        super().__init_subclass__(**arguments)
        cls.weighs_text |= "prior_weights" in vars(cls)

    def __init__(self, options: Any, width: int) -> None:
        super().__init__()
        self.options = options
        self.width = width

    @classmethod
    def prior_weights(cls, options: Any, captions: Sequence[Sequence[str]]) -> Weights:
        """Compute weights from the captions' text alone, once for a data set.

        Args:
            options: The plug-in's `Config`.
            captions: The captions of each image, N in all.

        Returns:
            (N,), sum 1 for each image; by default uniform.
        """
        del options
        counts = np.fromiter(map(len, captions), np.int64)
        return np.repeat(1.0 / counts, counts)

    def begin_step(self, seed: int, rows: Tensor) -> None:
        """Seed a training step's own randomness.

        Args:
            seed: Equal on every process, new at every step.
            rows: (B,) int64, the places in the data set of this process's images.
        """
        del seed, rows  # a technique without randomness of its own has no use for them

    @classmethod
    def compose(
        cls,
        options: Any,
        captions: Sequence[str],
        prior: Weights,
        rng: np.random.Generator | None,
    ) -> Drawn:
        """Make the texts of one image out of the captions that dropout has left.

        Args:
            options: The plug-in's `Config`.
            captions: K captions of the image, at least one.
            prior: (K,), sum 1.
            rng: The image's generator for this step, or None outside training.

        Returns:
            The texts, at least one, and their weights with sum 1; by default as given.
        """
        del options, rng
        return captions, prior

    def importance_weights(
        self,
        caption_features: Tensor,
        image_index: Tensor,
        prior: Tensor,
        image_features: Tensor | None,
        images: int,
    ) -> Tensor:
        """Weigh the captions of each image.

        Args:
            caption_features: (N, D), normalised.
            image_index: (N,) int64 ascending, caption -> image; every image has a caption.
            prior: (N,), weights known from the text, sum 1 for each image.
            image_features: (B, D), normalised, in training; None for queries, which have no image.
            images: B.

        Returns:
            (N,), >= 0, sum 1 for each image; by default the prior.
        """
        del caption_features, image_index, image_features, images
        return prior

    def pool(
        self, caption_features: Tensor, weights: Tensor, image_index: Tensor, images: int
    ) -> Aggregated:
        """Make the text features: t = normalise(sum_k w_k f(c_k)), one an image.

        Args:
            caption_features: (N, D), normalised.
            weights: (N,), importance weights, sum 1 for each image.
            image_index: (N,) int64 ascending, caption -> image.
            images: B.

        Returns:
            T text features with their owners and weights; by default T = B.
        """
        weighted = segment_sum(weights.unsqueeze(-1) * caption_features, image_index, images)
        return Aggregated(
            text_features=functional.normalize(weighted, dim=-1),
            owner=torch.arange(images, device=image_index.device),
            weights=weights,
            text_of=image_index,
        )

    def forward(
        self,
        caption_features: Tensor,
        image_index: Tensor,
        prior: Tensor,
        image_features: Tensor | None = None,
    ) -> Aggregated:
        """Aggregate the captions of B images, in float32 (float64 stays) whatever autocast says.

        Without image features B is read from the index, which makes a GPU wait once.

        Args:
            caption_features: (N, D), any scale.
            image_index: (N,) int64 ascending, caption -> image; every image has a caption.
            prior: (N,), weights known from the text, sum 1 for each image.
            image_features: (B, D), normalised, in training; None for queries.

        Returns:
            Text features with their owners and weights.
        """
        images = int(image_index[-1]) + 1 if image_features is None else len(image_features)
        with torch.autocast(caption_features.device.type, enabled=False):
            unit = functional.normalize(at_least_float32(caption_features), dim=-1)
            if image_features is not None:
                image_features = image_features.to(unit.dtype)
            weights = self.importance_weights(
                unit, image_index, prior.to(unit.dtype), image_features, images
            )
            return self.pool(unit, weights, image_index, images)


def at_least_float32(values: Tensor) -> Tensor:
    """Return half precision as float32 and anything wider as it is."""
    return values.float() if values.dtype in (torch.float16, torch.bfloat16) else values


def segment_sum(values: Tensor, index: Tensor, segments: int) -> Tensor:
    """Add rows that share an index.

    Args:
        values: (N, ...).
        index: (N,) int64 in [0, segments).
        segments: S.

    Returns:
        (S, ...), the same dtype.
    """
    return values.new_zeros((segments, *values.shape[1:])).index_add(0, index, values)


def segment_softmax(scores: Tensor, index: Tensor, segments: int) -> Tensor:
    """Softmax over the rows that share an index, stable for any finite scores.

    Args:
        scores: (N, ...).
        index: (N,) int64 in [0, segments); every segment has a row.
        segments: S.

    Returns:
        (N, ...), sums to 1 over each segment.
    """
    shape = (segments, *scores.shape[1:])
    place = index.view(-1, *[1] * (scores.dim() - 1)).expand_as(scores)
    highest = scores.new_full(shape, -torch.inf).scatter_reduce(0, place, scores.detach(), "amax")
    powers = torch.exp(scores - highest.index_select(0, index))
    return powers / segment_sum(powers, index, segments).index_select(0, index)
