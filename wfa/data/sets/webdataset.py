"""WebDataset shards, on a disk, over HTTP or out of a pipe; training reads them as a stream."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Any

from numpy.typing import NDArray

from wfa.data.channels import Channels
from wfa.data.dataset import REMEDIES, SPLITS, ImageTextDataset, Record, SourceConfig
from wfa.data.decode import DECODING, BadImageError
from wfa.data.file_hashes import content_hashes
from wfa.data.locations import folder_path
from wfa.data.shards.first_samples import check_shards
from wfa.data.shards.sample_stream import SampleStream, Tolerance
from wfa.data.shards.shard_index import INDEX, ShardIndex, read_index
from wfa.data.shards.shard_places import Placed, place_images
from wfa.data.shards.shard_samples import SampleForm, decode
from wfa.data.shards.shard_urls import expand, is_local, read_patterns
from wfa.data.streamed import ImageStream
from wfa.errors import ConfigError, DataError
from wfa.files import cache_dir

_SHARDS = {"read": read_patterns}
_SKIP = "skip"
_KEYS = {"train": "shards", "validation": "validation_shards", "test": "test_shards"}
"""Split -> the option that names its shards."""


@dataclass(frozen=True)
class Config(SourceConfig):
    """Options of shards.

    Attributes:
        root: A folder that `wfa data pack` wrote, whose splits are known; or what paths of shards
            are relative to.
        shards: Those to train on: a pattern such as `train-{00000..00099}.tar`, or a list of them.
        validation_shards: Those to validate on, likewise; they are looked up by image.
        test_shards: Those to test on.
        image_key: The ending of images, such as `jpg`; empty to find it.
        caption_keys: The endings of captions, `json.FIELD` for a field; empty to find them.
        caption_probabilities: A weight for each of `caption_keys`; techniques that weigh or draw by
            the text take it in place of their own.
        on_bad_shard: `error` stops at a shard that is missing or damaged, `skip` leaves it out.
        on_bad_sample: The same for samples without image or caption, or with weights that do not
            fit.
        shuffle: Samples of which the next one is drawn; 0 keeps shards and samples in their order.
        streams: Streams that a global batch is put together from, a multiple of the processes; 0
            for one a process. With the same number a batch is the same on any number of processes.
    """

    shards: tuple[str, ...] = field(default=(), metadata=_SHARDS)
    validation_shards: tuple[str, ...] = field(default=(), metadata=_SHARDS)
    test_shards: tuple[str, ...] = field(default=(), metadata=_SHARDS)
    image_key: str = ""
    caption_keys: tuple[str, ...] = ()
    caption_probabilities: tuple[float, ...] = field(default=(), metadata={"at_least": 0})
    on_bad_shard: str = field(default="error", metadata={"one_of": REMEDIES})
    on_bad_sample: str = field(default="error", metadata={"one_of": REMEDIES})
    shuffle: int = field(default=1000, metadata={"at_least": 0})
    streams: int = field(default=0, metadata={"at_least": 0})

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.caption_probabilities and (
            len(self.caption_probabilities) != len(self.caption_keys)
            or not sum(self.caption_probabilities) > 0
        ):
            raise ConfigError(
                f"data.caption_probabilities={list(self.caption_probabilities)} must have a weight "
                f"for each of data.caption_keys={list(self.caption_keys)}, one above 0"
            )

    @property
    def form(self) -> SampleForm:
        """Where image and captions stand in a sample."""
        return SampleForm(self.image_key, self.caption_keys, self.caption_probabilities)

    @property
    def tolerance(self) -> Tolerance:
        """What is left out."""
        return Tolerance(
            self.on_bad_shard == _SKIP, self.on_bad_sample == _SKIP, self.on_bad_image == _SKIP
        )


class WebDataset(ImageTextDataset):
    """One split as shards: training is a stream, evaluation looks images up by their place."""

    name = "webdataset"

    def __init__(self, options: Config, split: str) -> None:
        self.split = split
        self._options = options
        places = _shards(options)
        if split not in places:
            raise self.missing_split(options, split)
        self._urls = places[split]
        self._index = _index(options)
        if self._index:
            self.channels, self.classes = self._index.channels, self._index.classes
        check_shards(self._urls, options.form, options.tolerance)

    @classmethod
    def splits(cls, options: SourceConfig) -> tuple[str, ...]:
        """Return the splits that the options name, or that were packed."""
        assert isinstance(options, Config)
        found = _shards(options)
        return tuple(split for split in SPLITS if split in found)

    @classmethod
    def split_remedy(cls, options: SourceConfig, split: str) -> str:
        """Name the option that gives the split its shards."""
        del options
        key = _KEYS.get(split)
        return f" (name its shards by data.{key}=PATTERN)" if key else ""

    @classmethod
    def channels_for(cls, options: SourceConfig) -> Channels | None:
        """Return what the channels of the packed images are."""
        assert isinstance(options, Config)
        index = _index(options)
        return index.channels if index else None

    def stream(self, weights_key: str | None) -> ImageStream | None:
        """Return the training images as a stream; others are looked up."""
        if self.split != "train":
            return None
        options = self._options
        return SampleStream(
            self._urls,
            replace(options.form, weights_key=weights_key),
            options.tolerance,
            options.shuffle,
            self.size()[0],
            options.streams,
        )

    def size(self) -> tuple[int | None, int | None]:
        """Return what was packed; of training shards without an index nothing is known."""
        packed = self._packed()
        if self.split == "train":
            shards = packed.values()
            known = len(packed) == len(self._urls)
            images, captions = sum(s.images for s in shards), sum(s.captions for s in shards)
            return (images, captions) if known else (None, None)
        return super().size()

    @property
    def makes_texts(self) -> bool:
        """Training captions are weighed as they come."""
        return self.split == "train"

    @cached_property
    def records(self) -> list[Record]:  # type: ignore[override]
        """The images with their captions; shards are looked through when they are asked for."""
        return self._placed.records

    def labels(self, index: int) -> tuple[int, ...]:
        """Return the places in `classes` of what the sample names; of shards without an index none.

        Raises:
            DataError: It names a class that the index does not have.
        """
        named = self._placed.labels[index] if self.classes else ()
        if unknown := set(named) - set(self.classes):
            where = f"{self.records[index].image} in {self._placed.places[index].file}"
            raise DataError(f"{where} is of a class that {INDEX} does not have: {unknown.pop()!r}")
        return tuple(map(self.classes.index, named))

    def read_image(self, index: int) -> NDArray[Any]:
        """Read image `index` at its native size.

        Raises:
            DataError: It cannot be decoded, or its shard has become shorter.
        """
        return self._read(index)[1]

    def image_file(self, index: int) -> tuple[str, bytes]:
        """Return the file of image `index` as it is.

        Raises:
            DataError: It cannot be decoded, or its shard has become shorter.
        """
        return self._placed.places[index].ending, self._read(index)[0]

    def _read(self, index: int) -> tuple[bytes, NDArray[Any]]:
        """Return an image's file and its pixels."""
        place = self._placed.places[index]
        try:
            content = place.read()
            return content, decode(place.ending, content)
        except BadImageError as error:
            raise DataError(
                f"the image {self._placed.records[index].image} of {place.file} {error}. Leave "
                "such images out with data.on_bad_image=skip"
            ) from error

    def image_fingerprint(self) -> str:
        """Return the hashes of the shards' files, which files in them are images, and decoding.

        Shards are read whole the first time and remembered by their size and times after; of those
        that are fetched it is the copy that counts, which images are read from.
        """
        hashes = content_hashes((place.file for place in self._placed.places), Path())
        return ",".join([DECODING, self._options.image_key, *hashes.values()])

    @cached_property
    def checksum(self) -> str:
        """SHA-256 (hex), see the base class; of a training stream over its shards, unread.

        Of shards that `wfa data pack` wrote their hashes are known, of others on a disk the sizes,
        of those that are fetched the address.
        """
        if self.split != "train":
            return super().checksum
        local = [Path(url) for url in self._urls if is_local(url) and Path(url).is_file()]
        known = {str(path): str(path.stat().st_size) for path in local}
        known |= {url: shard.sha256 for url, shard in self._packed().items()}
        shards = [[Path(url).name, known.get(url, url)] for url in self._urls]
        said = [self.name, self.split, shards, asdict(self._options.form)]
        return hashlib.sha256(json.dumps(said).encode()).hexdigest()

    def _packed(self) -> Mapping[str, Any]:
        """Return what the index says of each shard, by its address."""
        if self._index is None or self.split not in self._index.splits:
            return {}
        root = folder_path(self._options.root, "data.root")
        shards, wanted = self._index.splits[self.split].shards, set(self._urls)
        return {url: one for one in shards if (url := str(root / one.file)) in wanted}

    @cached_property
    def _placed(self) -> Placed:
        options = self._options
        found = place_images(self._urls, options.form, options.tolerance, cache_dir())
        self.skipped = tuple(found.skipped)
        return found


