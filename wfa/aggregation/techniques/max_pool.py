"""The element-wise maximum over the captions of an image."""

import torch
from torch import Tensor
from torch.nn import functional

from wfa.aggregation.base import Aggregated, Aggregation
from wfa.aggregation.caption_draws import AggregationConfig
from wfa.aggregation.segment_math import segment_sum

Config = AggregationConfig


class MaxPool(Aggregation):
    """t = normalise(max_k normalise(f(c_k))), dimension by dimension.

    A maximum has no weights of its own. What is reported as a caption's importance weight is the
    share of the D dimensions in which it holds the maximum; captions that hold it together share
    the dimension equally. The weights carry no gradient, and the prior plays no part.
    """

    def importance_weights(
        self,
        caption_features: Tensor,
        image_index: Tensor,
        prior: Tensor,
        image_features: Tensor | None,
        images: int,
    ) -> Tensor:
        """Return the share of the dimensions that each caption wins."""
        features = caption_features.detach()
        highest = _segment_max(features, image_index, images).index_select(0, image_index)
        wins = (features == highest).to(features.dtype)
        winners = segment_sum(wins, image_index, images).index_select(0, image_index)
        return (wins / winners).mean(dim=-1)

    def pool(
        self, caption_features: Tensor, weights: Tensor, image_index: Tensor, images: int
    ) -> Aggregated:
        """Take the maximum; the weights are only handed on."""
        highest = _segment_max(caption_features, image_index, images)
        return Aggregated(
            text_features=functional.normalize(highest, dim=-1),
            owner=torch.arange(images, device=image_index.device),
            weights=weights,
            text_of=image_index,
        )


def _segment_max(values: Tensor, index: Tensor, segments: int) -> Tensor:
    """(N, D) -> (S, D); a tie shares its gradient equally."""
    lowest = values.new_full((segments, values.shape[1]), -float("inf"))
    return lowest.scatter_reduce(0, index.unsqueeze(-1).expand_as(values), values, "amax")
