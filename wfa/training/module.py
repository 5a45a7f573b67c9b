"""The LightningModule: one step, the optimiser, validation by the metrics that evaluation uses."""

from collections.abc import Callable
from typing import Any

import lightning
import torch
from lightning.pytorch.utilities.types import OptimizerLRScheduler
from torch import Tensor
from torch.optim.lr_scheduler import LambdaLR

from wfa.data.batch import Batch
from wfa.model.clip import MultiCaptionCLIP
from wfa.training.config import Config
from wfa.training.optimiser import adamw, warmup_cosine

Validate = Callable[[MultiCaptionCLIP], dict[str, float]]


class TrainingModule(lightning.LightningModule):
    """Trains a multi-caption CLIP.

    Args:
        model: Towers, aggregation, temperature and loss.
        options: The `train` section.
        validate: Measures the model on the validation split; metric name -> value in [0, 1].
        finish: Called by the first process when training has ended, while all processes live.
    """

    def __init__(
        self,
        model: MultiCaptionCLIP,
        options: Config,
        validate: Validate,
        finish: Callable[[], None],
    ) -> None:
        super().__init__()
        self.model = model
        self._options = options
        self._validate = validate
        self._finish = finish

    def training_step(self, batch: Batch, step: int) -> Tensor:
        """Return the loss of one batch."""
        output = self.model(batch)
        self.log("loss", output.loss.detach(), prog_bar=True, batch_size=len(batch.images))
        loss: Tensor = output.loss
        return loss

    def on_train_epoch_start(self) -> None:
        """Seed dropout by (seed, epoch, rank), so that a resumed run draws the same."""
        seed = (self._options.seed * 100_003 + self.current_epoch) * 1_009 + self.global_rank
        torch.manual_seed(seed % 2**63)

    def on_train_batch_end(self, outputs: Any, batch: Any, batch_idx: int) -> None:
        """Keep the temperature in its range."""
        self.model.clamp_logit_scale()

    def on_train_epoch_end(self) -> None:
        """Measure the validation split; callbacks that monitor it run after this hook."""
        self.model.eval()
        for name, value in self._validate(self.model).items():
            # Every rank computes the same value from the same data, so nothing is reduced.
            self.log(f"validation/{name}", value)
            if name == "mR":
                self.log("mR", value, prog_bar=True, logger=False)
        self.model.train()

    def on_fit_end(self) -> None:
        """Write the results on the training device; the other processes wait for the first."""
        if self.trainer.is_global_zero:
            self._finish()
        self.trainer.strategy.barrier("finished")

    def configure_optimizers(self) -> OptimizerLRScheduler:
        """Return AdamW and the schedule, stepped after every optimiser step."""
        optimiser = adamw(self.model, self._options)
        steps = int(self.trainer.estimated_stepping_batches)
        schedule = LambdaLR(optimiser, warmup_cosine(steps, self._options))
        return {
            "optimizer": optimiser,
            "lr_scheduler": {"scheduler": schedule, "interval": "step"},
        }
