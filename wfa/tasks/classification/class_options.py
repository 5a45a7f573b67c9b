"""Options of classification and probes: `task.KEY=VALUE`."""

from dataclasses import dataclass, field
from typing import ClassVar

from wfa.options.limits import Options
from wfa.plugins.registry import Choice

ZERO_SHOT, LINEAR, KNN, FEW_SHOT = KINDS = ("classification", "linear_probe", "knn", "few_shot")
"""`task=NAME`: prompts, a linear probe, nearest neighbours, linear probes on few images."""

IMAGE, TOWER = FEATURES = ("image", "tower")


@dataclass(frozen=True)
class ClassOptions(Options):
    """Options of classification.

    Attributes:
        templates: A name of `wfa.tasks.classification.templates.TEMPLATES`, a text file of one a
            line, or one template or a list, each with `{}` for the class's name.
        technique: How the prompts of a class become one feature: `mean` (the field's rule),
            `uniqueness`, or `own`, the run's.
        features: What probes see: `image` features of the shared space, or those of the locked
            `tower` below the heads of encoder=frozen.
        k: Images that count of a class in mAP@K, where images have several classes.
        seeds: How often few images are drawn.
    """

    section: ClassVar[str] = "task"

    templates: str = "remote_sensing"
    technique: str = "mean"
    features: str = field(default=IMAGE, metadata={"one_of": FEATURES})
    k: int = field(default=20, metadata={"at_least": 1})
    seeds: int = field(default=5, metadata={"at_least": 1})


@dataclass(frozen=True)
class ClassSettings:
    """What `wfa evaluate RUN task=classification|linear_probe|knn|few_shot` takes.

    Attributes:
        data: The data set, which must know classes.
        task: Options of the task.
        split: The split that is measured.
    """

    refusal: ClassVar[str] = (
        "cannot change a finished run: with a task of classes evaluate takes task, data and split"
    )

    data: Choice = field(metadata={"plugin": "data"})
    task: ClassOptions = field(default_factory=ClassOptions, metadata={"one_of": KINDS})
    split: str = "test"
