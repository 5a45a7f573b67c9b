"""One caption a step, drawn uniformly; outside training all captions, averaged."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from wfa.aggregation.base import Aggregation, AggregationConfig, Drawn, Weights


@dataclass(frozen=True)
class Config(AggregationConfig):
    """Only the options of every technique."""


class Single(Aggregation):
    """The field's usual way with several captions (LaCLIP, arXiv 2305.20088)."""

    @classmethod
    def compose(
        cls,
        options: Any,
        captions: Sequence[str],
        prior: Weights,
        rng: np.random.Generator | None,
    ) -> Drawn:
        """Draw one caption in training; give all of them back outside training."""
        if rng is None:
            return captions, prior
        return [captions[int(rng.integers(len(captions)))]], np.ones(1)
