"""The `retrieval` section of a run's config."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import ClassVar

from wfa.errors import ConfigError
from wfa.options.limits import Options
from wfa.retrieval.ties import EXPECTED, WORST

PROTOCOLS = ("strict", "duplicate_aware", "unique_query")
QUERIES = ("single", "aggregated")
REPORTED = (WORST, EXPECTED)
"""The rules of ties under which `metrics.json` has every figure."""


@dataclass(frozen=True)
class Config(Options):
    """How a run is evaluated.

    Attributes:
        protocols: Which of `strict`, `duplicate_aware`, `unique_query` to report
            (`wfa.retrieval.protocols` defines them).
        queries: Which of `single`, `aggregated` to ask with.
        chunk: Images scored against all captions at once. Memory is about 9 bytes x `chunk` x
            captions; the results are the same for every value.
        ties: The rule of ties under which checkpoints are selected and tables are shown; see
            `wfa.retrieval.ranks`. Files hold `worst` and `expected`.
    """

    section: ClassVar[str] = "retrieval"

    protocols: tuple[str, ...] = field(
        default=PROTOCOLS, metadata={"one_of": PROTOCOLS, "not_empty": True}
    )
    queries: tuple[str, ...] = field(
        default=QUERIES, metadata={"one_of": QUERIES, "not_empty": True}
    )
    chunk: int = field(default=128, metadata={"at_least": 1})
    ties: str = field(default=WORST, metadata={"one_of": REPORTED})


def check_known(key: str, given: Sequence[str], known: Sequence[str]) -> None:
    """Refuse names that are not known.

    Raises:
        ConfigError: The first that is not, its key and the known ones.
    """
    for name in given:
        if name not in known:
            raise ConfigError(
                f"retrieval.{key} holds {name!r}, which is not known; known: {', '.join(known)}"
            )
