"""The training batches of a run: of a split by number, or of a stream."""

from wfa.data.loader import (
    CaptionDataModule,
    LoadedBatches,
    ProgressAt,
    TrainingBatches,
    most_images,
)
from wfa.data.pixel_inputs import PixelInputs
from wfa.data.shards.stream_batches import StreamDataModule
from wfa.errors import ConfigError
from wfa.runs.parts import Parts


def sizes(parts: Parts) -> tuple[int, int]:
    """Return the images of a batch over all processes, and the batches of an epoch.

    Raises:
        ConfigError: Nobody knows how many images the training split has, it has fewer than the
            steps of an epoch need, or the model learns instructions and the split is a stream.
    """
    train, options = parts.split("train"), parts.config.train
    wanted = options.steps_per_epoch * options.accumulate
    images, _ = train.dataset.size()
    if train.stream is None:
        assert images is not None  # what is asked for by number is counted
        repeats = train.dataset.repeats()
        a_batch = most_images(options.batch_size, images, repeats)
        images = images if repeats is None else int(repeats.sum())
        a_pass = images // max(a_batch, 1)
        if wanted > a_pass:
            raise ConfigError(
                f"train.steps_per_epoch={options.steps_per_epoch} is more than a pass over the "
                f"{images} training images, {a_pass // options.accumulate} steps of "
                f"{options.batch_size * options.accumulate} images: leave it out"
            )
        return a_batch, wanted or a_pass
    if parts.instructions() is not None:
        raise ConfigError(
            f"model={parts.config.model.name} learns from all instructions of a split, and "
            "shards come one after the other: choose model=clip, or a data set in a folder"
        )
    a_pass = (images or 0) // options.batch_size
    if not wanted and not a_pass:
        known = "nobody has counted the images of these shards" if images is None else (
            f"the shards have {images} images, fewer than train.batch_size={options.batch_size}"
        )  # fmt: skip
        raise ConfigError(f"{known}: say after how many steps an epoch ends, "
                          "train.steps_per_epoch=NUMBER")  # fmt: skip
    return options.batch_size, wanted or a_pass


def batches_of(parts: Parts, an_epoch: int, progress_at: ProgressAt) -> LoadedBatches:
    """Return the training batches as Lightning asks for them.

    Args:
        parts: The run.
        an_epoch: Batches in an epoch.
        progress_at: How far training is before a batch.
    """
    train, options = parts.split("train"), parts.config.train
    if train.stream is None:
        batches = TrainingBatches(train.inputs, train.texts, options.seed, parts.instructions())
        return CaptionDataModule(
            batches,
            train.dataset.size()[0] or 0,
            options.batch_size,
            options.seed,
            workers=parts.workers,
            progress_at=progress_at,
            repeats=train.dataset.repeats(),
        )
    assert isinstance(train.inputs, PixelInputs)  # what gave the stream
    return StreamDataModule(
        train.inputs,
        train.stream,
        train.texts.half,
        options.seed,
        options.batch_size,
        an_epoch,
        workers=parts.workers,
        progress_at=progress_at,
    )
