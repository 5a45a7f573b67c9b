"""Batch normalisation over all processes on devices that `torch.nn.SyncBatchNorm` does not know."""

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, distributed, nn


def synchronise(module: nn.Module, device: torch.device) -> None:
    """Make every batch norm below `module` see the whole batch; in place, weights kept.

    Args:
        module: The model, before it is wrapped for several processes.
        device: Where it will run: `SyncBatchNorm` on a GPU, our own elsewhere.
    """
    if device.type == "cuda":
        convert: Callable[[nn.Module], nn.Module] = nn.SyncBatchNorm.convert_sync_batchnorm
        convert(module)
        return
    for name, child in module.named_children():
        if type(child) in (nn.BatchNorm1d, nn.BatchNorm2d):
            setattr(module, name, _WholeBatchNorm.of(child))
        else:
            synchronise(child, device)


class _WholeBatchNorm(nn.BatchNorm2d):
    """Normalises (B, C, ...) by the mean and variance over all processes' rows."""

    @classmethod
    def of(cls, norm: nn.Module) -> "_WholeBatchNorm":
        """Take over the weights and statistics of a batch norm of one process."""
        assert isinstance(norm, nn.BatchNorm1d | nn.BatchNorm2d)  # `synchronise` looked
        whole = cls(norm.num_features, norm.eps, norm.momentum, norm.affine)
        whole.__dict__.update(norm.__dict__)
        return whole

    def forward(self, input: Tensor) -> Tensor:
        """Normalise; in evaluation mode by the running statistics, as in one process."""
        if not self.training:
            return super().forward(input)
        axes = [axis for axis in range(input.ndim) if axis != 1]
        shape = [1, -1] + [1] * (input.ndim - 2)
        count = _sum(torch.tensor([float(input.numel() // input.shape[1])]))
        mean = _sum(input.sum(axes)) / count
        centred = input - mean.view(shape)
        variance = _sum(centred.square().sum(axes)) / count
        self._remember(mean.detach(), variance.detach() * count / (count - 1))
        units = centred * torch.rsqrt(variance + self.eps).view(shape)
        return units * self.weight.view(shape) + self.bias.view(shape) if self.affine else units

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
