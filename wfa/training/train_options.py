"""Options of training: the `train` section of a run's config."""

from dataclasses import dataclass

from wfa.data.images import AUGMENTATIONS
from wfa.errors import ConfigError

PRECISIONS = ("32-true", "bf16-mixed", "16-mixed")


@dataclass(frozen=True)
class Config:
    """Options of training; the defaults suit a small model on a laptop.

    Attributes:
        epochs: Passes over the training split, unless `max_images` or `max_seconds` is given.
        max_images: Images after which training stops; 0 counts epochs.
        max_seconds: Seconds after which training stops, validation included; 0 counts epochs. The
            learning rate then follows the clock, so that its schedule ends with the time.
        batch_size: Images in a step, over all devices together.
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
    """

    epochs: int = 10
    max_images: int = 0
    max_seconds: float = 0.0
    batch_size: int = 128
    lr: float = 1e-3
    weight_decay: float = 0.1
    beta1: float = 0.9
    beta2: float = 0.98
    eps: float = 1e-6
    warmup: float = 0.1
    final_lr: float = 0.0
    clip_norm: float = 1.0
    accumulate: int = 1
    seed: int = 0
    accelerator: str = "auto"
    devices: str = "auto"
    num_nodes: int = 1
    strategy: str = "auto"
    precision: str = "32-true"
    workers: int = -1
    log_every: int = 10
    select_on: str = "single"
    validation_images: int = 0
    patience: int = 0
    augment: str = "none"
    cache: bool = True

    def __post_init__(self) -> None:
        for name in ("epochs", "batch_size", "accumulate", "log_every"):
            if getattr(self, name) < 1:
                raise ConfigError(f"train.{name}={getattr(self, name)} must be at least 1")
        for name in (
            "seed",
            "patience",
            "validation_images",
            "clip_norm",
            "weight_decay",
            "final_lr",
            "eps",
            "max_images",
            "max_seconds",
        ):
            if not 0 <= getattr(self, name) < 2**32:
                raise ConfigError(f"train.{name}={getattr(self, name)} must be in [0, 2^32)")
        if self.max_images and self.max_seconds:
            raise ConfigError(
                f"train.max_images={self.max_images} and train.max_seconds={self.max_seconds} are "
                "both given: choose one"
            )
        if self.workers < -1:
            raise ConfigError(f"train.workers={self.workers} must be -1 (choose) or more")
        if not 0.0 <= self.warmup <= 1.0:
            raise ConfigError(f"train.warmup={self.warmup} is a share of the steps, in [0, 1]")
        if not self.lr > 0.0:
            raise ConfigError(f"train.lr={self.lr} must be above 0")
        for name, known in (
            ("precision", PRECISIONS),
            ("select_on", ("single", "aggregated")),
            ("augment", AUGMENTATIONS),
        ):
            if getattr(self, name) not in known:
                raise ConfigError(
                    f"train.{name}={getattr(self, name)!r} is not known. Known: {', '.join(known)}"
                )
