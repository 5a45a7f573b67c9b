"""AdamW with CLIP's rules, and linear warm-up followed by a cosine."""

import math
from collections.abc import Callable

from torch import nn
from torch.optim import AdamW

from wfa.training.config import Config


def adamw(model: nn.Module, options: Config) -> AdamW:
    """Return AdamW over the parameters that train.

    Gains, biases and the temperature are not decayed (Radford et al. 2021, section 2.5): they are
    the parameters with fewer than two dimensions.
    """
    trainable = [parameter for parameter in model.parameters() if parameter.requires_grad]
    groups = [
        {"params": [p for p in trainable if p.ndim >= 2], "weight_decay": options.weight_decay},
        {"params": [p for p in trainable if p.ndim < 2], "weight_decay": 0.0},
    ]
    return AdamW(
        [group for group in groups if group["params"]],
        lr=options.lr,
        betas=(options.beta1, options.beta2),
        eps=options.eps,
    )


def warmup_cosine(steps: int, options: Config) -> Callable[[int], float]:
    """Return the learning rate's factor for each step: linear rise, then half a cosine.

    Args:
        steps: Optimiser steps of the whole run.
        options: `warmup` and `final_lr` are used.

    Returns:
        step -> factor in [0, 1].
    """
    rise = math.ceil(options.warmup * steps)

    def factor(step: int) -> float:
        if step < rise:
            return (step + 1) / rise
        progress = min(1.0, (step - rise) / max(1, steps - rise))
        cosine = 0.5 * (1.0 + math.cos(math.pi * progress))
        return options.final_lr + (1.0 - options.final_lr) * cosine

    return factor
