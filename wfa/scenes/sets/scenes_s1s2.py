"""Embedded: scenes as Sentinel-1 and Sentinel-2 see them, annotated as BigEarthNet.txt is."""

import hashlib
import json
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from wfa.bigearthnet.sets import bigearthnet_txt
from wfa.data.dataset import SPLITS, SourceConfig
from wfa.data.locations import folder_path
from wfa.data.publication import Facts
from wfa.errors import ConfigError
from wfa.files import cache_dir
from wfa.scenes.official_files import FORMAT_VERSION, TEXTS, write_official
from wfa.scenes.scene_place import MOST_IMAGES


@dataclass(frozen=True)
class Config(bigearthnet_txt.Config):
    """Options of the embedded pairs, beside those of `bigearthnet_txt`, which reads them.

    Attributes:
        seed: Seed of the pairs and annotations; equal seeds give equal bytes.
        train_images: Pairs for training; 0 makes no such split.
        validation_images: Pairs for validation, likewise.
        test_images: Pairs for test, likewise.
        bench_images: Pairs for bench, likewise.
    """

    seed: int = field(default=0, metadata={"at_least": 0})
    train_images: int = field(default=2000, metadata={"at_least": 0, "at_most": MOST_IMAGES})
    validation_images: int = field(default=300, metadata={"at_least": 0, "at_most": MOST_IMAGES})
    test_images: int = field(default=300, metadata={"at_least": 0, "at_most": MOST_IMAGES})
    bench_images: int = field(default=200, metadata={"at_least": 0, "at_most": MOST_IMAGES})


class ScenesS1S2(bigearthnet_txt.BigEarthNetTxt):
    """One split of the embedded pairs, made in the official formats on first use."""

    name = "scenes_s1s2"
    facts = Facts(terms="made by this package, under its licence")

    def __init__(self, options: Config, split: str) -> None:
        if split not in self.with_joined(self.splits(options)):
            raise self.missing_split(options, split)
        super().__init__(_made(options), split)

    @classmethod
    def splits(cls, options: SourceConfig) -> tuple[str, ...]:
        """Return the splits that are to have images, in the order of `SPLITS`."""
        return tuple(_counts(options))

    @classmethod
    def split_remedy(cls, options: SourceConfig, split: str) -> str:
        """Name the options that give the split its pairs."""
        present = cls.splits(options)
        absent = [one for one in split.split("+") if one in SPLITS and one not in present]
        return f" (set {' '.join(f'data.{one}_images=N' for one in absent)})" if absent else ""

    @classmethod
    def build(cls, options: Any) -> None:
        """Make the pairs, unless they are there.

        Args:
            options: The plug-in's `Config`.

        Raises:
            ConfigError: An option is out of its range.
            UserError: The disk is full or the folder may not be written to.
        """
        _made(options)

    @classmethod
    def how_to_get(cls, options: SourceConfig, root: Path) -> str:
        """Say that there is nothing to fetch."""
        del options, root
        return ""


def _counts(options: Any) -> dict[str, int]:
    counts = {split: getattr(options, f"{split}_images") for split in SPLITS}
    return {split: count for split, count in counts.items() if count}


def _made(options: Config) -> Config:
    """Make the pairs when they are not there; return the options that read them."""
    if options.images_root:
        raise ConfigError(
            f"data.images_root={options.images_root} has no meaning for scenes_s1s2, which makes "
            "its imagery: leave it out, or set data.root=DIR to where everything shall lie"
        )
    images = "geotiff" if options.images == "geotiff" else "lmdb"
    counts = _counts(options)
    settings = [FORMAT_VERSION, options.seed, counts, images]
    key = hashlib.sha256(json.dumps(settings).encode()).hexdigest()[:16]
    own = folder_path(options.root, "data.root") if options.root else None
    folder = own or cache_dir() / "scenes_s1s2" / key
    write_official(folder, options.seed, counts, images)
    return replace(options, root=str(folder / TEXTS))
