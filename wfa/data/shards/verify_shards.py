"""Check a folder of shards: checksums, samples, captions, every image decoded."""

from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from itertools import islice
from pathlib import Path
from typing import Any

from wfa.data.decode import BadImageError
from wfa.data.shards.shard_index import INDEX, PackedShard, read_index
from wfa.data.shards.shard_reader import BadShardError, RawSample, read_shard
from wfa.data.shards.shard_samples import BadSampleError, SampleForm, decode
from wfa.errors import DataError
from wfa.files import file_hash
from wfa.progress import track

_AT_ONCE = 64  # samples that are decoded together, so that few are in memory


@dataclass(frozen=True)
class CheckedShard:
    """What was found in one shard.

    Attributes:
        file: Its name.
        images: Samples with an image that can be read and a caption.
        captions: Their captions.
        sha256: Of the file, hex; empty where it cannot be read.
        problems: What is wrong, one line each.
    """

    file: str
    images: int
    captions: int
    sha256: str
    problems: tuple[str, ...]


@dataclass(frozen=True)
class ShardReport:
    """The result of `verify_shards`.

    Attributes:
        data: The name of the data set that was packed; empty where no index says it.
        shards: One report a shard.
        problems: What is wrong, one line each; empty where everything is as it was packed.
    """

    data: str
    shards: tuple[CheckedShard, ...]
    problems: tuple[str, ...]

    @property
    def ok(self) -> bool:
        """Whether nothing is wrong."""
        return not self.problems

    def to_json(self) -> dict[str, Any]:
        """Return the report as plain types."""
        return asdict(self) | {"ok": self.ok}


def verify_shards(folder: Path) -> ShardReport:
    """Check all shards of a folder; what is wrong is listed, not raised.

    Args:
        folder: With the `index.json` of `wfa data pack`, or with any tar files.

    Raises:
        DataError: There is no shard, or the index is damaged.
    """
    index = read_index(folder)
    expected: dict[str, PackedShard | None] = {
        path.name: None for path in sorted(folder.glob("*.tar*"))
    }
    problems = []
    for name, split in index.splits.items() if index else ():
        if not split.complete:
            done = sum(shard.images for shard in split.shards)
            problems.append(
                f"{name}: {done} of {split.images} images are packed: run `wfa data pack` again"
            )
        expected |= {shard.file: shard for shard in split.shards}
    if not expected:
        raise DataError(f"{folder} holds neither {INDEX} nor a tar file")
    shards = tuple(
        _checked(folder / file, packed)
        for file, packed in track(list(expected.items()), "verifying shards")
    )
    if index:
        problems += [f"{file}: is not in {INDEX}" for file, one in expected.items() if one is None]
    problems += [f"{shard.file}: {line}" for shard in shards for line in shard.problems]
    return ShardReport(index.data if index else "", shards, tuple(problems))


def _checked(path: Path, packed: PackedShard | None) -> CheckedShard:
    problems: list[str] = []
    counts: Counter[str] = Counter()
    try:
        samples = _samples(path, problems)
        with ThreadPoolExecutor() as pool:
            while some := list(islice(samples, _AT_ONCE)):
                for captions, problem in pool.map(_look, some):
                    counts.update(images=int(not problem), captions=captions)
                    problems += [problem] if problem else []
        sha256 = file_hash(path)
    except OSError:
        sha256 = ""
    if packed is not None and sha256 != packed.sha256:
        problems.append("is not the file that was packed: its SHA-256 differs")
    return CheckedShard(path.name, counts["images"], counts["captions"], sha256, tuple(problems))


def _samples(path: Path, problems: list[str]) -> Iterator[RawSample]:
    try:
        yield from read_shard(str(path))
    except BadShardError as error:
        problems.append(str(error))


def _look(sample: RawSample) -> tuple[int, str]:
    """Return how many captions a sample has, and what is wrong with it; empty for nothing."""
    form = SampleForm()
    try:
        texts, ending = form.texts_of(sample), form.image_of(sample)
        decode(ending, sample[ending])
    except (BadSampleError, BadImageError) as error:
        return 0, f"sample {sample['__key__']} {error}"
    return len(texts.captions), ""
