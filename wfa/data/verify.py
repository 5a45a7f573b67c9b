"""Check a data set: count, decode and hash every image, compare with what was published."""

import hashlib
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass, fields, replace
from pathlib import Path
from typing import Any, TypeVar

import PIL

from wfa.data.dataset import ImageTextDataset, SourceConfig
from wfa.data.decode import DECODING, BadImageError, NoBytesError
from wfa.data.file_hashes import FileMemo, stamp
from wfa.errors import DataError, some_of
from wfa.progress import track

_Result = TypeVar("_Result")


@dataclass(frozen=True)
class BadImage:
    """An image that cannot be read.

    Attributes:
        index: Its place in the data set's records.
        image: Its name.
        reason: What is wrong, to be put after the name.
    """

    index: int
    image: str
    reason: str


@dataclass(frozen=True)
class SplitReport:
    """What was found in one split.

    Attributes:
        split: The split's name.
        images: Images with at least one caption.
        captions: Captions of these images, blank ones left out.
        expected: (images, captions) as published, or None where nothing is known.
        bad_images: Images that cannot be read.
        tolerated: Whether they are left out rather than wrong.
        skipped: Images and captions left out since they are blank.
        sizes: `height x width x channels dtype` -> number of images.
        sha256: Over the image names and the SHA-256 of each image; the same on every machine.
    """

    split: str
    images: int
    captions: int
    expected: tuple[int, int] | None
    bad_images: tuple[BadImage, ...]
    tolerated: bool
    skipped: tuple[str, ...]
    sizes: Mapping[str, int]
    sha256: str

    @property
    def problems(self) -> tuple[str, ...]:
        """What is wrong, one line each."""
        lines = [] if self.tolerated else [f"{bad.image} {bad.reason}" for bad in self.bad_images]
        if self.expected is None:
            if self.skipped:
                remedy = "data.on_empty_caption=skip leaves out what has none"
                lines.append(f"{some_of(self.skipped, separator='; ')} ({remedy})")
        elif self.expected != (self.images, self.captions):
            lines.append(
                f"{self.images} images with {self.captions} captions, published are "
                f"{self.expected[0]} with {self.expected[1]}"
            )
        return tuple(f"{self.split}: {line}" for line in lines)

    @property
    def left_out(self) -> str:
        """What `on_bad_image=skip` leaves out, in one line; empty for nothing."""
        if not (self.tolerated and self.bad_images):
            return ""
        first = self.bad_images[0]
        return (
            f"{self.split}: on_bad_image=skip leaves out {len(self.bad_images)} of {self.images} "
            f"images, such as {first.image}, which {first.reason}"
        )


@dataclass(frozen=True)
class VerifyReport:
    """The result of `verify`.

    Attributes:
        name: The data set's name.
        splits: One report a split.
        problems: What is wrong, one line each; empty for a data set that is complete.
        repeats: Images that are the same file under several names, `split/name = split/name`.
        notes: What was decided about the annotations, and which images are left out, a sentence
            each.
    """

    name: str
    splits: tuple[SplitReport, ...]
    problems: tuple[str, ...]
    repeats: tuple[str, ...]
    notes: tuple[str, ...]

    @property
    def ok(self) -> bool:
        """Whether nothing is wrong."""
        return not self.problems

    def to_json(self) -> dict[str, Any]:
        """Return the report as plain types."""
        return asdict(self) | {"ok": self.ok}


def verify(dataset: type[ImageTextDataset], options: SourceConfig) -> VerifyReport:
    """Check all splits of a data set; what is wrong is listed, not raised.

    Args:
        dataset: The data set's class.
        options: Its options. Empty captions are listed in either case. With `on_bad_image=skip`
            images that cannot be read are noted and no problem, as long as a split has others.

    Raises:
        DataError: The data set cannot be opened at all.
    """
    lenient = without_stopping(options)
    reports: list[SplitReport] = []
    places: dict[str, list[str]] = defaultdict(list)
    notes: dict[str, None] = {}
    present = dataset.splits(lenient)
    for split in present:
        opened = dataset(lenient, split)
        notes.update(dict.fromkeys(opened.notes))
        report, hashes = _check_split(opened, options.on_bad_image == "skip")
        reports.append(report)
        if report.left_out:
            notes[report.left_out] = None
        for name, digest in hashes.items():
            places[digest].append(f"{split}/{name}")
    missing = [split for split in dataset.facts.counts if split not in present]
    problems = [f"{split}: the split is missing" for split in missing]
    problems += [line for report in reports for line in report.problems]
    repeats = tuple(" = ".join(same) for same in places.values() if len(same) > 1)
    return VerifyReport(dataset.name, tuple(reports), tuple(problems), repeats, tuple(notes))


