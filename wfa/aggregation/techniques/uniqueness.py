"""Non-parametric weights: a caption counts by how little the image's other captions say it."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar

from wfa.aggregation.base import Aggregation
from wfa.aggregation.caption_draws import AggregationConfig, Weights
from wfa.captions.uniqueness import UniquenessOptions
from wfa.captions.weights import NORMALISATIONS, caption_weights
from wfa.errors import ConfigError


@dataclass(frozen=True)
class Config(AggregationConfig, UniquenessOptions):
    """Options of `uniqueness`: those of the measure, and how it becomes weights.

    Attributes:
        normalise: `sum`: w = u / sum(u), uniform where all u are 0; `softmax`: w = softmax(u / t)
            with t the temperature.
        temperature: Of the softmax; above 0.
    """

    normalise: str = field(default="sum", metadata={"one_of": NORMALISATIONS})
    temperature: float = field(default=1.0, metadata={"above": 0, "below": math.inf})

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.measure == "embedding":
            raise ConfigError(
                "aggregation.measure=embedding needs features, and weights are made of the text "
                "alone: use bleu or chrf"
            )


class Uniqueness(Aggregation):
    """t = normalise(sum_k w_k normalise(f(c_k))) with w from u_k = 1 - BLEU(c_k; others).

    The weights come from the text alone and are computed once a data set; see
    `wfa.captions.uniqueness` for u.

    >>> import torch, wfa
    >>> captions = [["a red roof", "a red roof", "two cars on a road"], ["a river", "a bridge"]]
    >>> weights = wfa.caption_weights(captions)
    >>> found = wfa.aggregation.Uniqueness()(torch.eye(5), [0, 0, 0, 1, 1], weights)
    >>> [round(weight, 3) for weight in found.weights.tolist()]
    [0.245, 0.245, 0.51, 0.5, 0.5]
    """

    weighs_text: ClassVar[bool] = True

    @classmethod
    def prior_weights(cls, options: Any, captions: Sequence[Sequence[str]]) -> Weights:
        """Return the weights of the captions by their uniqueness."""
        return caption_weights(captions, options, options.normalise, options.temperature)
