"""What `wfa benchmark` is asked for."""

from dataclasses import dataclass, field

from wfa.errors import ConfigError
from wfa.search.benchmark.families import FAMILIES
from wfa.search.indexes.factory import RERANK


@dataclass(frozen=True)
class Goal:
    """What an operating point must keep to be recommended; None asks nothing.

    Attributes:
        min_recall: Least ANN recall@k against exact search, 0-1.
        max_ms: Most milliseconds for one query on one thread, 95th percentile.
        max_bytes: Most bytes a vector.
    """

    min_recall: float | None = 0.95
    max_ms: float | None = None
    max_bytes: float | None = None

    def __post_init__(self) -> None:
        for name in ("min_recall", "max_ms", "max_bytes"):
            value = getattr(self, name)
            if value is not None and value <= 0:
                raise ConfigError(f"benchmark.recommend.{name}={value} must be above 0")
        if self.min_recall is not None and self.min_recall > 1:
            raise ConfigError(
                f"benchmark.recommend.min_recall={self.min_recall} must be at most 1: it is a "
                "share, 0.95 for 95 %"
            )


@dataclass(frozen=True)
class Config:
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
        forms: Whether gallery forms are measured.
        seed: Of every draw.
    """

    families: tuple[str, ...] = field(default_factory=lambda: tuple(FAMILIES))
    rerank: tuple[str, ...] = ("none", "fp16")
    gallery: int = 100_000
    scenes: int = 0
    k: int = 10
    queries: int = 1000
    singles: int = 100
    repeats: int = 3
    threads: int = 0
    gpu: bool = True
    forms: bool = True
    seed: int = 0

    def __post_init__(self) -> None:
        for name in ("k", "queries", "singles", "repeats"):
            if getattr(self, name) < 1:
                raise ConfigError(f"benchmark.{name}={getattr(self, name)} must be at least 1")
        for name in ("gallery", "scenes", "threads", "seed"):
            if getattr(self, name) < 0:
                raise ConfigError(f"benchmark.{name}={getattr(self, name)} must be at least 0")
        for name in self.rerank:
            if name not in RERANK:
                raise ConfigError(f"benchmark.rerank holds {name!r}; known: {', '.join(RERANK)}")
        if not self.families or not self.rerank:
            raise ConfigError("benchmark.families and benchmark.rerank must not be empty")
