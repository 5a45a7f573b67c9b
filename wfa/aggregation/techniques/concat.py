"""The captions of an image joined into one long text."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from wfa.aggregation.base import Aggregation
from wfa.aggregation.caption_draws import AggregationConfig, Drawn, Weights
from wfa.captions.folding import fold
from wfa.captions.options import DUPLICATES


@dataclass(frozen=True)
class Config(AggregationConfig):
    """Options of `concat`.

    Attributes:
        separator: What stands between two captions.
        duplicates: `merge` leaves a repeated caption out, which saves the text tower's context
            for the others; `keep` joins the literal list.
        shuffle: Join in a random order while training; the tower cuts what is over its context
            length, which else always hits the last captions.
    """

    separator: str = " "
    duplicates: str = field(default="merge", metadata={"one_of": DUPLICATES})
    shuffle: bool = False


class Concat(Aggregation):
    """One text an image, encoded as a whole; caption dropout comes first."""

    @classmethod
    def compose(
        cls,
        options: Any,
        captions: Sequence[str],
        prior: Weights,
        rng: np.random.Generator | None,
    ) -> Drawn:
        """Join the captions; the text has weight 1."""
        del prior
        if options.duplicates == "merge":
            first: dict[str, str] = {}
            for caption in captions:
                first.setdefault(fold(caption), caption)
            captions = list(first.values())
        if options.shuffle and rng is not None:
            captions = [captions[k] for k in rng.permutation(len(captions))]
        return [options.separator.join(captions)], np.ones(1)
