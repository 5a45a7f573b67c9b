"""Early stopping that holds across an interruption."""

import lightning
from lightning.pytorch.callbacks import EarlyStopping

from wfa.training.checkpoints import MONITOR


class Patience(EarlyStopping):
    """Stops when validation mR has not risen for some epochs.

    Args:
        epochs: How many.
    """

    def __init__(self, epochs: int) -> None:
        super().__init__(MONITOR, mode="max", patience=epochs, check_on_train_epoch_end=True)

    def on_train_start(
        self, trainer: lightning.Trainer, pl_module: lightning.LightningModule
    ) -> None:
        """Stay stopped after an interruption: the checkpoint keeps only how long was waited."""
        super().on_train_start(trainer, pl_module)
        if self.wait_count >= self.patience:
            trainer.should_stop = True
