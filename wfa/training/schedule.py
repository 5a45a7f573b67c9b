"""How far training is: one definition for all that moves over training."""

import math
from collections.abc import Callable
from typing import Any

import lightning

from wfa.training.train_options import Config


class Course:
    """The share of training that is done, in [0, 1].

    It counts optimiser steps, so that it is the same on every process, with any number of loader
    workers and after a resume. Under a budget of seconds it is the share of them that has passed by
    the first process's clock.

    Args:
        trainer: Runs the steps.
        options: `max_seconds` is used.
        elapsed: Gives the seconds of training up to now.
        most: Optimiser steps that end training, whatever the epoch; 0 where none do.
    """

    def __init__(
        self,
        trainer: lightning.Trainer,
        options: Config,
        elapsed: Callable[[], float],
        most: int = 0,
    ) -> None:
        self._trainer = trainer
        self._most = most
        self._seconds = options.max_seconds
        self._elapsed = elapsed
        self._passed = 0.0

    def __deepcopy__(self, memo: dict[int, Any]) -> "Course":
        """Stay the same in a copy of what is trained, which has no training of its own."""
        return self

    @property
    def steps(self) -> int:
        """Optimiser steps of the whole run, where seconds do not end it."""
        return self._most or int(self._trainer.estimated_stepping_batches)

    def read_clock(self) -> float:
        """Return the share of the seconds that has passed; all processes must ask together."""
        # The first process's: with different learning rates the processes would drift apart.
        now = float(self._trainer.strategy.broadcast(self._elapsed()))
        self._passed = min(1.0, now / self._seconds)
        return self._passed

    def at(self, epoch: int, batch: int) -> float:
        """Return the share that is done before a batch of an epoch.

        A loader asks ahead of training. It cannot wait for other processes, so under a budget of
        seconds it gets the share as the clock was last read.
        """
        if self._seconds:
            return self._passed
        a_step = self._trainer.accumulate_grad_batches
        an_epoch = math.ceil(self._trainer.num_training_batches / a_step)
        return min(1.0, (epoch * an_epoch + batch // a_step) / self.steps)
