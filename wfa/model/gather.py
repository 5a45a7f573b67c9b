"""A batch that is spread over processes becomes one, with gradients."""

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor, distributed


class Gather:
    """Puts the processes' parts of a batch behind each other, in the order of the ranks.

    Every process then computes the same loss on the whole batch. A gradient comes back to the
    process that the rows came from, times the number of processes: as the losses are equal,
    DistributedDataParallel's mean over processes makes of it exactly the gradient of one process
    that has the whole batch, and going back needs no communication.

    Without an initialised process group, or with one process, everything is given back as it is.
    Otherwise the parts may differ in size; the sizes are exchanged once, which makes a GPU wait.

    Args:
        device: Where the tensors are.
        sizes: The number of rows this process has of each kind.
    """

    def __init__(self, device: torch.device, sizes: Mapping[str, int]) -> None:
        grouped = distributed.is_available() and distributed.is_initialized()
        self._world = distributed.get_world_size() if grouped else 1
        self._rank = distributed.get_rank() if grouped else 0
        table = [list(sizes.values())]
        if self._world > 1:
            table = _all_gather(torch.tensor(table[0], device=device), self._world).tolist()
        self._sizes = {kind: [row[k] for row in table] for k, kind in enumerate(sizes)}

    def size(self, kind: str) -> int:
        """Return the number of rows of a kind in the whole batch."""
        return sum(self._sizes[kind])

    def rows(self, values: Tensor, kind: str) -> Tensor:
        """Return the rows of all processes, with gradients: (n, ...) -> (size, ...)."""
        if self._world == 1:
            return values
        gathered: Tensor = _GatherRows.apply(values, self._sizes[kind], self._rank)
        return gathered

    def index(self, values: Tensor, kind: str, into: str) -> Tensor:
        """Return the indices of all processes, moved to where the rows they mean now are.

        Args:
            values: (n,) int64, indices of rows of kind `into` of this process.
            kind: What the index has one entry for.
            into: What the entries mean.

        Returns:
            (size of `kind`,) int64.
        """
        return self.rows(values + sum(self._sizes[into][: self._rank]), kind)


class _GatherRows(torch.autograd.Function):
    """All-gather of parts of different sizes; backward keeps the own rows' gradient."""

    @staticmethod
    def forward(ctx: Any, values: Tensor, sizes: list[int], rank: int) -> Tensor:
        ctx.start, ctx.stop, ctx.world = sum(sizes[:rank]), sum(sizes[: rank + 1]), len(sizes)
        longest = max(sizes)
        padded = values.new_zeros((longest, *values.shape[1:]))
        padded[: len(values)] = values
        parts = _all_gather(padded, len(sizes))
        return torch.cat([part[:size] for part, size in zip(parts, sizes, strict=True)])

    @staticmethod
    def backward(ctx: Any, *grads: Tensor) -> tuple[Tensor, None, None]:
        return grads[0][ctx.start : ctx.stop] * ctx.world, None, None


def _all_gather(values: Tensor, world: int) -> Tensor:
    """(...) -> (world, ...), without gradient."""
    parts = [torch.empty_like(values) for _ in range(world)]
    distributed.all_gather(parts, values.contiguous())
    return torch.stack(parts)
