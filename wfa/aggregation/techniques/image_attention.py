"""Attention whose query is the image feature; queries without an image use a learned one."""

from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor, nn

from wfa.aggregation.base import Aggregation
from wfa.aggregation.caption_draws import AggregationConfig
from wfa.aggregation.feature_checks import learned_width
from wfa.aggregation.segment_math import segment_softmax
from wfa.keyed_random import keyed_uniform


@dataclass(frozen=True)
class Config(AggregationConfig):
    """Options of `image_attention`.

    Attributes:
        image_dropout: Chance in [0, 1] that a training step weighs an image's captions without
            the image, so that the learned query is trained for the case it is used in.
    """

    image_dropout: float = field(default=0.5, metadata={"at_least": 0, "at_most": 1})


class ImageAttention(Aggregation):
    """w = softmax_k f(c_k) . (q + P g) with a learned q and P, and g the image's feature.

    The image is known in training only: a query at test time is text without an image, so
    outside training, and wherever no image features are given, the weights are those of the
    learned query q alone. A technique that is better with its image than without it does not
    carry that into retrieval; `image_dropout` trains q for it. q and P start at zero, so training
    starts from the plain mean.
    """

    def __init__(
        self, options: Config | None = None, width: int | None = None, **keywords: Any
    ) -> None:
        super().__init__(options, width, **keywords)
        wide = learned_width(self, width)
        self.query = nn.Parameter(torch.zeros(wide))
        self.project = nn.Linear(wide, wide, bias=False)
        nn.init.zeros_(self.project.weight)
        self._step: tuple[int, Tensor] | None = None

    def importance_weights(
        self,
        caption_features: Tensor,
        image_index: Tensor,
        prior: Tensor,
        image_features: Tensor | None,
        images: int,
    ) -> Tensor:
        """Return the softmax of the captions' inner products with the query."""
        scores = caption_features @ self.query
        if self.training and image_features is not None:
            kept = self._drawn(images, scores.device) >= self.options.image_dropout
            queries = (self.project(image_features) * kept).index_select(0, image_index)
            scores = scores + (caption_features * queries).sum(dim=-1)
        return segment_softmax(scores, image_index, images)

    def begin_step(self, seed: int, rows: Tensor) -> None:
        """Let the draws of this step follow the images: the same on one process as on many."""
        self._step = (seed, rows)

    def _drawn(self, images: int, device: torch.device) -> Tensor:
        """Draw a number in [0, 1) for each image, (B, 1)."""
        if self._step is None:
            return torch.rand(images, 1, device=device)
        seed, rows = self._step
        return keyed_uniform(rows.to(device, torch.int32), 1, seed)
