"""How a run is spread over devices: Lightning's trainer from the `train` section, checked early."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import lightning
from lightning.fabric.utilities.exceptions import MisconfigurationException
from lightning.pytorch.accelerators import AcceleratorRegistry
from lightning.pytorch.plugins.precision import FSDPPrecision
from lightning.pytorch.strategies import FSDPStrategy, Strategy, StrategyRegistry
from torch import nn
from torch.distributed.fsdp import FullyShardedDataParallel

from wfa.errors import ConfigError
from wfa.training.train_options import Config

UNSUPPORTED = ("deepspeed", "xla", "spawn", "fork", "notebook", "tpu")
"""Parts of names of strategies that cannot write our checkpoints or run the command line."""


class Sharded(FSDPStrategy):
    """Lightning's FSDP, on a CPU as well, where it works over gloo once it is told the device."""

    def _setup_model(self, model: nn.Module) -> nn.Module:
        # FSDP shards no scalars, such as the temperature. Left whole they need no reduction: every
        # process computes their gradient from the loss of the whole batch.
        scalars = [parameter for parameter in model.parameters() if parameter.ndim == 0]
        for scalar in scalars:
            scalar.data = scalar.data.to(self.root_device)
        self.kwargs["ignored_states"] = scalars
        if self.root_device.type != "cpu":
            wrapped: nn.Module = super()._setup_model(model)
            return wrapped
        return FullyShardedDataParallel(
            model,
            cpu_offload=self.cpu_offload,
            mixed_precision=self.mixed_precision_config,
            sharding_strategy=self.sharding_strategy,
            device_id=self.root_device,
            **self.kwargs,
        )


class _BatchAsItIs(FSDPPrecision):
    """FSDP's precision without a cast of the inputs: autocast does that, and a batch is frozen."""

    def convert_input(self, data: Any) -> Any:
        """Return the batch."""
        return data


def make_trainer(options: Config, **arguments: Any) -> lightning.Trainer:
    """Build the trainer; nothing is started or written.

    Args:
        options: The `train` section.
        **arguments: Further arguments of `lightning.Trainer`.

    Raises:
        ConfigError: The accelerator, the devices or the strategy is not there, or they do not go
            together.
    """
    precision: Any = options.precision  # Lightning's type lists them; our config has checked
    strategy = _strategy(options.strategy)
    if isinstance(strategy, Sharded):
        arguments["plugins"] = [*arguments.get("plugins", []), _BatchAsItIs(precision)]
        precision = None
    digits = options.devices.lstrip("-").isdigit()
    devices: Any = int(options.devices) if digits else options.devices
    try:
        return lightning.Trainer(
            accelerator=options.accelerator,
            devices=devices,
            num_nodes=options.num_nodes,
            strategy=strategy,
            precision=precision,
            **arguments,
        )
    except (MisconfigurationException, ValueError, TypeError, RuntimeError, ImportError) as error:
        raise _misfit(options, error) from error


def _strategy(name: str) -> str | Strategy:
    known = sorted(
        word for word in StrategyRegistry.available_strategies()
        if not any(part in word for part in UNSUPPORTED)
    )  # fmt: skip
    if name not in ("auto", *known):
        raise ConfigError(
            f"train.strategy={name} cannot be used here. Known: auto, {', '.join(known)}"
        )
    if name.startswith("fsdp"):
        return Sharded(cpu_offload=name == "fsdp_cpu_offload")
    return name


def _misfit(options: Config, error: Exception) -> ConfigError:
    cause = " ".join(str(error).split())
    return ConfigError(
        f"train.accelerator={options.accelerator} train.devices={options.devices} "
        f"train.num_nodes={options.num_nodes} train.strategy={options.strategy} "
        f"train.precision={options.precision} do not go together here: {cause} "
        f"(accelerators: auto, {', '.join(sorted(AcceleratorRegistry.available_accelerators()))})"
    )


@contextmanager
def whole_parameters(trainer: lightning.Trainer) -> Iterator[None]:
    """Give every process the whole parameters while it measures or saves the model.

    Only a sharding strategy has something to do; all processes must enter.
    """
    wrapped = trainer.strategy.model
    if not isinstance(wrapped, FullyShardedDataParallel):
        yield
        return
    with FullyShardedDataParallel.summon_full_params(wrapped, writeback=False):
        yield


def clip(trainer: lightning.Trainer, norm: float) -> bool:
    """Clip the gradients of sharded parameters by their norm over all shards.

    Returns:
        False where the parameters are whole and the caller clips as usual.
    """
    wrapped: nn.Module | None = trainer.strategy.model
    if not isinstance(wrapped, FullyShardedDataParallel):
        return False
    wrapped.clip_grad_norm_(norm)
    return True
