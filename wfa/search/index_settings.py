"""The settings of `wfa index`, as KEY=VALUE words."""

from collections.abc import Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

from wfa.errors import ConfigError
from wfa.plugins import unknown

_NUMBERS = ("batch_size", "shard_size")


@dataclass(frozen=True)
class IndexOptions:
    """How a folder is indexed.

    Attributes:
        out: The index folder; `RUN/indexes/<name of the folder of images>` where it is empty.
        metadata: A table of facts about the images; what the index holds stays where it is empty.
        path_column: The table's column that names the image; guessed where it is empty.
        ann: FAISS factory string of an approximate index beside the exact one, such as `HNSW32`;
            `none` for no such index; what the index holds stays where it is empty.
        rerank: What the approximate index scores its best candidates with again: `none`, `fp16`
            or `fp32`.
        batch_size: Images encoded at once.
        shard_size: Images between two saves; an interrupted run loses no more than about these.
    """

    out: str = ""
    metadata: str = ""
    path_column: str = ""
    ann: str = ""
    rerank: str = "none"
    batch_size: int = 64
    shard_size: int = 512

    def __post_init__(self) -> None:
        for key in _NUMBERS:
            if getattr(self, key) < 1:
                raise ConfigError(f"{key}={getattr(self, key)} must be at least 1")

    @classmethod
    def parse(cls, words: Sequence[str]) -> "IndexOptions":
        """Read KEY=VALUE words.

        Raises:
            ConfigError: A word is no setting, or its value is of the wrong type.
        """
        known = [field.name for field in fields(cls)]
        values: dict[str, Any] = {}
        for word in words:
            key, equals, value = word.partition("=")
            if not equals:
                raise ConfigError(f"{word!r} is not KEY=VALUE; settings: {', '.join(known)}")
            if key not in known:
                raise unknown("setting of wfa index", key, known)
            values[key] = value
            if key in _NUMBERS:
                if not value.isdecimal():
                    raise ConfigError(f"{key} wants int, but is {value!r}")
                values[key] = int(value)
        return cls(**values)


def index_folder_of(run: Path, images: Path, options: IndexOptions) -> Path:
    """Return where the index of a folder goes."""
    if options.out:
        return Path(options.out)
    return run / "indexes" / (images.resolve().name or "images")
