"""What training shows while it runs: a bar and its figures, in 80 columns."""

from typing import Any

import lightning
from lightning.pytorch.callbacks import RichProgressBar
from rich.progress import BarColumn, ProgressColumn

QUALITY = {"loss": ".2f", "mR": ".3f"}
SPEED = {"images/s": ",.0f", "captions/s": ",.0f", "tokens": ".0%", "wait": ".0%"}
"""Logged value -> its format; `tokens` are those of the text tower as a share of the stock way's,
`wait` the share of the time that is spent waiting for data."""


class Progress(RichProgressBar):
    """Lightning's bar, its epochs counted from one, quality in one line and speed below it."""

    def configure_columns(self, trainer: lightning.Trainer) -> list[ProgressColumn]:
        """Return Lightning's columns, the bar itself short, the time left out."""
        description, _, batches, *_ = super().configure_columns(trainer)
        return [description, BarColumn(bar_width=8), batches]

    def get_metrics(
        self, trainer: lightning.Trainer, pl_module: lightning.LightningModule
    ) -> dict[str, Any]:
        """Return the figures as short texts, those of speed on the second line."""
        found = super().get_metrics(trainer, pl_module)
        shown = {name: f"{found[name]:{form}}" for name, form in QUALITY.items() if name in found}
        if shown:
            shown[list(shown)[-1]] += "\n"
        return shown | {
            name: f"{found[name]:{form}}" for name, form in SPEED.items() if name in found
        }

    def _get_train_description(self, current_epoch: int) -> str:
        epochs = self.trainer.max_epochs
        of = f"/{epochs}" if epochs is not None and epochs > 0 else ""  # not under other budgets
        return f"Epoch {current_epoch + 1}{of}"
