"""Shards whose images are asked for by number: where each stands in its file."""

import os
import tarfile
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from hashlib import sha256
from pathlib import Path
from typing import Any, NamedTuple

from webdataset.tariterators import group_by_keys

from wfa.data.dataset import Record
from wfa.data.decode import BadImageError, NoBytesError
from wfa.data.shards.sample_stream import Tolerance
from wfa.data.shards.shard_reader import (
    BROKEN,
    BadShardError,
    WholeHeader,
    open_shard,
    read_shard,
    why_broken,
)
from wfa.data.shards.shard_samples import IMAGES, BadSampleError, SampleForm, decode
from wfa.data.shards.shard_urls import is_local
from wfa.errors import DataError
from wfa.files import FULL, atomic_write

_BLOCK = 1 << 20


class ImagePlace(NamedTuple):
    """Where the bytes of an image are.

    Attributes:
        file: The shard.
        ending: Of the image's file.
        start: First byte.
        size: Bytes.
    """

    file: Path
    ending: str
    start: int
    size: int

    def read(self) -> bytes:
        """Return the image's file.

        Raises:
            NoBytesError: The shard is missing or has become shorter.
        """
        try:
            with self.file.open("rb") as shard:
                content = os.pread(shard.fileno(), self.size, self.start)
        except OSError as error:
            raise NoBytesError(f"cannot be read ({error.strerror})") from error
        if len(content) < self.size:
            raise NoBytesError(f"is cut off: {self.file} is truncated")
        return content


class Placed(NamedTuple):
    """The images of shards.

    Attributes:
        records: Names and captions.
        places: Where each image is.
        labels: The classes that each is said to be of.
        skipped: What was left out, each as `name reason`.
    """

    records: list[Record]
    places: list[ImagePlace]
    labels: list[tuple[str, ...]]
    skipped: list[str]


def place_images(
    urls: Sequence[str], form: SampleForm, tolerance: Tolerance, cache: Path
) -> Placed:
    """Look through shards for captions and the places of images.

    Images are decoded only where those that cannot be are left out.

    Shards that are no plain tar files on a disk are copied into the cache first.

    Args:
        urls: The shards.
        form: Where image and captions stand in a sample.
        tolerance: What is left out.
        cache: Folder of caches.

    Raises:
        DataError: A shard or sample cannot be read and is not to be left out, or two images have
            one name.
    """
    found = Placed([], [], [], [])
    names: dict[str, str] = {}
    for url in urls:
        try:
            for sample in _placed_samples(url, cache):
                _add(found, names, sample, url, form, tolerance)
        except BadShardError as error:
            if not tolerance.shards:
                raise DataError(
                    f"shard {url} {error}. Put a good copy in its place, or read what there is of "
                    "such shards with data.on_bad_shard=skip"
                ) from error
            found.skipped.append(f"shard {url} {error}")
    if not found.records:
        why = f"; the first that was left out: {found.skipped[0]}" if found.skipped else ""
        raise DataError(f"no sample of {urls[0]} can be used{why}")
    return _readable(found) if tolerance.images else found


def _readable(found: Placed) -> Placed:
    """Leave out the images that cannot be decoded."""

    def problem(place: ImagePlace) -> str:
        try:
            decode(place.ending, place.read())
        except BadImageError as error:
            return str(error)
        return ""

    with ThreadPoolExecutor() as pool:
        problems = list(pool.map(problem, found.places))
    good = [row for row, why in enumerate(problems) if not why]
    if not good:
        raise DataError(f"no image of {found.places[0].file} can be read: it {problems[0]}")
    bad = [f"{r.image}: {why}" for r, why in zip(found.records, problems, strict=True) if why]
    return Placed(
        [found.records[row] for row in good],
        [found.places[row] for row in good],
        [found.labels[row] for row in good],
        found.skipped + bad,
    )


def _add(
    found: Placed,
    names: dict[str, str],
    sample: dict[str, Any],
    url: str,
    form: SampleForm,
    tolerance: Tolerance,
) -> None:
    where = f"{sample['__key__']} of {url}"
    try:
        texts, ending = form.texts_of(sample), form.image_of(sample)
    except BadSampleError as error:
        if not tolerance.samples:
            raise DataError(
                f"sample {where} {error}. Leave such samples out with data.on_bad_sample=skip"
            ) from error
        found.skipped.append(f"sample {where} {error}")
        return
    name = texts.image or f"{Path(url).name}/{sample['__key__']}"
    if name in names:
        raise DataError(f"sample {where} and {names[name]} are both called {name}: rename one")
    names[name] = where
    found.records.append(Record(name, texts.captions))
    found.places.append(sample[ending]._replace(ending=ending))
    found.labels.append(texts.labels)


def _placed_samples(url: str, cache: Path) -> Iterator[dict[str, Any]]:
    """Give the samples of a shard with the place of each image instead of its content."""
    path = _local_copy(url, cache)
    if path is None:
        raise BadShardError("is compressed: unpack it, images are looked up in it by their place")
    try:
        with tarfile.open(path, "r:", tarinfo=WholeHeader) as archive:
            yield from group_by_keys(_files(archive, path))
    except BROKEN as error:
        raise BadShardError(why_broken(error)) from error


def _files(archive: tarfile.TarFile, path: Path) -> Iterator[dict[str, Any]]:
    size = path.stat().st_size
    for member in archive:
        name = member.name.removeprefix("./")
        if not member.isreg() or name.rpartition("/")[2].startswith((".", "__")):
            continue
        if member.offset_data + member.size > size:
            raise tarfile.ReadError("unexpected end of data")
        content: Any = ImagePlace(path, "", member.offset_data, member.size)
        if name.rpartition(".")[2].lower() not in IMAGES:
            content = content.read()
        yield {"fname": name, "data": content, "__url__": str(path)}


def _local_copy(url: str, cache: Path) -> Path | None:
    """Return a shard as a plain tar file on the disk; None where it is compressed."""
    path = Path(url)
    if not is_local(url):
        path = cache / "shards" / f"{sha256(url.encode()).hexdigest()[:16]}.tar"
        if not path.is_file():
            _fetch(url, path)
    with suppress(OSError), path.open("rb") as file:
        if file.read(2) in (b"\x1f\x8b", b"BZ", b"\xfd7"):
            return None
    return path


def _fetch(url: str, path: Path) -> None:
    """Copy a shard; of one that cannot be fetched to its end nothing is kept, to be asked again.

    Raises:
        BadShardError: It cannot be fetched, or is no tar file.
        UserError: The disk is full.
    """
    with atomic_write(path) as temporary:
        _copy(url, temporary)
        for _ in read_shard(str(temporary)):
            break


def _copy(url: str, path: Path) -> None:
    stream = None
    try:
        stream = open_shard(url)
        with path.open("wb") as file:
            while block := stream.read(_BLOCK):
                file.write(block)
        stream.close()  # tells of a command that failed after its last byte
    except (OSError, ValueError) as error:  # of an address that nothing opens, a ValueError
        if isinstance(error, OSError) and error.errno in FULL:
            raise
        raise BadShardError(why_broken(error, stream)) from error
    finally:
        if stream is not None:
            with suppress(OSError):
                stream.close()
