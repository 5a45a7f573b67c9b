"""The synthetic Sentinel pairs trained on some kinds of texts; the other splits keep all kinds."""

from dataclasses import dataclass, replace

from wfa.scenes.sets import scenes_s1s2


@dataclass(frozen=True)
class Config(scenes_s1s2.Config):
    """Options of the embedded pairs, and what is trained on.

    Attributes:
        training_texts: What a training image's captions are, in the words of `data.texts`.
    """

    training_texts: str = "sentences,yes_no,choices,regions"


class TrainingTexts(scenes_s1s2.ScenesS1S2):
    """One split; queries are the same whatever was trained on."""

    def __init__(self, options: Config, split: str) -> None:
        training = split == "train"
        super().__init__(
            replace(options, texts=options.training_texts) if training else options, split
        )
