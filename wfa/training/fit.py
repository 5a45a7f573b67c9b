"""Train one run from its config: fit, select on validation, evaluate once, write the folder."""

import logging
import shutil
import time
import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, nullcontext
from datetime import timedelta
from pathlib import Path
from typing import Any, NamedTuple

import lightning
import torch
from lightning.pytorch.utilities import rank_zero_only

from wfa.errors import ConfigError
from wfa.model.cached_contrast import check_cached
from wfa.model.clip import MultiCaptionCLIP
from wfa.options.run_config import RunConfig
from wfa.runs.parts import Parts, save_weights
from wfa.runs.run_folder import RunFolder
from wfa.runs.run_results import EVALUATED, write_results
from wfa.training.averaged_weights import AveragedWeights
from wfa.training.checkpoints import MONITOR, AtomicCheckpointIO, BestAndLast
from wfa.training.compiled_towers import compile_towers
from wfa.training.early_stopping import Patience
from wfa.training.history import History
from wfa.training.left_out import LeftOutCount
from wfa.training.loggers import check_loggers, finish_loggers, start_loggers
from wfa.training.module import TrainingModule
from wfa.training.schedule import Course
from wfa.training.step_limit import StepLimit, most_epochs, most_steps
from wfa.training.step_lines import StepLines
from wfa.training.strategies import make_trainer
from wfa.training.throughput import Throughput
from wfa.training.train_options import Config
from wfa.training.trainable_parts import count_trainable, describe_trainable, warn_of_rate
from wfa.training.training_bar import Progress
from wfa.training.training_batches import batches_of, sizes
from wfa.training.validation import Validation


def fit(
    config: RunConfig,
    out: Path,
    overwrite: bool = False,
    show_training: bool = True,
    width: int | None = None,
    tell: Callable[[str], None] = lambda line: None,
) -> RunFolder | None:
    """Train, select, evaluate and write a run; an unfinished one goes on where it stopped.

    Args:
        config: The run's config.
        out: The run folder.
        overwrite: Lose a run that the folder holds.
        show_training: Whether training shows a bar of its own; else it tells its steps as all
            long work does.
        width: The width that the technique was made for; None for any.
        tell: Hears in words what is trained, before it is.

    Returns:
        The finished run's folder; None in processes other than the first.

    Raises:
        DataError: The data set has no training or validation split, or cannot be read.
        RunError: The folder cannot be used.
    """
    started = time.perf_counter()
    lightning.seed_everything(config.train.seed, verbose=False)
    parts, folder = Parts(config), RunFolder(out)
    rank_zero_only(folder.check)(config, overwrite)
    _check_parts(parts, width)
    watched = _watched(parts, folder)
    a_batch, an_epoch = sizes(parts)
    steps = most_steps(config.train, a_batch)
    trainer = _trainer(config, folder, steps, an_epoch, watched, show_training)
    for line in (
        *describe_trainable(count_trainable(parts.model)),
        *warn_of_rate(parts.model.encoder.fine_tunes, config.train.lr),
    ):
        rank_zero_only(tell)(line)
    with folder.locked() if trainer.is_global_zero else nullcontext():
        rank_zero_only(folder.claim)(config, overwrite)
        starting = rank_zero_only(start_loggers)
        trainer.loggers = starting(config.train.loggers, folder.path / "logs", config.name) or []
        prepared = time.perf_counter() - started
        course = Course(trainer, config.train, lambda: watched.throughput.fit_seconds, steps)
        validation = Validation(parts, watched.history, show_training)
        module = _module(parts, folder, trainer, watched, validation, course, prepared)
        resume = folder.last_checkpoint if folder.last_checkpoint.is_file() else None
        with _quiet_lightning():
            trainer.fit(
                module, batches_of(parts, an_epoch, course.at), ckpt_path=resume, weights_only=True
            )
        finish_loggers(trainer.loggers)
        if trainer.is_global_zero and folder.finished and not config.train.keep_checkpoints:
            shutil.rmtree(folder.checkpoints, ignore_errors=True)  # nothing goes on from them
    return folder if trainer.is_global_zero else None


class _Watched(NamedTuple):
    """What looks on while a run trains."""

    throughput: Throughput
    history: History
    left_out: LeftOutCount


def _watched(parts: Parts, folder: RunFolder) -> _Watched:
    every = parts.config.train.log_every
    throughput = Throughput(parts.model.encoder, every)
    history = History(folder.path / "history.csv", every, lambda: throughput.fit_seconds)
    return _Watched(throughput, history, LeftOutCount())


