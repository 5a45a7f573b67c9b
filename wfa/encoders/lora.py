"""Low-rank adapters in place of training a tower (Hu et al. 2021, arXiv:2106.09685), by peft."""

import re
from collections.abc import Iterator, Sequence
from copy import deepcopy
from dataclasses import dataclass, field
from typing import Any, ClassVar

import torch
from open_clip.modified_resnet import AttentionPool2d
from torch import nn

from wfa.encoders.plain_attention import use_plain_attention, use_torch_attention
from wfa.errors import ConfigError, unknown
from wfa.options.limits import Options
from wfa.plugins.plugin_sources import how_to_install

ADAPTED = (nn.Linear, nn.Conv2d)
"""Kinds of layers that take an adapter."""
CLOSED = (nn.MultiheadAttention, AttentionPool2d)
"""Modules that read the weights of the layers below them, so that adapters there would be idle."""


@dataclass(frozen=True)
class LoraOptions(Options):
    """Adapters in the towers that are not locked; what they adapt stays as it is.

    Attributes:
        rank: Rank of what is added to a weight; 0 for no adapters.
        alpha: What is added is multiplied by alpha / rank.
        targets: Layers that are adapted, by the last part of their names, such as `in_proj` or
            `c_fc`; empty for all linear ones.
    """

    section: ClassVar[str] = "encoder.lora"

    rank: int = field(default=0, metadata={"at_least": 0, "at_most": 4096})
    alpha: float = field(default=16.0, metadata={"above": 0, "below": 1e6})
    targets: tuple[str, ...] = ()


def add_adapters(model: Any, options: LoraOptions, image: bool, text: bool) -> None:
    """Put adapters into an open_clip model's towers, in place; they alone are trained there.

    What is trained of the model beside its towers' own weights, such as a layer made for other
    bands, stays so.

    Args:
        model: The model; the towers that get adapters are locked.
        options: Which adapters.
        image: Whether the image tower gets some.
        text: Whether the text tower does.

    Raises:
        ConfigError: peft is not there, a target is in no tower, or a tower makes no use of one.
    """
    try:
        from peft import LoraConfig, inject_adapter_in_model
    except ImportError as error:
        raise ConfigError(
            f"encoder.lora.rank={options.rank} needs the package peft: {how_to_install('peft')}, "
            "or set encoder.lora.rank=0"
        ) from error
    use_plain_attention(model)
    names = _chosen(dict(_layers(model, image, text)), options.targets)
    trained = [parameter for parameter in model.parameters() if parameter.requires_grad]
    config = LoraConfig(
        r=options.rank,
        lora_alpha=options.alpha,
        target_modules="|".join(map(re.escape, names)),
    )
    inject_adapter_in_model(config, model)
    for parameter in trained:
        parameter.requires_grad_(True)


def without_adapters(model: Any) -> Any:
    """Return a copy of a model with its adapters merged into the weights, as open_clip builds it.

    A model without adapters is returned as it is.
    """
    try:
        from peft.tuners.lora import LoraLayer
    except ImportError:  # then nothing can have put adapters there
        return model
    if not any(isinstance(module, LoraLayer) for module in model.modules()):
        return model
    plain = deepcopy(model)
    for name, module in list(plain.named_modules()):
        if isinstance(module, LoraLayer):
            module.merge()
            plain.set_submodule(name, module.get_base_layer())
    use_torch_attention(plain)
    return plain


def check_adapters_used(model: nn.Module, features: Sequence[torch.Tensor]) -> None:
    """Refuse adapters that no feature depends on.

    Args:
        model: The model.
        features: What its towers give, with gradients.

    Raises:
        ConfigError: A tower reads the weight of an adapted layer by itself.
    """
    adapters = [(name, p) for name, p in model.named_parameters() if ".lora_B." in name]
    total = torch.stack([one.sum() for one in features]).sum()
    gradients = torch.autograd.grad(total, [p for _, p in adapters], allow_unused=True)
    idle = [name for (name, _), grad in zip(adapters, gradients, strict=True) if grad is None]
    if idle:
        layer = idle[0].partition(".lora_B.")[0]
        raise ConfigError(
            f"the tower reads the weight of {layer} itself, so that an adapter there would change "
            f"nothing ({len(idle)} such layers): name others with encoder.lora.targets=[..]"
        )


def _layers(model: nn.Module, image: bool, text: bool) -> Iterator[tuple[str, nn.Module]]:
    """Give the layers of the chosen towers that can take an adapter, by name."""
    closed = tuple(
        f"{name}." for name, module in model.named_modules() if isinstance(module, CLOSED)
    )
    for name, module in model.named_modules():
        mine = image if name.startswith("visual.") else text
        decoder = name.startswith("text_decoder.")  # has no part in retrieval
        if mine and not decoder and isinstance(module, ADAPTED) and not name.startswith(closed):
            yield name, module


def _chosen(layers: dict[str, nn.Module], targets: Sequence[str]) -> list[str]:
    """Return the names of the layers that are asked for.

    Raises:
        ConfigError: A target is the name of none of them, or there are none.
    """
    known = sorted({_last(name) for name in layers})
    if not targets:
        found = [name for name, module in layers.items() if isinstance(module, nn.Linear)]
        if not found:
            raise ConfigError(
                "encoder.lora.rank is set, and no linear layer can take an adapter: name others "
                f"with encoder.lora.targets=[..] (there are: {', '.join(known) or 'none'}), or "
                "leave a tower unlocked"
            )
        return found
    for target in targets:
        if target not in known:
            raise unknown("layer that takes an adapter", target, known, "encoder.lora.targets")
    return [name for name in layers if _last(name) in targets]


def _last(name: str) -> str:
    return name.rpartition(".")[2]
