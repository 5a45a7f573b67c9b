"""AdamW with CLIP's rules, and linear warm-up followed by a cosine."""

import math
from collections.abc import Callable, Collection

from torch import nn
from torch.optim import AdamW

from wfa.training.train_options import Config


def decayed(model: nn.Module) -> frozenset[str]:
    """Return the names of the parameters that weight decay applies to.

    Gains, biases and the temperature are not decayed (Radford et al. 2021, section 2.5): they are
    the parameters with fewer than two dimensions.
    """
    return frozenset(name for name, parameter in model.named_parameters() if parameter.ndim >= 2)


def adamw(model: nn.Module, decays: Collection[str], options: Config) -> AdamW:
    """Return AdamW over the parameters that train.

    Args:
        model: Its parameters, in whatever shape a strategy has given them.
        decays: Names of the parameters that are decayed; see `decayed`.
        options: `lr`, `weight_decay`, `beta1`, `beta2` and `eps` are used.
    """
    trainable = [(name, value) for name, value in model.named_parameters() if value.requires_grad]
    groups = [
        {"params": [p for name, p in trainable if name in decays],
         "weight_decay": options.weight_decay},
        {"params": [p for name, p in trainable if name not in decays], "weight_decay": 0.0},
    ]  # fmt: skip
    return AdamW(
        [group for group in groups if group["params"]],
        lr=options.lr,
        betas=(options.beta1, options.beta2),
        eps=options.eps,
    )


def warmup_cosine_in_time(passed: Callable[[], float], options: Config) -> Callable[[int], float]:
    """Return the same schedule over the share of `max_seconds` that has passed.

    Args:
        passed: That share, in [0, 1].
        options: `warmup` and `final_lr` are used.

    Returns:
        step -> factor in [0, 1]; the step itself says nothing.
    """
    parts = 10_000
    factor = warmup_cosine(parts, options)

    def at(step: int) -> float:
        del step
        return factor(int(parts * passed()))

    return at


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
