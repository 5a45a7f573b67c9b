"""Options of a model's own answers: `task.KEY=VALUE`."""

import math
from dataclasses import dataclass, field
from typing import ClassVar

from wfa.errors import ConfigError
from wfa.options.limits import Options


@dataclass(frozen=True)
class Config(Options):
    """Options of the heads and of caption retrieval.

    Attributes:
        images: Training images that the heads learn from and captions are taken from; of more,
            that many are drawn.
        validation_images: The same of validation images, for thresholds and the best epoch.
        epochs: Passes over the training images.
        batch_size: Images in a step; a step takes all questions of its images.
        lr: Highest learning rate of AdamW.
        weight_decay: AdamW's.
        width: Width of the heads, a multiple of 8 from 16 on.
        dropout: Share of units dropped in training.
        grid: Most cells along a side of the grid of patch tokens.
        neighbours: Nearest training images whose captions compete.
        seed: Seeds what is drawn, and the heads.
    """

    section: ClassVar[str] = "task"

    images: int = field(default=8_000, metadata={"at_least": 1})
    validation_images: int = field(default=1_000, metadata={"at_least": 1})
    epochs: int = field(default=12, metadata={"at_least": 1})
    batch_size: int = field(default=32, metadata={"at_least": 1})
    lr: float = field(default=1e-3, metadata={"above": 0, "below": math.inf})
    weight_decay: float = field(default=0.05, metadata={"at_least": 0})
    width: int = 128
    dropout: float = field(default=0.1, metadata={"at_least": 0, "below": 1})
    grid: int = field(default=8, metadata={"at_least": 1})
    neighbours: int = field(default=20, metadata={"at_least": 1})
    seed: int = field(default=0, metadata={"at_least": 0})

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.width % 8 or self.width < 16:
            raise ConfigError(f"task.width={self.width} must be a multiple of 8, at least 16")