def _index(options: Config) -> ShardIndex | None:
    """Return the index of the folder, where `data.root` is one that was packed.

    Raises:
        DataError: The folder is missing, or not all of it is packed.
    """
    if not options.root:
        return None
    root = folder_path(options.root, "data.root")
    if not root.is_dir():
        raise DataError(f"data.root={options.root}: there is no such folder of shards")
    index = read_index(root)
    if index is not None and not index.complete:
        raise DataError(f"{root / INDEX} is not complete: run the same `wfa data pack` again")
    return index


def _shards(options: Config) -> dict[str, tuple[str, ...]]:
    """Return the shards of each split: those that were named, else those that were packed."""
    root = folder_path(options.root, "data.root") if options.root else None
    found = {
        split: expand(patterns, root, f"data.{key}")
        for split, key in _KEYS.items()
        if (patterns := getattr(options, key))
    }
    index = _index(options)
    if index is not None and root is not None:
        packed = {
            split: tuple(str(root / shard.file) for shard in own.shards)
            for split, own in index.splits.items()
        }
        found = packed | found
    if not found:
        raise DataError(
            "data=webdataset needs data.shards=PATTERN and data.validation_shards=PATTERN, or "
            "data.root=DIR, a folder that `wfa data pack` wrote"
        )
    _check_apart(tuple(found.items()))
    return found


@lru_cache(maxsize=8)  # every split of a run asks, and paths are looked up
def _check_apart(shards: tuple[tuple[str, tuple[str, ...]], ...]) -> None:
    """Refuse a shard that two splits name.

    Raises:
        ConfigError: One is trained on and evaluated, or evaluated twice.
    """
    split_of: dict[str, str] = {}
    for split, urls in shards:
        for url in urls:
            shard = str(Path(url).resolve()) if is_local(url) else url
            if (other := split_of.setdefault(shard, split)) != split:
                raise ConfigError(
                    f"data.{_KEYS[other]} and data.{_KEYS[split]} both name {url}: a figure would "
                    "be of what was trained or chosen on; give each split shards of its own"
                )
