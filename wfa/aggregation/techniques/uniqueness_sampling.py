"""Captions drawn by their uniqueness, instead of weighted by it."""

from dataclasses import dataclass, field
from typing import Any

import numpy as np

from wfa.aggregation.caption_draws import Rows, Weights
from wfa.aggregation.techniques import uniqueness


@dataclass(frozen=True)
class Config(uniqueness.Config):
    """Options of `uniqueness_sampling`: those of `uniqueness`, and how many are drawn.

    Attributes:
        count: Captions of an image that a training step averages, drawn by weight without
            replacement; fewer where fewer have a weight above 0.
        vary: Draw the number as well, uniformly from 1 to `count`.
    """

    count: int = field(default=1, metadata={"at_least": 1})
    vary: bool = False


class UniquenessSampling(uniqueness.Uniqueness):
    """The uniqueness weights as chances; outside training all captions with those weights.

    The captions drawn have equal weights, because the weight already was the chance to be drawn.
    """

    @classmethod
    def choose(
        cls, options: Any, prior: Weights, rng: np.random.Generator | None
    ) -> tuple[Rows, Weights]:
        """Draw by weight in training; take all captions outside training."""
        if rng is None:
            return super().choose(options, prior, rng)
        count = int(rng.integers(1, options.count + 1)) if options.vary else options.count
        count = min(count, np.count_nonzero(prior))
        drawn = rng.choice(len(prior), size=count, replace=False, p=prior)
        return drawn, np.full(count, 1.0 / count)
