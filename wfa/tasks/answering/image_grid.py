"""The grid of cells that heads look at: where cells lie, where gates are open, boxes on it.

Shapes: S statements or targets, H heads, G x G cells; y runs downwards, all in shares of the image.
"""

import torch
from torch import Tensor
from torch.nn import functional

MEASURES = 6
"""Values that `measures` gives of one gate."""

RELATION = 8
"""Values that `relation` gives of two maps."""

WAY = 4
"""Values that `way_to` gives of one cell."""


def cell_centres(grid: int) -> Tensor:
    """Return (2, G, G): x and y of each cell's centre in shares of the image."""
    centres = (torch.arange(grid) + 0.5) / grid
    y, x = torch.meshgrid(centres, centres, indexing="ij")
    return torch.stack([x, y])


def measures(gates: Tensor) -> Tensor:
    """Measure where gates (S, H, G, G) in 0 to 1 are open.

    Returns:
        (S, 6 H): the share that is open, its centre (x, y), its spread (x, y), and how far it lies
        beside what the next head means.
    """
    share = gates.mean((2, 3))
    centres = cell_centres(gates.shape[-1]).to(gates)
    part = gates / gates.sum((2, 3), keepdim=True).clamp(min=1e-6)
    centre = torch.einsum("shyx,pyx->psh", part, centres)
    spread = torch.einsum("shyx,pyx->psh", part, centres**2) - centre**2
    wide = functional.max_pool2d(gates.roll(1, 1), 3, 1, 1)
    beside = (gates * wide).amax((2, 3))
    return torch.cat([share, *centre, *spread.clamp(min=0).add(1e-6).sqrt(), beside], 1)


def relation(first: Tensor, second: Tensor, way: Tensor) -> Tensor:
    """Measure where two maps (S, G, G) in 0 to 1 lie, and how they lie to each other.

    Args:
        first: Of one class.
        second: Of another.
        way: (S, 2), where the first is said to lie, seen from the second; zeros for nowhere.

    Returns:
        (S, 8): how far the first lies in that way, in lengths of their distance, from -1 to 1;
        their distance; the share of each; the most of each in a cell; how far they lie beside each
        other; how long the first's outline is, in sides of the image.
    """
    centres = cell_centres(first.shape[-1]).to(first)
    middles = [
        torch.einsum("syx,pyx->sp", own / own.sum((1, 2), keepdim=True).clamp(min=1e-6), centres)
        for own in (first, second)
    ]
    apart = middles[0] - middles[1]
    far = apart.square().sum(1).add(1e-4).sqrt()
    wide = functional.max_pool2d(second[:, None], 3, 1, 1)[:, 0]
    edges = [first.diff(dim=axis).abs().sum((1, 2)) / first.shape[-1] for axis in (1, 2)]
    return torch.stack([
        (apart * way).sum(1) / far, far,
        first.mean((1, 2)), second.mean((1, 2)), first.amax((1, 2)), second.amax((1, 2)),
        (first * wide).amax((1, 2)), edges[0] + edges[1],
    ], 1)  # fmt: skip


def way_to(point: Tensor, centres: Tensor) -> Tensor:
    """Return (S, 4, G, G): each cell's way to the point, how near it is, whether there is one."""
    there = point[:, 2, None, None, None]
    way = (centres - point[:, :2, None, None]) * there
    near = torch.exp(-way.square().sum(1, keepdim=True) * 50) * there
    return torch.cat([way, near, there.expand_as(near)], 1)


def ordered(corners: Tensor) -> Tensor:
    """Turn any two corners (S, 4) in 0 to 1 into boxes with an area."""
    first, second = corners[:, :2], corners[:, 2:]
    low, high = torch.minimum(first, second), torch.maximum(first, second)
    low = low.clamp(0, 0.98)
    return torch.cat([low, torch.maximum(high.clamp(0.02, 1), low + 0.01)], 1)


def cover(boxes: Tensor, grid: int) -> Tensor:
    """Return (T, G, G): the share of each cell that lies in the box (T, 4)."""
    edges = torch.arange(grid, device=boxes.device) / grid
    low, high = boxes[:, :2, None], boxes[:, 2:, None]
    shared = torch.minimum(high, edges + 1 / grid) - torch.maximum(low, edges)
    x, y = (shared.clamp(min=0) * grid).unbind(1)  # (T, G) each
    return y[:, :, None] * x[:, None, :]


def generalised_iou(first: Tensor, second: Tensor) -> Tensor:
    """Return (T,) IoU less the share of the enclosing box that neither covers, -1 to 1.

    Rezatofighi et al. 2019 (arXiv:1902.09630); boxes (T, 4) as x1, y1, x2, y2, with an area.
    """
    low = torch.maximum(first[:, :2], second[:, :2])
    high = torch.minimum(first[:, 2:], second[:, 2:])
    shared = (high - low).clamp(min=0).prod(1)
    both = _area(first) + _area(second) - shared
    outer = torch.cat(
        [torch.minimum(first[:, :2], second[:, :2]), torch.maximum(first[:, 2:], second[:, 2:])], 1
    )
    return shared / both - (1 - both / _area(outer))


def _area(boxes: Tensor) -> Tensor:
    return (boxes[:, 2:] - boxes[:, :2]).prod(1)
