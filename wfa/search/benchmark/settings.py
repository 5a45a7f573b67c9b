"""What `wfa benchmark` takes: how it is measured, what is wanted, and of which data."""

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any, ClassVar

from wfa.options.option_classes import choices
from wfa.options.typed_options import as_plain
from wfa.plugins.registry import Choice
from wfa.search.benchmark.benchmark_options import Config, Goal

DEFAULT = "default"


@dataclass(frozen=True)
class Request:
    """What is measured and what is wanted.

    Attributes:
        name: The recipe's name.
        config: How it is measured.
        goal: What a recommended point must keep.
        distractors: Data sets whose images fill the gallery up, in this order.
        k_asked: Whether a person asked for `k`; else a small gallery lowers it.
    """

    name: str = DEFAULT
    config: Config = field(default_factory=Config)
    goal: Goal = field(default_factory=Goal)
    distractors: tuple[Choice, ...] = ()
    k_asked: bool = False

    def as_dict(self) -> dict[str, Any]:
        """Return plain values, as a recipe has them."""
        data = {choice.name: as_plain(choice.options) for choice in self.distractors}
        return {
            "name": self.name,
            **as_plain(self.config),
            "distractors": data,
            "recommend": as_plain(self.goal),
        }


@dataclass(frozen=True)
class BenchmarkOptions(Config):
    """The section `benchmark`: how index families are measured, and what is wanted.

    Attributes:
        recommend: What an operating point must keep to be recommended.
        distractors: Data sets whose images fill the gallery up, in this order, with
            `benchmark.distractors.NAME.KEY=VALUE` for an option of one.
        recipe: The recipe's name.
        asked: The options that a person set.
    """

    recommend: Goal = field(default_factory=Goal)
    distractors: tuple[Choice, ...] = choices("data")
    recipe: str = field(default=DEFAULT, metadata={"filled": "choice"})
    asked: tuple[str, ...] = field(default=(), metadata={"filled": "keys"})

    def request(self) -> Request:
        """Return what is to be measured."""
        own: Mapping[str, Any] = {one.name: getattr(self, one.name) for one in fields(Config)}
        return Request(
            self.recipe, Config(**own), self.recommend, self.distractors, "k" in self.asked
        )


@dataclass(frozen=True)
class FileBenchmark:
    """What may be said about an embeddings file.

    Attributes:
        benchmark: How it is measured.
        out: The folder of `benchmark.json`.
    """

    refusal: ClassVar[str] = (
        "cannot change an embeddings file: it takes benchmark=NAME, benchmark.KEY=VALUE and out=DIR"
    )

    benchmark: BenchmarkOptions = field(
        default_factory=BenchmarkOptions, metadata={"choice": DEFAULT}
    )
    out: Path | None = None


@dataclass(frozen=True)
class RunBenchmark:
    """What may be said about a run.

    Attributes:
        data: The data set that is asked about.
        benchmark: How it is measured.
        split: Its split.
        out: The folder of `benchmark.json`.
    """

    refusal: ClassVar[str] = (
        "cannot change a finished run: benchmark takes benchmark=NAME, benchmark.KEY=VALUE, data, "
        "split and out=DIR"
    )

    data: Choice = field(metadata={"plugin": "data"})
    benchmark: BenchmarkOptions = field(
        default_factory=BenchmarkOptions, metadata={"choice": DEFAULT}
    )
    split: str = "test"
    out: Path | None = None
