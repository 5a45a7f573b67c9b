"""Weights from an attention over the captions of an image, trained along."""

import math
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor, nn

from wfa.aggregation.base import Aggregation
from wfa.aggregation.caption_draws import AggregationConfig
from wfa.aggregation.feature_checks import learned_width
from wfa.aggregation.segment_math import segment_softmax
from wfa.errors import ConfigError

KINDS = ("query", "additive")


@dataclass(frozen=True)
class Config(AggregationConfig):
    """Options of `attention`.

    Attributes:
        kind: `query` scores a caption by its inner product with learned queries, `additive` by
            v . tanh(W f + b) (Bahdanau et al., arXiv 1409.0473).
        heads: Queries, each with its own share of the dimensions and its own softmax; the
            importance weights are the mean over heads. Must divide the width. `query` only.
        hidden: Width of W for `additive`.
    """

    kind: str = field(default="query", metadata={"one_of": KINDS})
    heads: int = field(default=4, metadata={"at_least": 1})
    hidden: int = field(default=128, metadata={"at_least": 1})


class Attention(Aggregation):
    """Softmax over the captions of one image of a learned score of each caption's feature.

    All scores start at zero, so training starts from the plain mean.

    Raises:
        ConfigError: There is no width, or the heads do not divide it.

    >>> import torch, wfa
    >>> pool = wfa.aggregation.Attention(width=8, heads=2)
    >>> found = pool(torch.randn(5, 8), [0, 0, 0, 1, 1])
    >>> found.text_features.shape, found.weights[3:].tolist()
    (torch.Size([2, 8]), [0.5, 0.5])
    """

    def __init__(
        self, options: Config | None = None, width: int | None = None, **keywords: Any
    ) -> None:
        super().__init__(options, width, **keywords)
        wide = learned_width(self, width)
        self.score = (
            _Query(wide, self.options.heads)
            if self.options.kind == "query"
            else _Additive(wide, self.options.hidden)
        )

    def importance_weights(
        self,
        caption_features: Tensor,
        image_index: Tensor,
        prior: Tensor,
        image_features: Tensor | None,
        images: int,
    ) -> Tensor:
        """Return the softmax of the scores, averaged over heads."""
        return segment_softmax(self.score(caption_features), image_index, images).mean(dim=-1)


class _Query(nn.Module):
    """score_h = sqrt(H) f_h . q_h over the h-th share of the dimensions; (N, D) -> (N, H)."""

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        if width % heads:
            raise ConfigError(
                f"aggregation.heads={heads} does not divide the width {width} of the features"
            )
        # Heads of their own dimensions differ although all start at zero.
        self.query = nn.Parameter(torch.zeros(heads, width // heads))

    def forward(self, features: Tensor) -> Tensor:
        heads, share = self.query.shape
        # A share of a unit vector has a norm near 1/sqrt(H).
        return math.sqrt(heads) * torch.einsum(
            "nhd,hd->nh", features.view(-1, heads, share), self.query
        )


class _Additive(nn.Module):
    """score = v . tanh(W f + b); (N, D) -> (N, 1)."""

    def __init__(self, width: int, hidden: int) -> None:
        super().__init__()
        self.project = nn.Linear(width, hidden)
        self.value = nn.Linear(hidden, 1, bias=False)
        nn.init.zeros_(self.value.weight)

    def forward(self, features: Tensor) -> Tensor:
        scores: Tensor = self.value(torch.tanh(self.project(features)))
        return scores
