"""Options of training: the `train` section of a run's config."""

import math
from dataclasses import dataclass, field
from typing import ClassVar

from wfa.data.images import AUGMENTATIONS
from wfa.errors import ConfigError
from wfa.options.limits import Options

LOGGERS = ("csv", "tensorboard", "wandb", "mlflow")
PRECISIONS = ("32-true", "bf16-mixed", "16-mixed")
MOST = 2**32
"""What a count or a seed stays below: generators take 32 bits."""


@dataclass(frozen=True)
class Config(Options):
    """Options of training; the defaults suit a small model on a laptop.

    Attributes:
        epochs: Passes over the training split, unless `steps`, `max_images` or `max_seconds` is
            given.
        steps: Optimiser steps after which training stops; 0 counts epochs.
        steps_per_epoch: Optimiser steps after which the model is validated and a checkpoint
            written; 0 for one pass over the training split.
        max_images: Images after which training stops; 0 counts epochs.
        max_seconds: Seconds after which training stops, validation included; 0 counts epochs. The
            learning rate then follows the clock, so that its schedule ends with the time.
        batch_size: Images in a step, over all devices together.
        micro_batch: Images that a device encodes at once, for batches that are larger than its
            memory: gradients are those of the whole batch, and towers run forward twice. Must
            divide `batch_size`; 0 encodes all at once.
        lr: Highest learning rate of AdamW.
        weight_decay: AdamW's, not applied to gains, biases and the temperature.
        beta1: AdamW's.
        beta2: AdamW's; CLIP's 0.98.
        eps: AdamW's; CLIP's 1e-6.
        warmup: Share of the steps in which the learning rate rises, in [0, 1].
        final_lr: Learning rate at the end of the cosine, as a share of `lr`.
        clip_norm: Largest norm of the gradient; 0 does not clip.
        accumulate: Batches whose gradients are added before a step.
        seed: Seeds weights, order, captions drawn and augmentation.
        accelerator: Lightning's: auto, cpu, gpu ...
        devices: Lightning's: auto, or a number of processes.
        num_nodes: Machines.
        strategy: Lightning's: auto, ddp, fsdp ...
        precision: One of 32-true, bf16-mixed, 16-mixed.
        workers: Worker processes that load batches; -1 chooses.
        log_every: Steps between two rows of history.csv.
        select_on: Queries whose strict validation mR selects the checkpoint: single or aggregated.
        validation_images: Validation images that select the checkpoint, drawn once and the same for
            every seed; 0 for all. The figures of `metrics.json` are of all images.
        patience: Epochs without a better validation mR after which training stops; 0 for never.
        augment: Changes of training images: none, flip, dihedral, crop, crop_flip, crop_dihedral.
        cache: Keep decoded images or frozen features on disk.
        ema: Share of a moving average of the weights that a step keeps, such as 0.999; the averaged
            weights are then validated, selected and kept. 0 for no average.
        compile: Compile the towers: the first steps take minutes, and later ones less time.
        loggers: Where losses and metrics go beside history.csv: csv, tensorboard, wandb, mlflow.
            The last two need `pip install "wfa[loggers]"` and follow the environment variables of
            their own; without any, mlflow writes into the run folder.
        keep_checkpoints: Keep the checkpoints of a finished run, with the optimiser's state: three
            times the weights' bytes each. The selected weights are kept in any case.
    """

    section: ClassVar[str] = "train"

    epochs: int = field(default=10, metadata={"at_least": 1})
    steps: int = field(default=0, metadata={"at_least": 0, "below": MOST})
    steps_per_epoch: int = field(default=0, metadata={"at_least": 0, "below": MOST})
    max_images: int = field(default=0, metadata={"at_least": 0, "below": MOST})
    max_seconds: float = field(default=0.0, metadata={"at_least": 0, "below": MOST})
    batch_size: int = field(default=128, metadata={"at_least": 1})
    micro_batch: int = field(default=0, metadata={"at_least": 0})
    lr: float = field(default=1e-3, metadata={"above": 0, "below": math.inf})
    weight_decay: float = field(default=0.1, metadata={"at_least": 0, "below": MOST})
    beta1: float = field(default=0.9, metadata={"at_least": 0, "below": 1})
    beta2: float = field(default=0.98, metadata={"at_least": 0, "below": 1})
    eps: float = field(default=1e-6, metadata={"at_least": 0, "below": MOST})
    warmup: float = field(default=0.1, metadata={"at_least": 0, "at_most": 1})
    final_lr: float = field(default=0.0, metadata={"at_least": 0, "below": MOST})
    clip_norm: float = field(default=1.0, metadata={"at_least": 0, "below": MOST})
    accumulate: int = field(default=1, metadata={"at_least": 1})
    seed: int = field(default=0, metadata={"at_least": 0, "below": MOST})
    accelerator: str = "auto"
    devices: str = "auto"
    num_nodes: int = field(default=1, metadata={"at_least": 1})
    strategy: str = "auto"
    precision: str = field(default="32-true", metadata={"one_of": PRECISIONS})
    workers: int = field(default=-1, metadata={"at_least": -1})
    log_every: int = field(default=10, metadata={"at_least": 1})
    select_on: str = field(default="single", metadata={"one_of": ("single", "aggregated")})
    validation_images: int = field(default=0, metadata={"at_least": 0, "below": MOST})
    patience: int = field(default=0, metadata={"at_least": 0, "below": MOST})
    augment: str = field(default="none", metadata={"one_of": AUGMENTATIONS})
    cache: bool = True
    ema: float = field(default=0.0, metadata={"at_least": 0, "below": 1})
    compile: bool = False
    loggers: tuple[str, ...] = field(default=("tensorboard",), metadata={"one_of": LOGGERS})
    keep_checkpoints: bool = False

    def __post_init__(self) -> None:
        super().__post_init__()
        ends = {key: getattr(self, key) for key in ("steps", "max_images", "max_seconds")}
        given = [f"train.{key}={value}" for key, value in ends.items() if value]
        if len(given) > 1:
            many = "both" if len(given) == 2 else "all"
            raise ConfigError(f"{' and '.join(given)} are {many} given: choose one")
        if self.ema and self.strategy.startswith("fsdp"):
            raise ConfigError(
                f"train.ema={self.ema} averages whole weights, and train.strategy={self.strategy} "
                "shards them: use train.strategy=ddp, or set train.ema=0"
            )
        if self.micro_batch and self.batch_size % self.micro_batch:
            raise ConfigError(
                f"train.micro_batch={self.micro_batch} does not divide "
                f"train.batch_size={self.batch_size}: {_divisors(self.batch_size)}"
            )


def _divisors(batch_size: int) -> str:
    """Name the numbers that divide a batch, the largest few."""
    found = [size for size in range(1, batch_size + 1) if batch_size % size == 0]
    return f"it is divided by {', '.join(map(str, found[-6:]))}"
