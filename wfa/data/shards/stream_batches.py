"""Training batches out of a stream, the same for a seed at any number of devices.

An order follows from (seed, epoch): every epoch reads the shards in another one, from its start.
So what goes on after an epoch repeats nothing and needs no state, and an epoch that was interrupted
is read again as it was. Where shards keep their order, an epoch goes on where the one before ended.
"""

from collections.abc import Iterator
from hashlib import blake2b
from itertools import islice
from typing import Any, NamedTuple

from torch.utils.data import Dataset, Sampler, get_worker_info

from wfa.aggregation.text_half import TextHalf
from wfa.data.batch import Sample, collate
from wfa.data.loader import DrawnTexts, LoadedBatches, ProgressAt, from_start
from wfa.data.pixel_inputs import PixelInputs
from wfa.data.streamed import ImageStream, LeftOut, Streamed
from wfa.data.worker_errors import Noted
from wfa.errors import ConfigError
from wfa.keyed_random import image_rng


class StreamPlace(NamedTuple):
    """A batch of an epoch; a worker process takes those that are asked of it in their order.

    Attributes:
        epoch: The epoch.
        progress: Share of training that is done before it, in [0, 1].
    """

    epoch: int
    progress: float


class StreamBatches(Dataset[Noted]):
    """One process's part of the global batches of a stream.

    Args:
        inputs: How the encoder takes images and texts.
        stream: The images.
        half: The technique that weighs, where a sample has no weights of its own, and draws.
        seed: The run's seed.
        size: Images that a batch takes of each stream.
        own: The streams of this process, of `streams` in all.
        streams: Streams that a global batch is put together from.
        batches: Batches in an epoch.
    """

    def __init__(
        self,
        inputs: PixelInputs,
        stream: ImageStream,
        half: TextHalf,
        seed: int,
        size: int,
        own: range,
        streams: int,
        batches: int,
    ) -> None:
        self._inputs = inputs
        self._stream = stream
        self._half = half
        self._seed = seed
        self._size = size
        self._own = own
        self._streams = streams
        self._batches = batches
        self._epoch = -1
        self._taken = 0
        self._left_out = LeftOut()
        self._open: list[Iterator[Streamed]] = []

    def __getitem__(self, place: StreamPlace) -> Noted:
        """Return the next batch of an epoch in this worker process."""
        if place.epoch != self._epoch:
            self._begin(place.epoch)
        samples = [
            self._sample(streamed, place)
            for images in self._open
            for streamed in islice(images, self._size)
        ]
        self._taken += 1
        noted = Noted(collate(samples, self._inputs), LeftOut())
        noted.left_out.merge(self._left_out)
        self._left_out.counts.clear()
        self._left_out.first.clear()
        return noted

    def _begin(self, epoch: int) -> None:
        """Open this worker's streams of an epoch; each worker reads other shards."""
        info = get_worker_info()
        worker, workers = (info.id, info.num_workers) if info else (0, 1)
        an_epoch = len(range(worker, self._batches, workers))  # as the loader shares them out
        goes_on = epoch == self._epoch + 1 and self._taken == an_epoch
        if not (self._stream.ordered and self._open and goes_on):
            self._open = [
                self._stream.read(
                    (self._seed, epoch),
                    stream * workers + worker,
                    self._streams * workers,
                    self._left_out,
                    skip=epoch * an_epoch * self._size if self._stream.ordered else 0,
                )
                for stream in self._own
            ]
        self._epoch, self._taken = epoch, 0

    def _sample(self, streamed: Streamed, place: StreamPlace) -> Sample:
        row = row_of(streamed.name)
        rng = image_rng(self._seed, place.epoch, row, streamed.copy)
        weights = streamed.weights
        if weights is None:
            weights = self._half.weigh([streamed.captions])
        drawn = DrawnTexts.of(self._half, streamed.captions, weights, rng, place.progress)
        return drawn.sample(row, self._inputs.prepared(streamed.image, rng))


class StreamSteps(Sampler[StreamPlace]):
    """The batches of an epoch, by number.

    Args:
        batches: How many.
        progress_at: How far training is before a batch.
    """

    def __init__(self, batches: int, progress_at: ProgressAt = from_start) -> None:
        self._batches = batches
        self._progress_at = progress_at
        self._epoch = 0

    def __len__(self) -> int:
        return self._batches

    def __iter__(self) -> Iterator[StreamPlace]:
        for batch in range(self._batches):
            yield StreamPlace(self._epoch, self._progress_at(self._epoch, batch))

    def set_epoch(self, epoch: int) -> None:
        """Choose the epoch; Lightning calls this before each."""
        self._epoch = epoch


class StreamDataModule(LoadedBatches):
    """The training batches of a stream as Lightning asks for them.

    Args:
        inputs: How the encoder takes images and texts.
        stream: The images.
        half: The technique.
        seed: The run's seed.
        batch_size: Images in a step over all processes.
        batches: Batches in an epoch.
        workers: Worker processes; 0 loads in the main process.
        progress_at: How far training is before a batch.
    """

    def __init__(
        self,
        inputs: PixelInputs,
        stream: ImageStream,
        half: TextHalf,
        seed: int,
        batch_size: int,
        batches: int,
        workers: int,
        progress_at: ProgressAt = from_start,
    ) -> None:
        super().__init__(workers)
        self._parts = (inputs, stream, half, seed)
        self._batch_size = batch_size
        self._steps = StreamSteps(batches, progress_at)

    def share(self, rank: int, ranks: int) -> tuple[Dataset[Any], Sampler[Any]]:
        """Return the streams of one process, and the batches of an epoch.

        Raises:
            ConfigError: The streams or the batch cannot be shared evenly.
        """
        streams = self._parts[1].streams or ranks
        if streams % ranks:
            raise ConfigError(
                f"data.streams={streams} must be a multiple of the {ranks} processes, or 0"
            )
        if self._batch_size % streams or self._batch_size < 2:
            raise ConfigError(
                f"train.batch_size={self._batch_size} must be at least 2 and a multiple of the "
                f"{streams} streams that a batch is put together from"
            )
        own = range(rank * streams // ranks, (rank + 1) * streams // ranks)
        size = self._batch_size // streams
        return StreamBatches(*self._parts, size, own, streams, len(self._steps)), self._steps


def row_of(name: str) -> int:
    """Return the number that stands for an image of a stream, in [0, 2^63): a hash of its name."""
    digest = blake2b(name.encode("utf-8", "surrogatepass"), digest_size=8).digest()
    return int.from_bytes(digest, "little") >> 1
