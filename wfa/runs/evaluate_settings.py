"""What `wfa evaluate RUN` takes."""

from dataclasses import dataclass, field
from typing import Any, ClassVar

from wfa.plugins.registry import Choice


@dataclass(frozen=True)
class EvaluateSettings:
    """What `wfa evaluate RUN` takes.

    Attributes:
        data: The data set.
        retrieval: Options of evaluation.
        split: The split.
    """

    refusal: ClassVar[str] = (
        "cannot change a finished run: evaluate takes data, split and retrieval"
    )

    data: Choice = field(metadata={"plugin": "data"})
    retrieval: Any = field(metadata={"options": "retrieval"})
    split: str = "test"
