"""`index.json` beside shards that were packed: what each holds, and its checksum."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

from wfa.data.channels import Channels
from wfa.data.dataset import SPLITS
from wfa.errors import DataError
from wfa.files import write_text

INDEX = "index.json"
FORM = 2
"""Changes when older versions could not read the index: since 2 it names classes."""
_READ = (1, FORM)


@dataclass(frozen=True)
class PackedShard:
    """One shard.

    Attributes:
        file: Its name.
        images: Samples in it.
        captions: Their captions.
        size: In bytes.
        sha256: Of the file, hex.
    """

    file: str
    images: int
    captions: int
    size: int
    sha256: str


@dataclass(frozen=True)
class PackedSplit:
    """One split.

    Attributes:
        checksum: That of the data set's split which was packed.
        images: Samples in all its shards, once it is complete.
        captions: Likewise.
        shards: Those that are done, by their numbers.
    """

    checksum: str
    images: int
    captions: int
    shards: tuple[PackedShard, ...] = ()

    @property
    def complete(self) -> bool:
        """Whether all its shards are done."""
        return sum(shard.images for shard in self.shards) == self.images


@dataclass(frozen=True)
class ShardIndex:
    """What was packed, and how far.

    Attributes:
        data: The name of the data set.
        images_a_shard: At most.
        weights: The technique and the options that weighed the captions; `key` says which weights
            they are.
        channels: What the images' channels are; None for red, green and blue.
        classes: The classes that samples name in `labels`; empty for none.
        publication: Whom to cite and under which terms, as far as is known.
        splits: By name.
        form: Of the file.
    """

    data: str
    images_a_shard: int
    weights: Mapping[str, Any]
    channels: Channels | None = None
    classes: tuple[str, ...] = ()
    publication: Mapping[str, str] = field(default_factory=dict)
    splits: Mapping[str, PackedSplit] = field(default_factory=dict)
    form: int = FORM

    @property
    def complete(self) -> bool:
        """Whether all shards are done."""
        return bool(self.splits) and all(split.complete for split in self.splits.values())

    def plan(self) -> str:
        """Return what was to be packed, and how, whatever is done of it."""
        bare = {name: replace(split, shards=()) for name, split in self.splits.items()}
        return json.dumps(asdict(replace(self, splits=bare)), sort_keys=True)

    def write(self, folder: Path) -> None:
        """Write it, whole or not at all.

        Raises:
            UserError: The disk is full or the folder may not be written to.
        """
        write_text(folder / INDEX, json.dumps(asdict(self), indent=1) + "\n")


def read_index(folder: Path) -> ShardIndex | None:
    """Read the index of a folder of shards; None where there is none.

    Raises:
        DataError: It is damaged or of a newer version.
    """
    path = folder / INDEX
    if not path.is_file():
        return None
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
        if found["form"] not in _READ:
            raise DataError(f"{path} was written by another version of wfa: pack the data again")
        found["form"] = FORM  # written on, it is of this one
        return _index(found)
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise DataError(
            f"{path} is damaged ({error!r}): run `wfa data pack` again, or remove it and name the "
            "shards by data.shards"
        ) from error


def _index(found: dict[str, Any]) -> ShardIndex:
    splits = {
        name: PackedSplit(
            str(split["checksum"]),
            int(split["images"]),
            int(split["captions"]),
            tuple(PackedShard(**shard) for shard in split["shards"]),
        )
        for name, split in found.pop("splits").items()
        if name in SPLITS
    }
    channels: Any = found.pop("channels")
    if channels is not None:
        lists = {key for key, own in channels.items() if isinstance(own, list)}
        channels = Channels(**channels | {key: tuple(channels[key]) for key in lists})
    classes = tuple(map(str, found.pop("classes", ())))
    return ShardIndex(**found, channels=channels, classes=classes, splits=splits)
