"""One caption a step, drawn uniformly; outside training all captions, averaged."""

from typing import Any

import numpy as np

from wfa.aggregation.base import Aggregation
from wfa.aggregation.caption_draws import AggregationConfig, Rows, Weights

Config = AggregationConfig


class Single(Aggregation):
    """The field's usual way with several captions (LaCLIP, arXiv 2305.20088).

    >>> import torch, wfa
    >>> found = wfa.aggregation.Single()(torch.randn(5, 8), [0, 0, 0, 1, 1])
    >>> sorted(found.weights.tolist())
    [0.0, 0.0, 0.0, 1.0, 1.0]
    """

    @classmethod
    def choose(
        cls, options: Any, prior: Weights, rng: np.random.Generator | None
    ) -> tuple[Rows, Weights]:
        """Draw one caption in training; take all of them outside training."""
        if rng is None:
            return super().choose(options, prior, rng)
        return rng.integers(len(prior), size=1), np.ones(1)
