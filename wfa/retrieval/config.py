"""The `retrieval` section of a run's config."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Config:
    """How a run is evaluated.

    Attributes:
        protocols: Which of `strict`, `duplicate_aware`, `unique_query` to report
            (`wfa.retrieval.protocols` defines them).
        queries: Which of `single`, `aggregated` to ask with.
        chunk: Images scored against all captions at once. Memory is about 5 bytes x `chunk` x
            captions; the results are the same for every value.
    """

    protocols: tuple[str, ...] = ("strict", "duplicate_aware", "unique_query")
    queries: tuple[str, ...] = ("single", "aggregated")
    chunk: int = 128
