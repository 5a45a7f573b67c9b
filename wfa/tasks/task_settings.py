"""What `wfa evaluate RUN task=bigearthnet_txt` takes."""

from dataclasses import dataclass, field
from typing import ClassVar

from wfa.plugins.registry import Choice
from wfa.tasks.answering.answer_options import Config
from wfa.tasks.captioning.caption_figures import EXTRAS
from wfa.tasks.questions import DATA


@dataclass(frozen=True)
class TaskSettings:
    """What `wfa evaluate RUN task=bigearthnet_txt` takes.

    Attributes:
        data: The data set.
        task: Options of answering.
        split: The split; empty takes bench where there is one, else test.
        extras: Further figures of captions.
    """

    refusal: ClassVar[str] = (
        f"cannot change a finished run: with task={DATA} evaluate takes task, data, split and "
        "extras"
    )

    data: Choice = field(metadata={"plugin": "data"})
    task: Config = field(default_factory=Config, metadata={"one_of": (DATA,)})
    split: str = ""
    extras: tuple[str, ...] = field(default=(), metadata={"one_of": EXTRAS})
