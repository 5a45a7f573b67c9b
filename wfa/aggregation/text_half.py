"""The half of a technique that works on texts, before anything is encoded."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Self

import numpy as np

from wfa.aggregation.base import Aggregation
from wfa.aggregation.caption_draws import Drawn, Weights, kept_captions


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
        rows, weights = kept_captions(self.options, weights, rng, progress)
        captions = [captions[row] for row in rows.tolist()]
        return self.technique.compose(self.options, captions, weights, rng)
