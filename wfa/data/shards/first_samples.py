"""Look at the first sample of every shard before anything is trained."""

import re
from collections.abc import Sequence

from wfa.data.decode import BadImageError
from wfa.data.shards.sample_stream import Tolerance
from wfa.data.shards.shard_reader import BadShardError, RawSample, read_shard
from wfa.data.shards.shard_samples import IMAGES, BadSampleError, SampleForm, decode, endings
from wfa.data.shards.shard_urls import is_local
from wfa.errors import DataError

_NUMBER = re.compile(r"[._-]?\d+")


def check_shards(urls: Sequence[str], form: SampleForm, tolerance: Tolerance) -> None:
    """Find out whether shards can be trained on, as far as their first samples tell.

    Of shards on a disk each is opened, of others the first that can be. What is left out is no
    problem here, but where nothing remains.

    Raises:
        DataError: A shard is missing, empty or no tar file, its first sample has no image or no
            caption, or other keys than that of another shard.
    """
    first: tuple[str, RawSample] | None = None
    problems = []
    for url in urls:
        if first is not None and not is_local(url):
            continue
        try:
            sample = _first(url)
        except BadShardError as error:
            problems.append(f"shard {url} {error}")
            if not tolerance.shards:
                raise DataError(
                    f"{problems[0]}. Put it in its place, or leave such shards out with "
                    "data.on_bad_shard=skip"
                ) from error
            continue
        if tolerance.samples:
            first = first or (url, sample)
            continue
        where = f"sample {sample['__key__']} of {url}"
        try:
            form.texts_of(sample)
            ending = form.image_of(sample)
            if first is None:
                decode(ending, sample[ending])
        except BadSampleError as error:
            raise DataError(f"{where} {error}. {_hint(error)}") from error
        except BadImageError as error:
            if not tolerance.images:
                raise DataError(
                    f"the image of {where} {error}. Leave such images out with "
                    "data.on_bad_image=skip"
                ) from error
        if first is not None and not form.caption_keys:
            _check_same(first, (url, sample))
        first = first or (url, sample)
    if first is None:
        raise DataError(f"none of {len(urls)} shards can be read: {problems[0]}")


def _first(url: str) -> RawSample:
    samples = read_shard(url)
    for sample in samples:
        samples.close()  # type: ignore[attr-defined]
        return sample
    raise BadShardError("holds no sample")


def _check_same(first: tuple[str, RawSample], other: tuple[str, RawSample]) -> None:
    if _kinds(first[1]) != _kinds(other[1]):
        raise DataError(
            f"{other[0]} has the keys {', '.join(endings(other[1]))}, and {first[0]} has "
            f"{', '.join(endings(first[1]))}: say data.image_key and data.caption_keys for both, "
            "or name shards of one kind"
        )


def _kinds(sample: RawSample) -> set[str]:
    """Return the kinds of files of a sample: numbers and formats of images are no difference."""
    return {
        "image" if key.rpartition(".")[2] in IMAGES else _NUMBER.sub("", key)
        for key in endings(sample)
    }


def _hint(error: BadSampleError) -> str:
    if "has no caption" in str(error) or "has no image" in str(error):
        return "Say where they are by data.image_key and data.caption_keys"
    return "Leave such samples out with data.on_bad_sample=skip"
