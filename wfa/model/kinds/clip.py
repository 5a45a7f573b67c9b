"""The two towers alone: a contrastive model, nothing trained beside it."""

from dataclasses import dataclass
from typing import ClassVar

from wfa.aggregation.base import Aggregation
from wfa.encoders.encoder import Encoder
from wfa.model.clip import MultiCaptionCLIP
from wfa.model.contrast import Contrast
from wfa.options.limits import Options


@dataclass(frozen=True)
class Config(Options):
    """There is nothing to choose."""

    section: ClassVar[str] = "model"


class Clip(MultiCaptionCLIP):
    """The multi-caption CLIP as it is."""

    def __init__(
        self, options: Config, encoder: Encoder, aggregation: Aggregation, loss: Contrast
    ) -> None:
        del options
        super().__init__(encoder, aggregation, loss)
