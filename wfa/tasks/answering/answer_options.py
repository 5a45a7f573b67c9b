"""Options of a model's own answers: `task.KEY=VALUE`."""

from dataclasses import dataclass

from wfa.errors import ConfigError


@dataclass(frozen=True)
class Config:
    """Options of the heads and of caption retrieval.

    Attributes:
        images: Training images that the heads learn from and captions are taken from; of more,
            that many are drawn.
        validation_images: The same of validation images, for thresholds and the best epoch.
        epochs: Passes over the training images.
        batch_size: Images in a step; a step takes all questions of its images.
        lr: Highest learning rate of AdamW.
        weight_decay: AdamW's.
        width: Width of the heads.
        dropout: Share of units dropped in training.
        grid: Most cells along a side of the grid of patch tokens.
        neighbours: Nearest training images whose captions compete.
        seed: Seeds what is drawn, and the heads.
    """

    images: int = 8_000
    validation_images: int = 1_000
    epochs: int = 12
    batch_size: int = 32
    lr: float = 1e-3
    weight_decay: float = 0.05
    width: int = 128
    dropout: float = 0.1
    grid: int = 8
    neighbours: int = 20
    seed: int = 0

    def __post_init__(self) -> None:
        for name in ("images", "validation_images", "epochs", "batch_size", "grid", "neighbours"):
            if getattr(self, name) < 1:
                raise ConfigError(f"task.{name}={getattr(self, name)} must be at least 1")
        if self.width < 16 or self.width % 8:
            raise ConfigError(f"task.width={self.width} must be a multiple of 8, at least 16")
        if not self.lr > 0.0:
            raise ConfigError(f"task.lr={self.lr} must be above 0")
        if not 0.0 <= self.dropout < 1.0:
            raise ConfigError(f"task.dropout={self.dropout} must be in [0, 1)")
        if self.seed < 0:
            raise ConfigError(f"task.seed={self.seed} must be 0 or more")
