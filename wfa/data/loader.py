"""Batches in worker processes, the same for a seed at any number of workers and devices."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Sequence
from typing import Any, NamedTuple

import lightning
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.utils.data import Dataset, Sampler

from wfa.aggregation.caption_draws import Drawn, Weights
from wfa.aggregation.text_half import TextHalf
from wfa.captions.folding import caption_key
from wfa.data.batch import Batch, Inputs, Sample, collate
from wfa.data.instruction_draws import InstructionDraws
from wfa.data.weighted_captions import WeightedCaptions
from wfa.data.worker_errors import Telling, TellingLoader
from wfa.errors import ConfigError
from wfa.keyed_random import image_rng


class Key(NamedTuple):
    """An image of an epoch.

    Epoch and progress travel with the row, so that persistent worker processes, which work ahead
    of training, need no shared state.

    Attributes:
        epoch: It seeds the image's randomness, together with the row.
        row: The image's place in the split.
        progress: Share of training that is done, in [0, 1].
        copy: How often the image has come before in the epoch; each time it draws anew.
    """

    epoch: int
    row: int
    progress: float = 0.0
    copy: int = 0


ProgressAt = Callable[[int, int], float]
"""(epoch, batch of the epoch) -> the share of training that is done before that batch."""


def from_start(epoch: int, batch: int) -> float:
    """Say that training has just begun, whatever the batch."""
    del epoch, batch
    return 0.0


class DrawnTexts(NamedTuple):
    """The texts that a step encodes of one image, wherever its captions come from.

    Attributes:
        drawn: The texts and their weights.
        drawn_ids: The identity of each; -1 for one that is no caption of the image.
        caption_ids: (K,) int64, the identities of all captions of the image.
    """

    drawn: Drawn
    drawn_ids: list[int]
    caption_ids: NDArray[np.int64]

    @classmethod
    def of(
        cls,
        half: TextHalf,
        captions: Sequence[str],
        weights: Weights,
        rng: np.random.Generator,
        progress: float,
    ) -> "DrawnTexts":
        """Draw of an image's K captions, before the image takes its numbers from the generator."""
        drawn = half.draw(captions, weights, rng, progress)
        ids = list(map(caption_key, captions))
        known = dict(zip(captions, ids, strict=True))
        return cls(drawn, [known.get(text, -1) for text in drawn[0]], np.array(ids))

    def sample(self, row: int, image: Tensor, instructions: Sequence[Sequence[int]] = ()) -> Sample:
        """Put them together with the image's input."""
        return Sample(row, image, self.drawn, self.drawn_ids, self.caption_ids, instructions)


class TrainingBatches(Dataset[Batch]):
    """Batches of one split by lists of keys; all randomness comes from the seed and the key.

    Args:
        inputs: How the encoder takes the split's images and texts.
        texts: The split's captions, their weights, and the technique that draws of them.
        seed: The run's seed.
        instructions: What a decoder learns beside; None where the model has none.

    Where the data set makes its texts and has too many, only those of a batch are in memory.
    """

    def __init__(
        self,
        inputs: Inputs,
        texts: WeightedCaptions,
        seed: int,
        instructions: InstructionDraws | None = None,
    ) -> None:
        self._inputs = inputs
        self._texts = texts
        self._seed = seed
        self._instructions = instructions

    def __getitem__(self, keys: Sequence[Key]) -> Batch:
        """Return the batch of these keys, in their order."""
        return collate([self._sample(key) for key in keys], self._inputs)

    def _sample(self, key: Key) -> Sample:
        epoch, row, progress, copy = key
        rng = image_rng(self._seed, epoch, row, copy)
        drawn = DrawnTexts.of(self._texts.half, *self._texts.of(row), rng, progress)
        image = self._inputs.image(row, rng)
        asked = self._instructions.draw(epoch, row) if self._instructions else ()
        return drawn.sample(row, image, asked)


