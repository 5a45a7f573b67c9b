"""All captions of an image, each with the same weight."""

from wfa.aggregation.base import Aggregation
from wfa.aggregation.caption_draws import AggregationConfig

Config = AggregationConfig


class Mean(Aggregation):
    """t = normalise(mean_k normalise(f(c_k)))."""
