"""Options of `wfa data pack`."""

from dataclasses import dataclass, field
from typing import ClassVar

from wfa.options.limits import Options


@dataclass(frozen=True)
class PackOptions(Options):
    """How a data set is cut into shards.

    Attributes:
        images: Images in a shard, at most.
        workers: Processes that write shards; 0 writes them in the main one.
    """

    section: ClassVar[str] = "pack"

    images: int = field(default=1000, metadata={"at_least": 1})
    workers: int = field(default=0, metadata={"at_least": 0})