class EpochBatches(Sampler[list[Key]]):
    """Shuffled global batches of an epoch, of which each rank takes its own part.

    Args:
        images: Images in the split.
        batch_size: Images in a step over all ranks.
        seed: The run's seed.
        rank: This process's number.
        ranks: Number of processes.
        progress_at: How far training is before a batch; what moves over training follows it.
        repeats: (images,) how often each comes in an epoch, above 0; None for once.

    Raises:
        ConfigError: A batch cannot be made, or not be shared evenly.
    """

    def __init__(
        self,
        images: int,
        batch_size: int,
        seed: int,
        rank: int,
        ranks: int,
        progress_at: ProgressAt = from_start,
        repeats: NDArray[np.float64] | None = None,
    ) -> None:
        if batch_size < 1 or batch_size % ranks:
            raise ConfigError(
                f"train.batch_size={batch_size} must be a positive multiple of the {ranks} "
                "processes: it counts the images of a step over all of them"
            )
        # A small data set is one batch; a rest shorter than a batch is left to other epochs, since
        # a contrastive loss is not comparable between batch sizes.
        self._drawn = images if repeats is None else int(repeats.sum())
        self._size = most_images(batch_size, images, repeats)
        if self._size < 2:
            raise ConfigError(
                "a contrastive batch needs two images, but train has "
                f"{min(images, self._drawn)} and train.batch_size is {batch_size}"
            )
        if self._size < ranks:
            raise ConfigError(
                f"a batch needs an image for each of the {ranks} processes, but train has {images}"
            )
        self._images = images
        self._repeats = repeats
        self._seed = seed
        self._part = slice(rank * self._size // ranks, (rank + 1) * self._size // ranks)
        self._progress_at = progress_at
        self._epoch = 0

    def __len__(self) -> int:
        return self._drawn // self._size

    def __iter__(self) -> Iterator[list[Key]]:
        rng = np.random.default_rng((self._seed, self._epoch))
        order = rng.permutation(self._images)
        copies = np.zeros_like(order)
        if self._repeats is not None:
            order, copies = repeated(order, self._repeats[order], rng)
        each = np.stack([order, copies], axis=1).tolist()
        for step in range(len(self)):
            progress = self._progress_at(self._epoch, step)
            part = each[step * self._size : (step + 1) * self._size][self._part]
            yield [Key(self._epoch, row, progress, copy) for row, copy in part]

    def set_epoch(self, epoch: int) -> None:
        """Choose the epoch's order; Lightning calls this before each."""
        self._epoch = epoch


def most_images(batch_size: int, images: int, repeats: NDArray[np.float64] | None) -> int:
    """Return the images of a batch: as many as asked for, or all where an epoch has fewer.

    Args:
        batch_size: Images in a step over all ranks.
        images: Images in the split.
        repeats: (images,) how often each comes in an epoch; None for once.
    """
    drawn = images if repeats is None else int(repeats.sum())
    return min(batch_size, images, drawn)


def repeated(
    rows: NDArray[np.int64], repeats: NDArray[np.float64], rng: np.random.Generator
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Repeat shuffled rows, and spread the copies of each over the epoch.

    Args:
        rows: (B,) in random order.
        repeats: (B,) how often each comes; of 1.4 a row has one copy or, in 40 of 100 cases, two.
        rng: The epoch's generator.

    Returns:
        As many rows as the sum of `repeats`, rounded down or up, and which copy each is, from 0.
        Of a row with m copies each m-th of the epoch has one.
    """
    ends = np.floor(np.cumsum(repeats) + rng.random())
    copies = np.diff(ends, prepend=0.0).astype(np.int64)
    number = np.arange(copies.sum()) - np.repeat(np.cumsum(copies) - copies, copies)
    place = (number + rng.random(len(number))) / np.repeat(copies, copies)
    order = np.argsort(place, kind="stable")
    return np.repeat(rows, copies)[order], number[order]


class LoadedBatches(lightning.LightningDataModule, ABC):
    """The training batches of one split as Lightning asks for them.

    Args:
        workers: Worker processes; 0 loads in the main process.
    """

    def __init__(self, workers: int) -> None:
        super().__init__()
        self._workers = workers

    @abstractmethod
    def share(self, rank: int, ranks: int) -> tuple[Dataset[Any], Sampler[Any]]:
        """Return what makes one process's part of every global batch, and of which items."""

    def train_dataloader(self) -> TellingLoader:
        """Return the loader of this process's part of every global batch."""
        trainer = self.trainer
        rank, ranks = (trainer.global_rank, trainer.world_size) if trainer else (0, 1)
        batches, sampler = self.share(rank, ranks)
        return TellingLoader(
            Telling(batches),
            batch_size=None,  # the sampler's items are whole batches
            sampler=sampler,
            num_workers=self._workers,
            persistent_workers=self._workers > 0,
            pin_memory=trainer is not None and trainer.strategy.root_device.type == "cuda",
        )

    def transfer_batch_to_device(
        self, batch: Batch, device: torch.device, dataloader_idx: int
    ) -> Batch:
        """Move the batch; from page-locked memory the copy overlaps the step."""
        return batch.to(device, non_blocking=True)


class CaptionDataModule(LoadedBatches):
    """The training batches of a split whose images are asked for by number.

    Args:
        batches: Makes a batch from keys.
        images: Images in the split.
        batch_size: Images in a step over all processes.
        seed: The run's seed.
        workers: Worker processes; 0 loads in the main process.
        progress_at: How far training is before a batch.
        repeats: (images,) how often each comes in an epoch; None for once.
    """

    def __init__(
        self,
        batches: TrainingBatches,
        images: int,
        batch_size: int,
        seed: int,
        workers: int,
        progress_at: ProgressAt = from_start,
        repeats: NDArray[np.float64] | None = None,
    ) -> None:
        super().__init__(workers)
        self._batches = batches
        self._repeats = repeats
        self._sampler_of = (images, batch_size, seed)
        self._progress_at = progress_at

    def share(self, rank: int, ranks: int) -> tuple[Dataset[Any], Sampler[Any]]:
        """Return the batches by lists of keys, and the keys of one process."""
        images, batch_size, seed = self._sampler_of
        return self._batches, EpochBatches(
            images, batch_size, seed, rank, ranks, self._progress_at, self._repeats
        )
