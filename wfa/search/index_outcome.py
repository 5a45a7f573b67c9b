"""What indexing a folder of images did."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from wfa.search.image_files import LeftOut


@dataclass(frozen=True)
class Indexed:
    """What indexing did.

    Attributes:
        folder: The index folder.
        images: Images that the index holds now.
        encoded: Images that went through the model now.
        resumed: Images that an interrupted run had encoded.
        reused: Images whose content was known under another path or date.
        unchanged: Images that were in the index and are as they were.
        removed: Images that were in the index and are gone from the folder.
        described: Images that the metadata names; None without metadata.
        left_out: Files that are not images or cannot be read, with the reason.
        stretched: Images of more than 8 bits among the encoded, scaled from percentile 2 to 98.
        scenes: Georeferenced scenes that tiles of the index are cut from.
        tiles: Images of the index that are such tiles.
        empty: Tiles without data, left out.
        notes: What a person should know of the scenes.
        others: Ending -> number of files that are no pictures.
        seconds: All of it.
    """

    folder: Path
    images: int
    encoded: int
    resumed: int
    reused: int
    unchanged: int
    removed: int
    described: int | None
    left_out: tuple[LeftOut, ...]
    stretched: int
    scenes: int
    tiles: int
    empty: int
    notes: tuple[str, ...]
    others: Mapping[str, int]
    seconds: float

    def as_dict(self) -> dict[str, Any]:
        """Return everything as plain values."""
        return {**asdict(self), "folder": str(self.folder)}
