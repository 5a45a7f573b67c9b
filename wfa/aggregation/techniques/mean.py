"""All captions of an image, each with the same weight."""

from dataclasses import dataclass

from wfa.aggregation.base import Aggregation
from wfa.aggregation.caption_draws import AggregationConfig


@dataclass(frozen=True)
class Config(AggregationConfig):
    """Only the options of every technique."""


class Mean(Aggregation):
    """t = normalise(mean_k normalise(f(c_k)))."""
