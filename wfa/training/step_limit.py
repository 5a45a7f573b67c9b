"""Training that ends after a number of optimiser steps, and goes on after an interruption.

Lightning's own `max_steps` takes every start for one in the middle of an epoch, so that a run that
was interrupted between two epochs would leave images out.
"""

import math
from typing import Any

import lightning
from lightning.pytorch.callbacks import Callback

from wfa.training.train_options import Config


def most_steps(options: Config, a_batch: int) -> int:
    """Return the optimiser steps that end training, 0 where none do.

    Args:
        options: The `train` section.
        a_batch: Images of a batch over all processes.
    """
    if options.max_images:
        return max(1, options.max_images // (a_batch * options.accumulate))
    return options.steps


def most_epochs(options: Config, steps: int, batches: int) -> int:
    """Return the epochs that hold so many steps; -1 where seconds end training.

    Args:
        options: The `train` section.
        steps: Optimiser steps that end training, 0 where none do.
        batches: Batches of an epoch.
    """
    if options.max_seconds:
        return -1
    return math.ceil(steps / math.ceil(batches / options.accumulate)) if steps else options.epochs


class StepLimit(Callback):
    """Stops after `steps` optimiser steps; the epoch that ends early is validated."""

    def __init__(self, steps: int) -> None:
        self._steps = steps

    def on_train_start(
        self, trainer: lightning.Trainer, pl_module: lightning.LightningModule
    ) -> None:
        """Stay stopped where an interruption came after the last step."""
        self._stop(trainer)

    def on_train_batch_end(
        self, trainer: lightning.Trainer, pl_module: lightning.LightningModule, *_: Any
    ) -> None:
        """Stop after the last step."""
        self._stop(trainer)

    def _stop(self, trainer: lightning.Trainer) -> None:
        if trainer.global_step >= self._steps:
            trainer.should_stop = True
