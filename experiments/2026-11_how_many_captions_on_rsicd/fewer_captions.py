"""RSICD as if each training image had been given fewer captions; validation and test stay whole."""

from dataclasses import dataclass, field

from wfa.captions.folding import fold
from wfa.data.dataset import Record
from wfa.data.sets import rsicd
from wfa.draws import CAPTIONS, Draws


@dataclass(frozen=True)
class Config(rsicd.Config):
    """Options of RSICD, and how many captions are left.

    Attributes:
        captions: Most captions of a training image.
        distinct: Whether copies are dropped before the captions are drawn.
    """

    captions: int = field(default=5, metadata={"at_least": 1})
    distinct: bool = False


class FewerCaptions(rsicd.RSICD):
    """One split; what few captions an image keeps is among what it keeps of more."""

    def __init__(self, options: Config, split: str) -> None:
        super().__init__(options, split)
        if split == "train":
            self.records = tuple(
                Record(record.image, _kept(record.captions, options, row))
                for row, record in enumerate(self.records)
            )


def _kept(captions: tuple[str, ...], options: Config, row: int) -> tuple[str, ...]:
    """Draw the captions of image `row`, the same for every seed of training."""
    drawn = Draws(0, "train", row, CAPTIONS).shuffled(captions)
    if options.distinct:
        drawn = list({fold(caption): caption for caption in reversed(drawn)}.values())[::-1]
    return tuple(drawn[: options.captions])
