"""The moving average against a plain loop; what is measured and kept; going on where it stopped."""

from collections.abc import Iterator
from pathlib import Path

import lightning
import pytest
import torch
from lightning.pytorch.callbacks import ModelCheckpoint
from torch import Tensor, nn
from torch.utils.data import DataLoader

from wfa.errors import ConfigError
from wfa.training.averaged_weights import AveragedWeights, averaged
from wfa.training.checkpoints import AtomicCheckpointIO
from wfa.training.train_options import Config

DECAY = 0.6


class Plain(lightning.LightningModule):
    """A layer that is trained, one that is locked, a mask, and notes of what was measured."""

    def __init__(self) -> None:
        super().__init__()
        torch.manual_seed(0)
        self.layer, self.locked = nn.Linear(3, 1), nn.Linear(3, 3).requires_grad_(False)
        self.register_buffer("mask", torch.tensor([0.0, -torch.inf]))
        self.count: Tensor
        self.register_buffer("count", torch.tensor(0))
        self.trained: list[Tensor] = []
        self.measured: list[Tensor] = []

    def training_step(self, rows: Tensor, step: int) -> Tensor:
        self.count += 1
        loss: Tensor = self.layer(self.locked(rows)).square().mean()
        return loss

    def on_train_batch_end(self, *_: object) -> None:
        self.trained.append(self.layer.weight.detach().clone())

    def on_train_epoch_end(self) -> None:
        with averaged(self):
            self.measured.append(self.layer.weight.detach().clone())
        torch.testing.assert_close(self.layer.weight.detach(), self.trained[-1])

    def configure_optimizers(self) -> torch.optim.Optimizer:
        return torch.optim.SGD(self.layer.parameters(), lr=0.3)


def expected(trained: list[Tensor]) -> Iterator[Tensor]:
    """The rule as it is written: the first step's weights, then a decay that rises."""
    mean = trained[0]
    yield mean
    for step, weight in enumerate(trained[1:], 1):
        keep = min(DECAY, (1 + step) / (10 + step))
        mean = keep * mean + (1 - keep) * weight
        yield mean


def fitted(folder: Path, resume: Path | None = None, ema: bool = True) -> Plain:
    """Train for three epochs; every epoch's checkpoint is kept."""
    module = Plain()
    kept = ModelCheckpoint(folder, "{epoch}", save_top_k=-1, save_on_train_epoch_end=True)
    trainer = lightning.Trainer(
        max_epochs=3, accelerator="cpu", logger=False, enable_progress_bar=False,
        enable_model_summary=False, default_root_dir=folder, log_every_n_steps=1,
        callbacks=[AveragedWeights(DECAY), kept] if ema else [kept],
        plugins=[AtomicCheckpointIO()],
    )  # fmt: skip
    rows = list(torch.randn(8, 3, generator=torch.Generator().manual_seed(1)))
    loader = DataLoader[Tensor](rows, batch_size=2)  # type: ignore[arg-type]  # a list will do
    trainer.fit(module, loader, ckpt_path=resume, weights_only=True)
    return module


@pytest.mark.filterwarnings("ignore:.*does not have many workers.*")
@pytest.mark.filterwarnings("ignore:The dirpath has changed.*")
@pytest.mark.filterwarnings("ignore:.*LeafSpec.*is deprecated.*")
def test_what_is_measured_and_kept_is_the_average(tmp_path: Path) -> None:
    module = fitted(tmp_path / "ema")
    means = list(expected(module.trained))
    assert len(means) == 12
    for found, wanted in zip(module.measured, means[3::4], strict=True):
        torch.testing.assert_close(found, wanted)
    torch.testing.assert_close(module.layer.weight.detach(), means[-1])
    start = Plain()
    assert torch.equal(module.locked.weight, start.locked.weight)
    assert torch.equal(module.mask, start.mask)  # type: ignore[arg-type]
    torch.testing.assert_close(fitted(tmp_path / "plain", ema=False).trained, module.trained)

    half = tmp_path / "ema" / "epoch=1.ckpt"
    saved = torch.load(half, weights_only=True)
    torch.testing.assert_close(saved["state_dict"]["layer.weight"], means[7])
    resumed = fitted(tmp_path / "resumed", resume=half)
    torch.testing.assert_close(resumed.trained, module.trained[8:])
    torch.testing.assert_close(resumed.layer.weight.detach(), means[-1])
    assert torch.equal(resumed.count, module.count)


def test_sharded_weights_are_not_averaged() -> None:
    with pytest.raises(ConfigError, match=r"train\.ema=0\.9 .*train\.strategy=fsdp"):
        Config(ema=0.9, strategy="fsdp")
    with pytest.raises(ConfigError, match=r"train\.ema=1\.0"):
        Config(ema=1.0)
