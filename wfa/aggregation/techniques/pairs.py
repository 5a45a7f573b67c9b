"""Every caption its own pair with the image; outside training all captions, averaged."""

import torch
from torch import Tensor

from wfa.aggregation.base import Aggregated, Aggregation
from wfa.aggregation.caption_draws import AggregationConfig

Config = AggregationConfig


class Pairs(Aggregation):
    """No aggregation in training: N texts of B images, `owner` is the image index.

    The losses know that an image has several texts. A module in evaluation mode averages, because
    an aggregated query is one feature.
    """

    def pool(
        self, caption_features: Tensor, weights: Tensor, image_index: Tensor, images: int
    ) -> Aggregated:
        """Give each caption back as a text of its own, with weight 1, while training."""
        if not self.training:
            return super().pool(caption_features, weights, image_index, images)
        return Aggregated(
            text_features=caption_features,
            owner=image_index,
            weights=torch.ones_like(weights),
            text_of=torch.arange(len(image_index), device=image_index.device),
        )
