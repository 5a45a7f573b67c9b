"""What training tells where it shows no bar of its own: how many of its steps are done."""

from collections.abc import Iterator
from itertools import count
from typing import Any

import lightning

from wfa.progress import track


class StepLines(lightning.Callback):
    """Tells every step to whoever shows progress: in a log file a line now and then."""

    def __init__(self) -> None:
        self._steps: Iterator[Any] = iter(())

    def on_train_start(
        self, trainer: lightning.Trainer, pl_module: lightning.LightningModule
    ) -> None:
        """Begin at the step that an interrupted run goes on from."""
        if trainer.is_global_zero:
            batches = trainer.num_training_batches * (trainer.max_epochs or 0)
            total = int(batches) if 0 < batches < float("inf") else None
            done = trainer.current_epoch * int(trainer.num_training_batches)
            self._steps = iter(track(count(), "training, batches", total, done))
            next(self._steps)

    def on_train_batch_end(self, *_: Any, **__: Any) -> None:
        """Tell of one more."""
        next(self._steps, None)

    def on_train_end(
        self, trainer: lightning.Trainer, pl_module: lightning.LightningModule
    ) -> None:
        """Take the display away."""
        self._steps = iter(())

    def on_exception(self, *_: Any, **__: Any) -> None:
        """As at the end."""
        self._steps = iter(())
