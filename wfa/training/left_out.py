"""What training could not read and left out, over all processes and interruptions."""

from typing import Any

import lightning
from lightning.pytorch.callbacks import Callback
from torch import distributed

from wfa.data.streamed import LeftOut
from wfa.data.worker_errors import TellingLoader


class LeftOutCount(Callback):
    """Adds up what the loaders left out; what was met before an interruption counts too."""

    def __init__(self) -> None:
        self._before = LeftOut()
        self._loader: TellingLoader | None = None
        self._whole: LeftOut | None = None

    def on_train_epoch_start(
        self, trainer: lightning.Trainer, pl_module: lightning.LightningModule
    ) -> None:
        """Find the loader, which is there from now on."""
        assert isinstance(trainer.train_dataloader, TellingLoader)  # what our data module gives
        self._loader = trainer.train_dataloader

    def state_dict(self) -> dict[str, Any]:
        """Return what was left out up to now by all processes, which save a checkpoint together."""
        now = self._now()
        return {"counts": dict(now.counts), "first": list(now.first)}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Go on counting from the checkpoint."""
        self._before = LeftOut(first=list(state_dict["first"]))
        self._before.counts.update(state_dict["counts"])

    def on_train_end(
        self, trainer: lightning.Trainer, pl_module: lightning.LightningModule
    ) -> None:
        """Add up what the processes left out."""
        self._whole = self._now()

    def as_dict(self) -> dict[str, Any]:
        """Return counts by kind and the first names; empty where nothing was left out."""
        found = self._whole or self._before
        return {**found.counts, "first": found.first} if found.counts else {}

    def _now(self) -> LeftOut:
        """Add what each process met to what all of them had met before an interruption."""
        own = LeftOut() if self._loader is None else self._loader.left_out
        every: list[Any] = [own]
        if distributed.is_available() and distributed.is_initialized():
            every = [None] * distributed.get_world_size()
            distributed.all_gather_object(every, own)
        now = LeftOut()
        for one in (self._before, *every):
            now.merge(one)
        return now
