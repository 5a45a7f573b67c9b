"""Batch normalisation over all processes on devices that `torch.nn.SyncBatchNorm` does not know."""

from typing import Any

import torch
from timm.layers import BatchNormAct2d, convert_sync_batchnorm
from torch import Tensor, distributed, nn
from torch.nn.modules.batchnorm import _BatchNorm

from wfa.errors import ModelError


def synchronise(module: nn.Module, device: torch.device) -> None:
    """Make every batch norm below `module` see the whole batch; in place, weights kept, once.

    Args:
        module: The model, before it is wrapped for several processes.
        device: Where it will run: `SyncBatchNorm` on a GPU, our own elsewhere.

    Raises:
        ModelError: A batch norm is of a kind of its own.
    """
    for name, child in module.named_children():
        if isinstance(child, _WholeBatchNorm | nn.SyncBatchNorm):
            continue
        if not isinstance(child, _BatchNorm):
            synchronise(child, device)
        elif device.type == "cuda":
            setattr(module, name, convert_sync_batchnorm(child))
        else:
            setattr(module, name, _whole(child))


def _whole(norm: _BatchNorm) -> nn.Module:
    """Take over the weights and statistics of a batch norm of one process, and its activation."""
    if type(norm) not in (nn.BatchNorm1d, nn.BatchNorm2d, BatchNormAct2d):
        raise ModelError(
            f"{type(norm).__name__} is a batch norm that several processes cannot share here: "
            "train on one device, or choose another tower"
        )
    whole = _WholeBatchNorm(norm.num_features)
    whole.__dict__.update(norm.__dict__)
    return whole


class _WholeBatchNorm(_BatchNorm):
    """Normalises (B, C, ...) by the mean and variance over all processes' rows.

    Sums are taken in float32; the output has the input's type. What timm's `BatchNormAct2d` has
    behind the norm, a drop layer and an activation, follows it here as well.
    """

    def forward(self, input: Tensor) -> Tensor:
        """Normalise; in evaluation mode by the running statistics, as in one process."""
        units = self._over_processes(input) if self.training else super().forward(input)
        modules = self._modules
        for name in ("drop", "act"):
            behind = modules.get(name)
            units = units if behind is None else behind(units)
        return units

    def _check_input_dim(self, input: Tensor) -> None:
        """Take any number of dimensions, as the norms that this one stands for do together."""

    def _over_processes(self, input: Tensor) -> Tensor:
        axes = [axis for axis in range(input.ndim) if axis != 1]
        shape = [1, -1] + [1] * (input.ndim - 2)
        values = input.float()
        own = torch.full((1,), float(input.numel() // input.shape[1]), device=input.device)
        count = _sum(own)
        if float(count) < 2:
            raise ValueError("batch statistics need more than one value a channel")
        mean = _sum(values.sum(axes)) / count
        centred = values - mean.view(shape)
        variance = _sum(centred.square().sum(axes)) / count
        self._remember(mean.detach(), variance.detach() * count / (count - 1))
        units = centred * torch.rsqrt(variance + self.eps).view(shape)
        if self.affine:
            units = units * self.weight.view(shape) + self.bias.view(shape)
        return units.to(input.dtype)

    @torch.no_grad()
    def _remember(self, mean: Tensor, variance: Tensor) -> None:
        """Move the running statistics as `nn.BatchNorm2d` does, by the unbiased variance."""
        if self.running_mean is None or self.running_var is None:
            return
        if self.num_batches_tracked is not None:
            self.num_batches_tracked.add_(1)
        share = 1.0 / float(self.num_batches_tracked or 1) if self.momentum is None \
            else self.momentum  # fmt: skip
        self.running_mean.lerp_(mean, share)
        self.running_var.lerp_(variance, share)


class _SumOverProcesses(torch.autograd.Function):
    """All-reduce; the gradient of a sum that every process uses is the sum of their gradients."""

    @staticmethod
    def forward(ctx: Any, values: Tensor) -> Tensor:
        total = values.clone()
        distributed.all_reduce(total)
        return total

    @staticmethod
    def backward(ctx: Any, *grads: Tensor) -> Tensor:
        total = grads[0].clone()
        distributed.all_reduce(total)
        return total


def _sum(values: Tensor) -> Tensor:
    total: Tensor = _SumOverProcesses.apply(values)
    return total
