"""The half of a technique that works on texts, before anything is encoded."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Self

import numpy as np

from wfa.aggregation.base import Aggregation, Drawn, Weights


@dataclass(frozen=True)
class TextHalf:
    """Weighs captions by their text and chooses what is encoded of them.

    It holds no parameters, so that it goes to data workers while the other half stays on the
    device.

    Attributes:
        technique: The technique's class.
        options: Its `Config`.
    """

    technique: type[Aggregation]
    options: Any

    @classmethod
    def of(cls, aggregation: Aggregation) -> Self:
        """Return the text half of a technique that has been built."""
        return cls(type(aggregation), aggregation.options)

    def weigh(self, captions: Sequence[Sequence[str]]) -> Weights:
        """Return the weights (N,) of the captions of B images, sum 1 for each image."""
        return self.technique.prior_weights(self.options, captions)

    def draw(
        self,
        captions: Sequence[str],
        weights: Weights,
        rng: np.random.Generator | None = None,
        progress: float = 0.0,
    ) -> Drawn:
        """Choose the texts of one image that a step encodes.

        The weights are tempered, captions are dropped (in training), and the technique's `compose`
        makes the texts.

        Args:
            captions: The image's K captions.
            weights: (K,), sum 1.
            rng: The image's generator for this step, or None outside training: the answer is then
                the same every time and no caption is dropped.
            progress: Share of training that is done, in [0, 1].

        Returns:
            The texts, and their weights with sum 1.
        """
        weights = tempered(weights, self.options.prior_temperature)
        dropout = 0.0 if rng is None else self.options.dropout_at(progress)
        if rng is not None and dropout > 0.0:
            kept = np.flatnonzero(rng.random(len(captions)) >= dropout)
            if not len(kept):
                kept = rng.integers(len(captions), size=1)
            captions, weights = [captions[int(k)] for k in kept], tempered(weights[kept], 1.0)
        return self.technique.compose(self.options, captions, weights, rng)


def tempered(weights: Weights, temperature: float) -> Weights:
    """Return w^(1/temperature) scaled to sum 1; weights that are all zero become uniform.

    Args:
        weights: (K,), >= 0; K at least 1.
        temperature: Above 0.
    """
    highest = weights.max()
    if not highest > 0.0:
        return np.full(len(weights), 1.0 / len(weights))
    # Against the highest, so that a low temperature cannot underflow all of them.
    powers: Weights = (weights / highest) ** (1.0 / temperature)
    scaled: Weights = powers / powers.sum()
    return scaled
