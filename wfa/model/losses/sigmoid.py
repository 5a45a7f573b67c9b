"""Sigmoid loss: every pair of a text and an image is judged by itself."""

import math
from dataclasses import dataclass, field
from typing import Any, ClassVar

from torch import Tensor
from torch.nn import functional

from wfa.model.contrast import Contrast, LossConfig, own_pairs


@dataclass(frozen=True)
class Config(LossConfig):
    """Options of `sigmoid`.

    Attributes:
        initial_logit_bias: What is added to the logits at the start; it is learned.
        logit_scale_max: Higher than in the softmax losses, for SigLIP's published weights have
            inverse temperatures between 100 and 120.
    """

    initial_logit_bias: float = -10.0
    logit_scale_max: float = field(default=1000.0, metadata={"at_least": 1, "below": math.inf})


class Sigmoid(Contrast):
    """SigLIP (arXiv 2303.15343); several texts an image as in DreamLIP and FLAIR.

    Sum over all pairs of log(1 + exp(-z (s x + b))) with z = 1 where the image owns the text and
    -1 elsewhere, divided by the T texts: with one text an image SigLIP's own scaling. A share y
    makes a pair positive with weight y and negative with 1 - y.
    """

    initial_logit_scale: ClassVar[float] = math.log(10.0)

    def __init__(self, options: Config | None = None, **keywords: Any) -> None:
        super().__init__(options, **keywords)
        self.initial_logit_bias = self.options.initial_logit_bias

    def contrast(
        self, logits: Tensor, owner: Tensor, left_out: Tensor | None, shared: Tensor | None
    ) -> Tensor:
        """Compute the binary cross entropy of all pairs that take part, a text."""
        target = own_pairs(owner, logits.shape[1]).to(logits.dtype)
        if shared is not None:
            target = target + shared
        losses = functional.binary_cross_entropy_with_logits(logits, target, reduction="none")
        if left_out is not None:
            losses = losses.masked_fill(left_out, 0.0)
        return losses.sum() / len(owner)
