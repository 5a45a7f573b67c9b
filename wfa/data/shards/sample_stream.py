"""Shards as a stream: split among readers, shuffled, decoded; broken ones told or left out."""

import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from webdataset.filters import shuffle

from wfa.data.decode import BadImageError
from wfa.data.shards.shard_reader import BadShardError, RawSample, read_shard
from wfa.data.shards.shard_samples import BadSampleError, SampleForm, decode
from wfa.data.streamed import LeftOut, Streamed
from wfa.errors import DataError

Shard = tuple[str, int, int]
"""The address of a shard, and which of its samples are read: number `first` of every `step`."""


@dataclass(frozen=True)
class Tolerance:
    """What is left out, and what stops the run.

    Attributes:
        shards: Whether shards that are missing, truncated or damaged are left out.
        samples: Whether samples without an image or caption, or with weights that do not fit, are.
        images: Whether images that cannot be decoded are.
    """

    shards: bool = False
    samples: bool = False
    images: bool = False

    @property
    def of_samples(self) -> bool:
        """Whether only looking at a sample tells if it is given."""
        return self.samples or self.images


@dataclass(frozen=True)
class SampleStream:
    """The samples of shards; an order follows from its seed alone.

    Attributes:
        urls: The shards.
        form: Where image and captions stand in a sample.
        tolerance: What is left out.
        buffer: Samples of which the next one is drawn; 0 keeps shards and samples in their order.
        images: How many samples there are; None where nobody has counted them.
        streams: As `ImageStream` says.
    """

    urls: tuple[str, ...]
    form: SampleForm
    tolerance: Tolerance = Tolerance()
    buffer: int = 0
    images: int | None = None
    streams: int = 0

    @property
    def ordered(self) -> bool:
        """Whether every pass has the same order; shards left out over HTTP may differ."""
        return not self.buffer

    def read(
        self, seed: tuple[int, ...], reader: int, readers: int, left_out: LeftOut, skip: int = 0
    ) -> Iterator[Streamed]:
        """Give the images of one reader without end; see `ImageStream.read`."""
        unheard, number = LeftOut(), 0

        def hears() -> LeftOut:
            return unheard if skip else left_out

        while True:
            shards = share(self._order(seed, number), reader, readers)
            found = self._raw(shards, hears)
            if self.buffer:
                key = random.Random(str((*seed, number, reader)))
                found = shuffle(self.buffer, rng=key)(found)
            given = 0
            for sample in found:
                image = None
                if not skip or self.tolerance.of_samples:
                    image = self._made(sample, number, hears())
                    if image is None:
                        continue
                given += 1
                if skip:
                    skip -= 1
                else:
                    assert image is not None  # it was made since nothing is skipped
                    yield image
            if not given:
                raise DataError(_nothing(shards, left_out))
            # Passes in order are alike, but where a shard is left out since its store failed: what
            # failed in which pass is not known later, and the skip is then off by its samples.
            passes, skip = divmod(skip, given)
            number += 1 + passes

    def _order(self, seed: tuple[int, ...], number: int) -> list[str]:
        """Return all shards in the order of a pass."""
        if not self.buffer:
            return list(self.urls)
        order = np.random.default_rng((*seed, number)).permutation(len(self.urls))
        return [self.urls[place] for place in order.tolist()]

    def _raw(self, shards: Sequence[Shard], hears: Callable[[], LeftOut]) -> Iterator[RawSample]:
        for url, first, step in shards:
            try:
                for number, sample in enumerate(read_shard(url)):
                    if number % step == first:
                        yield sample
            except BadShardError as error:
                line = f"shard {url} {error}"
                if not self.tolerance.shards:
                    raise DataError(
                        f"{line}. Put a good copy in its place, or read what there is of such "
                        "shards with data.on_bad_shard=skip"
                    ) from error
                hears().add("shards", line)

    def _made(self, sample: RawSample, copy: int, left_out: LeftOut) -> Streamed | None:
        """Decode a sample; None where it is left out."""
        where = f"{sample['__key__']} of {sample['__url__']}"
        try:
            texts, ending = self.form.texts_of(sample), self.form.image_of(sample)
            image = decode(ending, sample[ending])
        except BadSampleError as error:
            left = self.tolerance.samples, "samples", f"sample {where} {error}", "on_bad_sample"
            cause: Exception = error
        except BadImageError as error:
            left = self.tolerance.images, "images", f"the image of {where} {error}", "on_bad_image"
            cause = error
        else:
            # Keys repeat where shards of several data sets are read together.
            name = f"{sample['__url__'].rpartition('/')[2]}/{sample['__key__']}"
            return Streamed(name, image, texts.captions, texts.weights, copy)
        tolerated, kind, line, option = left
        if not tolerated:
            raise DataError(f"{line}. Leave such {kind} out with data.{option}=skip") from cause
        left_out.add(kind, line)
        return None


def share(urls: Sequence[str], reader: int, readers: int) -> list[Shard]:
    """Give a reader its shards: every `readers`-th, or a part of one where there are too few.

    No two readers get the same sample, and together they get all.

    Args:
        urls: All shards of a pass, in its order.
        reader: Which one, from 0.
        readers: How many there are.
    """
    if len(urls) >= readers:
        return [(url, 0, 1) for url in urls[reader::readers]]
    place = reader % len(urls)
    sharing = len(range(place, readers, len(urls)))
    return [(urls[place], reader // len(urls), sharing)]


def _nothing(shards: Sequence[Shard], left_out: LeftOut) -> str:
    named = shards[0][0] + (f" and {len(shards) - 1} more" if len(shards) > 1 else "")
    why = f"; the first that was left out: {left_out.first[0]}" if left_out.first else ""
    return f"no sample of {named} can be used, or fewer than there are readers{why}"