def without_stopping(options: SourceConfig) -> SourceConfig:
    """Return options that open a data set whatever captions are empty, all its images kept."""
    lenient = replace(options, on_bad_image="error")
    if "on_empty_caption" in {field.name for field in fields(options)}:
        lenient = replace(lenient, **{"on_empty_caption": "skip"})
    return lenient


def bad_images(
    dataset: ImageTextDataset, files: Sequence[Path | None], root: Path
) -> list[BadImage]:
    """Return the images that cannot be read; which ones decode is remembered until a file changes.

    That an image is missing, or may not be read, is looked up anew each time.

    Args:
        dataset: One split.
        files: The file that holds each image, None where it is missing.
        root: The data set's folder.
    """
    # Another Pillow may decode other images, and so may other rules of ours.
    memo = FileMemo(f"checked_images-{DECODING}-{PIL.__version__}", root)

    def reason(dataset: ImageTextDataset, index: int) -> str:
        file = files[index]
        try:
            if file is None:
                return _fault(dataset, index)
            key = f"{file}|{dataset.records[index].image}"
            return memo.known(key, stamp(file), lambda: _fault(dataset, index))
        except DataError as error:
            return _cause(error)

    found = [
        BadImage(index, dataset.records[index].image, why)
        for index, why in _each(dataset, reason)
        if why
    ]
    memo.save()
    return found


def _check_split(dataset: ImageTextDataset, skips: bool) -> tuple[SplitReport, dict[str, str]]:
    sizes: Counter[str] = Counter()
    hashes: dict[str, str] = {}
    bad: list[BadImage] = []
    looked = track(_each(dataset, _look), f"verifying {dataset.split}", len(dataset))
    for index, found in looked:
        name = dataset.records[index].image
        if isinstance(found, str):
            bad.append(BadImage(index, name, found))
        else:
            sizes[found[0]] += 1
            hashes[name] = found[1]
    captions = [caption for record in dataset.records for caption in record.captions]
    digest = hashlib.sha256("".join(f"{n}\0{h}\n" for n, h in hashes.items()).encode())
    report = SplitReport(
        split=dataset.split,
        images=len(dataset),
        captions=len(captions),
        expected=dataset.facts.counts.get(dataset.split),
        bad_images=tuple(bad),
        tolerated=skips and len(bad) < len(dataset),
        skipped=dataset.skipped + dataset.skipped_captions,
        sizes=dict(sizes.most_common()),
        sha256=digest.hexdigest(),
    )
    return report, hashes


def _look(dataset: ImageTextDataset, index: int) -> tuple[str, str] | str:
    """Return (size, SHA-256) of an image, or why it cannot be read."""
    try:
        image = dataset.read_image(index)
        return " x ".join(map(str, image.shape)) + f" {image.dtype}", dataset.image_sha256(index)
    except DataError as error:
        return _cause(error)


def _fault(dataset: ImageTextDataset, index: int) -> str:
    """Say why an image does not decode; empty where it does.

    Raises:
        DataError: There is nothing to decode, which says nothing of the file.
    """
    try:
        dataset.read_image(index)
    except DataError as error:
        if isinstance(error.__cause__, NoBytesError):
            raise
        return _cause(error)
    return ""


def _cause(error: DataError) -> str:
    # The reason alone where it is known: the whole message repeats the name and the remedies.
    return str(error.__cause__ if isinstance(error.__cause__, BadImageError) else error)


def _each(
    dataset: ImageTextDataset, work: Callable[[ImageTextDataset, int], _Result]
) -> Iterator[tuple[int, _Result]]:
    # Pillow lets go of the interpreter while it decodes, so threads keep all cores busy.
    with ThreadPoolExecutor() as pool:
        yield from enumerate(pool.map(lambda index: work(dataset, index), range(len(dataset))))
