"""Train one run from its config: fit, select on validation, evaluate once, write the folder."""

import logging
import time
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import lightning
import torch
from lightning.pytorch.callbacks import EarlyStopping, ModelCheckpoint, RichProgressBar
from lightning.pytorch.loggers import TensorBoardLogger
from lightning.pytorch.utilities import rank_zero_only

from wfa.config import RunConfig
from wfa.data.loader import CaptionDataModule, TrainingBatches
from wfa.model.clip import MultiCaptionCLIP
from wfa.retrieval.embed import Track, untracked
from wfa.retrieval.evaluate import mean_recall
from wfa.training.assemble import Parts, save_weights
from wfa.training.checkpoints import MONITOR, AtomicCheckpointIO, model_checkpoint
from wfa.training.history import History
from wfa.training.module import TrainingModule
from wfa.training.results import EVALUATED, write_results
from wfa.training.run_folder import RunFolder
from wfa.training.throughput import Throughput


def fit(
    config: RunConfig, out: Path, overwrite: bool = False, track: Track[Any] = untracked
) -> RunFolder | None:
    """Train, select, evaluate and write a run; an unfinished one goes on where it stopped.

    Args:
        config: The run's config.
        out: The run folder.
        overwrite: Lose a run that the folder holds.
        track: Shows progress of the parts outside training.

    Returns:
        The finished run's folder; None in processes other than the first.

    Raises:
        DataError: The data set has no training or validation split, or cannot be read.
        RunError: The folder cannot be used.
    """
    started = time.perf_counter()
    lightning.seed_everything(config.train.seed, verbose=False)
    parts = Parts(config)
    folder = RunFolder(out)
    rank_zero_only(folder.check)(config, overwrite)
    # Everything that can be wrong with data, towers or images is found before the folder is made.
    train, validation = parts.split("train"), parts.split("validation")
    for split in EVALUATED:
        if split in parts.split_names:
            parts.split(split)
    rank_zero_only(folder.claim)(config, overwrite)
    prepared = time.perf_counter()

    history = History(folder.path / "history.csv", config.train.log_every)

    def validate(model: MultiCaptionCLIP) -> dict[str, float]:
        metrics = mean_recall(parts.embed(validation), queries=config.train.select_on)
        history.validated(metrics)
        return metrics

    def finish() -> None:
        trainer = module.trainer
        fitted = time.perf_counter()
        selection = _select(trainer, module)
        save_weights(parts.model, folder)
        write_results(
            parts, folder, track,
            seconds={"prepare": prepared - started, "fit": fitted - prepared},
            selection={**selection, "queries": config.train.select_on},
            throughput=throughput.figures(),
            device=str(trainer.strategy.root_device),
        )  # fmt: skip

    module = TrainingModule(parts.model, config.train, validate, finish)
    batches = TrainingBatches(
        train.dataset,
        train.inputs,
        parts.model.aggregation.drawer(),
        train.prior,
        config.train.seed,
    )
    datamodule = CaptionDataModule(
        batches,
        len(train.dataset),
        config.train.batch_size,
        config.train.seed,
        workers=_workers(config, parts),
    )
    throughput = Throughput(parts.model.encoder.context_length)
    resume = folder.last_checkpoint if folder.last_checkpoint.is_file() else None
    with _quiet_lightning():
        trainer = _trainer(config, folder, history, throughput)
        trainer.fit(module, datamodule, ckpt_path=resume, weights_only=True)
    return folder if trainer.is_global_zero else None


class Progress(RichProgressBar):
    """Lightning's bar with figures short enough for one line of 80 columns."""

    def get_metrics(
        self, trainer: lightning.Trainer, pl_module: lightning.LightningModule
    ) -> dict[str, Any]:
        """Return loss, images a second and validation mR as short strings."""
        found = super().get_metrics(trainer, pl_module)
        digits = {"loss": 2, "images/s": 0, "mR": 3}
        return {
            name: f"{found[name]:.{places}f}" for name, places in digits.items() if name in found
        }


def _trainer(
    config: RunConfig, folder: RunFolder, history: History, throughput: Throughput
) -> lightning.Trainer:
    options = config.train
    callbacks: list[lightning.Callback] = [
        history, throughput, Progress(), model_checkpoint(folder.checkpoints)
    ]  # fmt: skip
    if options.patience:
        callbacks.append(
            EarlyStopping(
                MONITOR, mode="max", patience=options.patience, check_on_train_epoch_end=True
            )
        )
    devices: Any = (
        int(options.devices) if options.devices.lstrip("-").isdigit() else options.devices
    )
    return lightning.Trainer(
        max_epochs=options.epochs,
        accelerator=options.accelerator,
        devices=devices,
        num_nodes=options.num_nodes,
        strategy=options.strategy,
        precision=options.precision,
        gradient_clip_val=options.clip_norm or None,
        accumulate_grad_batches=options.accumulate,
        callbacks=callbacks,
        plugins=[AtomicCheckpointIO()],
        logger=TensorBoardLogger(folder.path / "logs", name="", version=""),
        use_distributed_sampler=False,  # our sampler already gives each process its part
        enable_model_summary=False,
        log_every_n_steps=options.log_every,
    )


def _workers(config: RunConfig, parts: Parts) -> int:
    """Choose the loader's processes: none where a step reads memory-mapped arrays."""
    if config.train.workers >= 0:
        return int(config.train.workers)
    return 0 if parts.cache is not None else min(4, max(1, torch.get_num_threads() - 1))


def _select(trainer: lightning.Trainer, module: TrainingModule) -> dict[str, Any]:
    """Load the best epoch's weights into the model; say which it was."""
    checkpoint = trainer.checkpoint_callback
    assert isinstance(checkpoint, ModelCheckpoint)  # the one that `_trainer` put there
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
                ".*isinstance.treespec, LeafSpec.. is deprecated.*",
            ):
                warnings.filterwarnings("ignore", message=text)
            yield
    finally:
        logger.setLevel(level)