def _check_parts(parts: Parts, width: int | None) -> None:
    """Find what can be wrong with data, towers, images or devices before the folder is made."""
    config = parts.config
    if width not in (None, parts.model.encoder.width):
        raise ConfigError(
            f"the technique is made for features of width {width}, and those of "
            f"encoder={config.encoder.name} are {parts.model.encoder.width} wide"
        )
    _prepare_model(parts.model, config.train)
    parts.split("train")
    for split in ("validation", *EVALUATED):
        if split == "validation" or split in parts.split_names:
            parts.members(split)


def _prepare_model(model: MultiCaptionCLIP, options: Config) -> None:
    """Refuse what does not go with the model, and compile it where that is asked for."""
    check_loggers(options.loggers)
    if options.micro_batch:
        check_cached(model)
    if options.compile:
        compile_towers(model.encoder)


def _module(
    parts: Parts,
    folder: RunFolder,
    trainer: lightning.Trainer,
    watched: _Watched,
    validation: Validation,
    course: Course,
    prepared: float,
) -> TrainingModule:
    """Make what trains, and say how its results are written."""
    options = parts.config.train

    def finish() -> None:
        selection = _select(trainer, module)
        save_weights(parts.model, folder)
        write_results(
            parts, folder,
            seconds={"prepare": prepared, "fit": watched.throughput.fit_seconds},
            selection={**selection, "queries": options.select_on, "images": validation.images},
            throughput=watched.throughput.figures(),
            left_out=watched.left_out.as_dict(),
            device=_device_name(trainer.strategy.root_device),
        )  # fmt: skip

    module = TrainingModule(parts.model, options, validation, finish, course)
    return module


def _trainer(
    config: RunConfig,
    folder: RunFolder,
    steps: int,
    an_epoch: int,
    watched: Sequence[lightning.Callback],
    show_training: bool,
) -> lightning.Trainer:
    options = config.train
    callbacks = [*watched, BestAndLast(folder.checkpoints)]
    if steps:
        callbacks.append(StepLimit(steps))
    if options.patience:
        callbacks.append(Patience(options.patience))
    if options.ema:
        callbacks.append(AveragedWeights(options.ema))
    callbacks.append(Progress() if show_training else StepLines())
    with _quiet_lightning():
        return make_trainer(
            options,
            max_epochs=most_epochs(options, steps, an_epoch),
            limit_train_batches=an_epoch,
            max_time=timedelta(seconds=options.max_seconds) if options.max_seconds else None,
            enable_progress_bar=show_training,
            gradient_clip_val=options.clip_norm or None,
            accumulate_grad_batches=options.accumulate,
            callbacks=callbacks,
            plugins=[AtomicCheckpointIO()],
            logger=False,  # they start once the folder is this run's
            use_distributed_sampler=False,  # our sampler already gives each process its part
            enable_model_summary=False,
            log_every_n_steps=options.log_every,
        )


def _device_name(device: torch.device) -> str:
    """Return the device, a GPU with its model."""
    if device.type != "cuda":
        return str(device)
    return f"{device} ({torch.cuda.get_device_name(device)})"


def _select(trainer: lightning.Trainer, module: TrainingModule) -> dict[str, Any]:
    """Load the best epoch's weights into the model; say which it was."""
    checkpoint = trainer.checkpoint_callback
    assert isinstance(checkpoint, BestAndLast)  # the one that `fit` put there
    best = torch.load(checkpoint.best_model_path, map_location="cpu", weights_only=True)
    module.load_state_dict(best["state_dict"])
    return {
        "metric": MONITOR,
        "value": float(checkpoint.best_model_score or 0.0),
        "epoch": int(best["epoch"]),
        "epochs_run": trainer.current_epoch,
    }


@contextmanager
def _quiet_lightning() -> Iterator[None]:
    """Drop Lightning's advice that does not fit, such as on worker processes for memory maps."""
    logger = logging.getLogger("lightning.pytorch")
    level = logger.level
    logger.setLevel(logging.WARNING)
    try:
        with warnings.catch_warnings():
            for text in (
                ".*does not have many workers.*",
                ".*Checkpoint directory .* exists and is not empty.*",
                ".*number of training batches .* is smaller than the logging interval.*",
                ".*sync_dist=True.*",  # every process computes the same metrics
                ".*WeightAveraging callback with a model that overrides.*",  # it shards nothing
                ".*isinstance.treespec, LeafSpec.. is deprecated.*",
            ):
                warnings.filterwarnings("ignore", message=text)
            yield
    finally:
        logger.setLevel(level)
