"""How fast a run goes and what it waits for: the progress bar's figures and run.json's."""

import time
from typing import Any

import lightning
from lightning.pytorch.callbacks import Callback

from wfa.data.batch import Batch
from wfa.encoders._base import Encoder

COUNTS = ("images", "captions", "texts", "tokens", "stock_tokens", "waiting", "working")
SHOWN = {
    "images_per_second": "images/s",
    "captions_per_second": "captions/s",
    "text_tokens_share": "tokens",
    "data_wait_share": "wait",
}
"""Figure of run.json -> its name on the progress bar."""


class Throughput(Callback):
    """Counts images, captions, text tokens and seconds over training steps.

    Seconds are the host's: on a GPU, which runs behind it, the share of waiting for data is exact
    only where the step ends in a wait for the device.

    Args:
        encoder: Says how many tokens it computes; a stock tower computes its whole context for
            each caption.
    """

    def __init__(self, encoder: Encoder) -> None:
        self._encoder = encoder
        self._images = self._captions = self._texts = self._tokens = self._stock_tokens = 0
        self._waiting = self._working = 0.0
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
            **{name: getattr(self, f"_{name}") for name in COUNTS},
            "resumed": self._resumed,
            "fit_seconds": self.fit_seconds,
        }

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Go on counting from the checkpoint."""
        for name in COUNTS:
            setattr(self, f"_{name}", state_dict[name])
        self._before, self._resumed = state_dict["fit_seconds"], state_dict["resumed"] + 1

    def on_train_epoch_start(
        self, trainer: lightning.Trainer, pl_module: lightning.LightningModule
    ) -> None:
        """Start the clock of the epoch."""
        self._ranks = trainer.world_size
        self._mark = time.perf_counter()

    def on_train_batch_start(
        self,
        trainer: lightning.Trainer,
        pl_module: lightning.LightningModule,
        batch: Batch,
        batch_idx: int,
    ) -> None:
        """Count the time since the last step as waiting for data."""
        now = time.perf_counter()
        self._waiting += now - self._mark
        self._mark = now

    def on_train_batch_end(
        self,
        trainer: lightning.Trainer,
        pl_module: lightning.LightningModule,
        outputs: Any,
        batch: Batch,
        batch_idx: int,
    ) -> None:
        """Count the step; shapes alone are read, so nothing waits for the device."""
        now = time.perf_counter()
        self._working += now - self._mark
        self._mark = now
        self._images += len(batch.rows)
        self._captions += len(batch.borne_ids)
        self._texts += len(batch.tokens)
        computed = self._encoder.tokens_computed(batch.tokens)
        if computed is not None:
            self._tokens += computed
            self._stock_tokens += len(batch.borne_ids) * self._encoder.context_length
        figures = self.figures()
        for name, shown in SHOWN.items():
            figure = figures[name]
            if figure is not None:
                pl_module.log(shown, figure, prog_bar=True, logger=False, batch_size=1)

    def figures(self) -> dict[str, float | None]:
        """Return the figures of `run.json`.

        Returns:
            images and captions (all that the images bear) a second over all processes; distinct
            texts encoded for each caption borne, and their number; text tokens computed, as a share
            of those that a stock tower computes on all captions and as a number (None where text
            features are cached); share of the time spent waiting for data; how often the run was
            interrupted and went on.
        """
        seconds = self._waiting + self._working
        return {
            "images_per_second": self._ranks * self._images / seconds if seconds else None,
            "captions_per_second": self._ranks * self._captions / seconds if seconds else None,
            "texts_per_caption": self._texts / self._captions if self._captions else None,
            "text_tokens_share": self._tokens / self._stock_tokens if self._stock_tokens else None,
            "texts": self._ranks * self._texts,
            "text_tokens": self._ranks * self._tokens if self._stock_tokens else None,
            "data_wait_share": self._waiting / seconds if seconds else None,
            "resumed": self._resumed,
        }
