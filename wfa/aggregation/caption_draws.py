"""Which captions of an image a step uses: dropout, tempered weights, and the options of both."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import ClassVar, TypeAlias

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from wfa.options.limits import Options

Weights: TypeAlias = NDArray[np.float64]
"""Importance weights that are known from the text."""

Rows: TypeAlias = NDArray[np.int64]
"""Places of captions among those of their image."""

Drawn: TypeAlias = tuple[Sequence[str], Weights]
"""The texts of one image that a step encodes, and their weights with sum 1."""


_DROPOUT = {"at_least": 0, "below": 1, "why": "1 leaves nothing"}


@dataclass(frozen=True)
class AggregationConfig(Options):
    """Options of every technique.

    Attributes:
        caption_dropout: Chance in [0, 1) that a caption is left out of a training step; at least
            one is kept and the weights are renormalised over those kept.
        caption_dropout_end: The chance in [0, 1) at the end of training, to which it moves
            linearly; None keeps it as it is.
        prior_temperature: Text-known weights w become w^(1/temperature), renormalised: below 1
            sharper, above 1 flatter. Positive.
    """

    section: ClassVar[str] = "aggregation"

    caption_dropout: float = field(default=0.0, metadata=_DROPOUT)
    caption_dropout_end: float | None = field(default=None, metadata=_DROPOUT)
    prior_temperature: float = field(default=1.0, metadata={"above": 0, "below": math.inf})

    def dropout_at(self, progress: float) -> float:
        """Return the chance to leave a caption out when a share in [0, 1] of training is done."""
        if self.caption_dropout_end is None:
            return self.caption_dropout
        return (1.0 - progress) * self.caption_dropout + progress * self.caption_dropout_end


def kept_captions(
    options: AggregationConfig, prior: Weights, rng: np.random.Generator | None, progress: float
) -> tuple[Rows, Weights]:
    """Temper the weights of one image's captions and drop some of them, in training.

    Args:
        options: The technique's.
        prior: (K,), sum 1.
        rng: The image's generator; None drops nothing.
        progress: Share of training that is done, in [0, 1].

    Returns:
        The places of the captions that are kept, at least one, and their weights with sum 1.
    """
    if options.prior_temperature != 1.0:
        prior = tempered(prior, options.prior_temperature)
    dropout = 0.0 if rng is None else options.dropout_at(progress)
    if rng is None or not dropout > 0.0:
        return np.arange(len(prior)), prior
    kept = np.flatnonzero(rng.random(len(prior)) >= dropout)
    if not len(kept):
        kept = rng.integers(len(prior), size=1)
    return kept, scaled(prior[kept])


def tempered(prior: Weights, temperature: float) -> Weights:
    """Return w^(1/temperature) scaled to sum 1; weights that are all zero become uniform.

    Args:
        prior: (K,), >= 0; K at least 1.
        temperature: Above 0.
    """
    highest = prior.max()
    # Against the highest, so that a low temperature cannot underflow all of them.
    return scaled((prior / highest) ** (1.0 / temperature) if highest > 0.0 else prior)


def scaled(weights: Weights) -> Weights:
    """Return weights (K,) >= 0 scaled to sum 1; those that are all zero become uniform."""
    total = weights.sum()
    return weights / total if total > 0.0 else np.full(len(weights), 1.0 / len(weights))


def drawn_rows(
    choose: Callable[[Weights, np.random.Generator | None], tuple[Rows, Weights]],
    options: AggregationConfig,
    index: Tensor,
    prior: Tensor,
    training: bool,
    progress: float,
) -> tuple[Tensor, Tensor]:
    """Draw captions whose features are there already, by torch's seed.

    Args:
        choose: Picks captions of one image: (weights, generator) -> (places, weights).
        options: The technique's.
        index: (N,) int64 ascending, caption -> image; every image has a caption.
        prior: (N,), sum 1 for each image.
        training: Whether anything is left to chance.
        progress: Share of training that is done, in [0, 1].

    Returns:
        The rows that were drawn, ascending within each image's captions or as they were picked,
        and their weights.
    """
    rng = np.random.default_rng(int(torch.randint(2**62, ()))) if training else None
    weights = prior.detach().double().cpu().numpy()
    ends = torch.bincount(index).cumsum(0).tolist()
    rows, drawn = [], []
    for start, end in zip([0, *ends], ends, strict=False):
        kept, own = kept_captions(options, weights[start:end], rng, progress)
        chosen, own = choose(own, rng)
        rows.append(start + kept[chosen])
        drawn.append(own)
    return (
        torch.from_numpy(np.concatenate(rows)).to(index.device),
        torch.from_numpy(np.concatenate(drawn)).to(prior),
    )
