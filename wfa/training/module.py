"""The LightningModule: one step, the optimiser, validation by the metrics that evaluation uses."""

from collections.abc import Callable
from typing import Any

import lightning
import torch
from lightning.pytorch.utilities.types import OptimizerLRScheduler
from torch import Tensor
from torch.optim import Optimizer
from torch.optim.lr_scheduler import LambdaLR

from wfa.data.batch import Batch
from wfa.model.batch_norm import synchronise
from wfa.model.cached_contrast import cached_contrast
from wfa.model.clip import MultiCaptionCLIP, Output
from wfa.training.averaged_weights import averaged
from wfa.training.optimiser import adamw, decayed, warmup_cosine, warmup_cosine_in_time
from wfa.training.schedule import Course
from wfa.training.strategies import clip, whole_parameters
from wfa.training.train_options import Config

Validate = Callable[[MultiCaptionCLIP], dict[str, float]]


class TrainingModule(lightning.LightningModule):
    """Trains a multi-caption CLIP.

    Args:
        model: Towers, aggregation, temperature and loss.
        options: The `train` section.
        validate: Measures the model on the validation split; metric name -> value in [0, 1].
        finish: Called by the first process when training has ended, while all processes live.
        course: How far training is.
    """

    def __init__(
        self,
        model: MultiCaptionCLIP,
        options: Config,
        validate: Validate,
        finish: Callable[[], None],
        course: Course,
    ) -> None:
        super().__init__()
        self.model = model
        self._options = options
        self._validate = validate
        self._finish = finish
        self._course = course
        # Named before a strategy may flatten them: the rule reads the number of dimensions.
        self._decayed = decayed(model)

    def configure_model(self) -> None:
        """Let batch norms see the whole batch where it is spread over processes; may come twice."""
        if self.trainer.world_size > 1:
            synchronise(self.model, self.trainer.strategy.root_device)

    def training_step(self, batch: Batch, step: int) -> Tensor:
        """Return the loss of one batch."""
        micro = self._options.micro_batch
        output: Output = cached_contrast(self.model, batch, micro) if micro else self.model(batch)
        self.log("loss", output.loss.detach(), prog_bar=True, batch_size=len(batch.images))
        if output.captioning is not None:
            self.log("loss_captioning", output.captioning, batch_size=len(batch.images))
        return output.loss

    def on_train_epoch_start(self) -> None:
        """Seed what draws from torch's generator, so that a resumed run draws the same."""
        seed = (self._options.seed * 100_003 + self.current_epoch) * 1_009 + self.global_rank
        torch.manual_seed(seed % 2**63)

    def on_train_batch_start(self, batch: Batch, batch_idx: int) -> None:
        """Seed the model's own randomness, the same on every process."""
        seed = (self._options.seed * 100_003 + self.current_epoch) * 1_000_003 + batch_idx
        self.model.encoder.begin_step(seed)
        self.model.aggregation.begin_step(seed, batch.rows)

    def configure_gradient_clipping(
        self,
        optimizer: Optimizer,
        gradient_clip_val: float | None = None,
        gradient_clip_algorithm: str | None = None,
    ) -> None:
        """Clip by the norm of the whole gradient, also where parameters are sharded."""
        if gradient_clip_val is not None and not clip(self.trainer, gradient_clip_val):
            self.clip_gradients(optimizer, gradient_clip_val, gradient_clip_algorithm)

    def on_train_batch_end(self, outputs: Any, batch: Any, batch_idx: int) -> None:
        """Keep the temperature in its range."""
        self.model.clamp_logit_scale()

    def on_train_epoch_end(self) -> None:
        """Measure the validation split; callbacks that monitor it run after this hook."""
        self.model.eval()
        with whole_parameters(self.trainer), averaged(self):
            measured = self._validate(self.model)
        for name, value in measured.items():
            # Every rank computes the same value from the same data, so nothing is reduced.
            self.log(f"validation/{name}", value)
            if name == "mR":
                self.log("mR", value, prog_bar=True, logger=False)
        self.model.train()

    def on_fit_end(self) -> None:
        """Write the results on the training device; the other processes wait for the first."""
        with whole_parameters(self.trainer):
            if self.trainer.is_global_zero:
                self._finish()
        self.trainer.strategy.barrier("finished")

    def configure_optimizers(self) -> OptimizerLRScheduler:
        """Return AdamW and the schedule, stepped after every optimiser step."""
        optimiser = adamw(self.model, self._decayed, self._options)
        if self._options.max_seconds:
            factor = warmup_cosine_in_time(self._course.read_clock, self._options)
        else:
            factor = warmup_cosine(self._course.steps, self._options)
        schedule = LambdaLR(optimiser, factor)
        return {
            "optimizer": optimiser,
            "lr_scheduler": {"scheduler": schedule, "interval": "step"},
        }
