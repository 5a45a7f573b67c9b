"""A moving average of the weights beside those that are trained: what is measured and kept."""

from collections.abc import Iterator
from contextlib import contextmanager

import lightning
import torch
from lightning.pytorch.callbacks import WeightAveraging
from torch import Tensor


class AveragedWeights(WeightAveraging):
    """Lightning's average as an exponential one (Polyak and Juditsky 1992) that follows at first.

    After n steps the decay is min(decay, (1 + n) / (10 + n)), so that a short run's average does
    not remember the weights that it began with. What stands still, such as a locked tower, stays
    as it is bit by bit. Checkpoints hold the average as the model, and beside it what is trained.

    Args:
        decay: Share of the average that a step keeps in the end, in (0, 1).
    """

    def __init__(self, decay: float) -> None:
        def follow(average: Tensor, current: Tensor, steps: Tensor | int) -> Tensor:
            if not average.is_floating_point():
                return current
            count = torch.as_tensor(steps, device=average.device, dtype=average.dtype)
            keep = ((1 + count) / (10 + count)).clamp(max=decay)
            moved = average + (1 - keep) * (current - average)
            # Equal ones may be infinite, as in a mask: their difference is no number.
            return torch.where(average == current, average, moved)

        super().__init__(avg_fn=follow)

    def setup(
        self, trainer: lightning.Trainer, pl_module: lightning.LightningModule, stage: str
    ) -> None:
        """Keep the average where the model will be trained: now it is still on the CPU."""
        self._device = trainer.strategy.root_device
        super().setup(trainer, pl_module, stage)


@contextmanager
def averaged(module: lightning.LightningModule) -> Iterator[None]:
    """Let a module have the averaged weights while it is measured, where there are any."""
    trainer = module.trainer
    keeping = [one for one in trainer.callbacks if isinstance(one, AveragedWeights)]  # type: ignore[attr-defined]
    for one in keeping:
        one.on_validation_epoch_start(trainer, module)
    try:
        yield
    finally:
        for one in keeping:
            one.on_validation_epoch_end(trainer, module)
