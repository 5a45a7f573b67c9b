"""Checkpoints that are written whole or not at all, and never unpickled."""

from pathlib import Path
from typing import Any

import torch
from lightning.fabric.plugins import TorchCheckpointIO
from lightning.pytorch.callbacks import ModelCheckpoint

from wfa.files import atomic_write

MONITOR = "validation/mR"


class AtomicCheckpointIO(TorchCheckpointIO):
    """Lightning's checkpoint files, moved into place when complete and read without pickle."""

    def save_checkpoint(
        self, checkpoint: dict[str, Any], path: Any, storage_options: Any | None = None
    ) -> None:
        """Write `checkpoint` to `path`; a crash leaves the file that was there before."""
        with atomic_write(Path(path)) as temporary:
            torch.save(checkpoint, temporary)

    def load_checkpoint(
        self, path: Any, map_location: Any | None = None, weights_only: bool | None = None
    ) -> dict[str, Any]:
        """Read tensors and plain values from `path`; anything else is refused by torch."""
        checkpoint: dict[str, Any] = torch.load(path, map_location=map_location, weights_only=True)
        return checkpoint


class BestAndLast(ModelCheckpoint):
    """Keeps the best epoch by validation mR, and the last one to go on from.

    Args:
        folder: Where both lie.
    """

    def __init__(self, folder: Path) -> None:
        super().__init__(
            dirpath=folder,
            filename="best",
            monitor=MONITOR,
            mode="max",
            save_top_k=1,
            save_last=True,
            save_on_train_epoch_end=True,
            enable_version_counter=False,
            auto_insert_metric_name=False,
        )

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Take the best score along, also when the run folder has been moved since."""
        super().load_state_dict(_moved(state_dict, str(self.dirpath)))


def _moved(state: dict[str, Any], folder: str) -> dict[str, Any]:
    """Put the paths of a checkpoint's state below `folder`."""

    def here(path: str) -> str:
        return str(Path(folder) / Path(path).name) if path else path

    paths: dict[str, Any] = {
        name: here(state[name])
        for name in ("best_model_path", "kth_best_model_path", "last_model_path")
        if name in state
    }
    scores = {here(path): score for path, score in state.get("best_k_models", {}).items()}
    return {**state, **paths, "dirpath": folder, "best_k_models": scores}
