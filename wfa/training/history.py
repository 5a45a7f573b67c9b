"""history.csv: loss, learning rate and validation metrics by step, kept across interruptions."""

import csv
import io
from collections.abc import Callable
from pathlib import Path
from typing import Any

import lightning
from lightning.pytorch.callbacks import Callback

from wfa.files import write_text

LOSSES = ("loss", "loss_captioning")
"""The loss that is trained on, and a decoder's unweighted share of it where there is one."""


class History(Callback):
    """Collects rows during training and writes them after every epoch.

    The rows travel in the checkpoint, so a run that goes on from one repeats none and loses none.

    Args:
        path: Where history.csv goes.
        log_every: Steps between two rows; every epoch's last step has one as well.
        elapsed: Gives the seconds of training up to now.
    """

    def __init__(self, path: Path, log_every: int, elapsed: Callable[[], float]) -> None:
        self._path = path
        self._log_every = log_every
        self._rows: list[dict[str, float]] = []
        self._writes = True
        self._elapsed = elapsed
        self._rate = 0.0

    def setup(
        self, trainer: lightning.Trainer, pl_module: lightning.LightningModule, stage: str
    ) -> None:
        """Let the first process alone write."""
        self._writes = trainer.is_global_zero

    def on_train_batch_start(
        self,
        trainer: lightning.Trainer,
        pl_module: lightning.LightningModule,
        batch: Any,
        batch_idx: int,
    ) -> None:
        """Keep the rate that this step is made with; after it the schedule has moved on."""
        self._rate = trainer.optimizers[0].param_groups[0]["lr"]

    def on_train_batch_end(
        self,
        trainer: lightning.Trainer,
        pl_module: lightning.LightningModule,
        outputs: Any,
        batch: Any,
        batch_idx: int,
    ) -> None:
        """Add a row at the chosen steps; reading the loss waits for the device only there."""
        last = batch_idx + 1 == trainer.num_training_batches
        stepped = not self._rows or trainer.global_step > self._rows[-1]["step"]
        if last or (stepped and trainer.global_step % self._log_every == 0):
            self._add(trainer)

    def on_train_epoch_end(
        self, trainer: lightning.Trainer, pl_module: lightning.LightningModule
    ) -> None:
        """Add the row of an epoch that a budget of images or seconds cut short."""
        if not self._rows or self._rows[-1]["step"] < trainer.global_step:
            self._add(trainer)

    def validated(self, metrics: dict[str, float]) -> None:
        """Add validation metrics to the epoch's last row and write the file."""
        self._rows[-1]["seconds"] = self._elapsed()
        self._rows[-1].update({f"validation/{name}": value for name, value in metrics.items()})
        if self._writes:
            self._write()

    def state_dict(self) -> dict[str, Any]:
        """Return the rows for the checkpoint."""
        return {"rows": self._rows}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Take the rows of the checkpoint that the run goes on from."""
        self._rows = state_dict["rows"]

    def _add(self, trainer: lightning.Trainer) -> None:
        self._rows.append(
            {
                "step": trainer.global_step,
                "epoch": trainer.current_epoch,
                "seconds": self._elapsed(),
                **{
                    name: float(trainer.callback_metrics[name])
                    for name in LOSSES
                    if name in trainer.callback_metrics
                },
                "learning_rate": self._rate,
            }
        )

    def _write(self) -> None:
        columns = dict.fromkeys(key for row in self._rows for key in row)
        text = io.StringIO()
        writer = csv.DictWriter(text, list(columns), lineterminator="\n")
        writer.writeheader()
        writer.writerows(self._rows)
        write_text(self._path, text.getvalue())
