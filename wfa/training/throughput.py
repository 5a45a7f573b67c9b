"""How fast a run goes and what it waits for: the progress bar's figures and run.json's."""

import time
from typing import Any

import lightning
import torch
from lightning.pytorch.callbacks import Callback

from wfa.data.batch import Batch
from wfa.data.worker_errors import TellingLoader
from wfa.encoders.encoder import Encoder

COUNTS = ("images", "captions", "texts", "tokens", "stock_tokens")
SECONDS = ("waiting", "training")
SHOWN = {
    "images_per_second": "images/s",
    "captions_per_second": "captions/s",
    "text_tokens_share": "tokens",
    "data_wait_share": "wait",
}
"""Figure of run.json -> its name on the progress bar."""


class Throughput(Callback):
    """Counts images, captions, text tokens and seconds over training steps.

    Captions are those that a step draws, so that `single` has one an image; the stock way encodes
    each of them at the full context length. Seconds are the host's, validation left out; waiting
    is the time inside the loader's `next`.

    Args:
        encoder: Says how many tokens it computes and how long its context is.
        show_every: Steps between two figures on the progress bar.
    """

    def __init__(self, encoder: Encoder, show_every: int = 10) -> None:
        self._encoder = encoder
        self._show_every = show_every
        self._counts = dict.fromkeys(COUNTS, 0)
        self._seconds = dict.fromkeys(SECONDS, 0.0)
        self._mark = 0.0
        self._ranks = 1
        self._started: float | None = None
        self._before = 0.0
        self._resumed = 0

    def on_fit_start(
        self, trainer: lightning.Trainer, pl_module: lightning.LightningModule
    ) -> None:
        """Start the clock of the whole fit."""
        self._started = time.perf_counter()

    @property
    def fit_seconds(self) -> float:
        """Seconds of training up to now, those before an interruption included."""
        now = time.perf_counter() - self._started if self._started is not None else 0.0
        return self._before + now

    def state_dict(self) -> dict[str, Any]:
        """Return the counts for the checkpoint."""
        return {
            "counts": self._counts,
            "seconds": self._seconds,
            "resumed": self._resumed,
            "fit_seconds": self.fit_seconds,
        }

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Go on counting from the checkpoint."""
        self._counts, self._seconds = state_dict["counts"], state_dict["seconds"]
        self._before, self._resumed = state_dict["fit_seconds"], state_dict["resumed"] + 1

    def on_train_epoch_start(
        self, trainer: lightning.Trainer, pl_module: lightning.LightningModule
    ) -> None:
        """Start the clock of the epoch."""
        self._ranks = trainer.world_size
        self._mark = time.perf_counter()

    def on_train_batch_end(
        self,
        trainer: lightning.Trainer,
        pl_module: lightning.LightningModule,
        outputs: Any,
        batch: Batch,
        batch_idx: int,
    ) -> None:
        """Count the step; shapes alone are read, so nothing waits for the device."""
        loader = trainer.train_dataloader
        assert isinstance(loader, TellingLoader)  # what our data module gives
        self.count(batch, loader.take_waited())
        if trainer.global_step % self._show_every and batch_idx:
            return
        figures = self.figures()
        for name, shown in SHOWN.items():
            figure = figures[name]
            if figure is not None:
                pl_module.log(shown, figure, prog_bar=True, logger=False, batch_size=1)

    def on_train_end(
        self, trainer: lightning.Trainer, pl_module: lightning.LightningModule
    ) -> None:
        """Add up what the processes counted; until then one counts as much as another."""
        if trainer.world_size > 1:
            device = trainer.strategy.root_device
            own = torch.tensor(list(self._counts.values()), dtype=torch.int64, device=device)
            total = trainer.strategy.reduce(own, reduce_op="sum")
            self._counts = dict(zip(COUNTS, torch.as_tensor(total).tolist(), strict=True))
        self._ranks = 1

    def count(self, batch: Batch, waited: float) -> None:
        """Count one step that has just ended.

        Args:
            batch: What it was made of.
            waited: Seconds of it that were spent waiting for the batch.
        """
        now = time.perf_counter()
        self._seconds["training"] += now - self._mark
        self._seconds["waiting"] += waited
        self._mark = now
        self._counts["images"] += len(batch.rows)
        self._counts["captions"] += len(batch.text_index)
        self._counts["texts"] += len(batch.tokens)
        computed = self._encoder.tokens_computed(batch.tokens)
        if computed is not None:
            self._counts["tokens"] += computed
            self._counts["stock_tokens"] += len(batch.text_index) * self._encoder.context_length

    def figures(self) -> dict[str, float | None]:
        """Return the figures of `run.json`.

        Returns:
            images and captions drawn a second over all processes; distinct texts encoded for each
            caption drawn, and their number; text tokens computed, as a share of those that a stock
            tower computes on the captions drawn, and as a number (None where text features are
            cached); share of the time spent waiting for data; how often the run was interrupted
            and went on.
        """
        counts = {name: self._ranks * count for name, count in self._counts.items()}
        seconds = self._seconds["training"]
        return {
            "images_per_second": _ratio(counts["images"], seconds),
            "captions_per_second": _ratio(counts["captions"], seconds),
            "texts_per_caption": _ratio(counts["texts"], counts["captions"]),
            "text_tokens_share": _ratio(counts["tokens"], counts["stock_tokens"]),
            "texts": counts["texts"],
            "text_tokens": counts["tokens"] if counts["stock_tokens"] else None,
            "data_wait_share": _ratio(self._seconds["waiting"], seconds),
            "resumed": self._resumed,
        }


def _ratio(part: float, whole: float) -> float | None:
    return part / whole if whole else None
