"""What `wfa benchmark` is asked for."""

from dataclasses import dataclass, field
from typing import ClassVar

from wfa.options.limits import Options
from wfa.search.benchmark.families import FAMILIES
from wfa.search.indexes.factory import RERANK


@dataclass(frozen=True)
class Goal(Options):
    """What an operating point must keep to be recommended; None asks nothing.

    Attributes:
        min_recall: Least ANN recall@k against exact search, 0-1.
        max_ms: Most milliseconds for one query on one thread, 95th percentile.
        max_bytes: Most bytes a vector.
    """

    section: ClassVar[str] = "benchmark.recommend"

    min_recall: float | None = field(
        default=0.95,
        metadata={"above": 0, "at_most": 1, "why": "it is a share, 0.95 for 95 %"},
    )
    max_ms: float | None = field(default=None, metadata={"above": 0})
    max_bytes: float | None = field(default=None, metadata={"above": 0})


@dataclass(frozen=True)
class Config(Options):
    """How index families are measured.

    Attributes:
        families: Which of `wfa.search.benchmark.families.FAMILIES`; a FAISS factory string
            with a comma or a digit is taken as it stands.
        rerank: `none`, `fp16`, `fp32`: with what the best candidates are scored again; each given
            one is a point of its own where it can change an answer.
        gallery: Vectors in the gallery; the split's own images are filled up with distractors.
        scenes: At most how many `scenes` images the model encodes as distractors.
        k: How many answers a query wants.
        queries: At most how many distinct texts are asked.
        singles: How many of them are asked one at a time, for latencies.
        repeats: Measured passes, after one to warm up.
        threads: 0 for all cores.
        gpu: Whether GPUs are measured too, where FAISS sees some.
        forms: Whether gallery forms, and ranking again by all captions, are measured.
        seed: Of every draw.
    """

    section: ClassVar[str] = "benchmark"

    families: tuple[str, ...] = field(
        default_factory=lambda: tuple(FAMILIES), metadata={"not_empty": True}
    )
    rerank: tuple[str, ...] = field(
        default=("none", "fp16"), metadata={"one_of": tuple(RERANK), "not_empty": True}
    )
    gallery: int = field(default=100_000, metadata={"at_least": 0})
    scenes: int = field(default=0, metadata={"at_least": 0})
    k: int = field(default=10, metadata={"at_least": 1})
    queries: int = field(default=1000, metadata={"at_least": 1})
    singles: int = field(default=100, metadata={"at_least": 1})
    repeats: int = field(default=3, metadata={"at_least": 1})
    threads: int = field(default=0, metadata={"at_least": 0})
    gpu: bool = True
    forms: bool = True
    seed: int = field(default=0, metadata={"at_least": 0})
