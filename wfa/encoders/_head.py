"""Trained heads on locked towers, with dropout that follows the row and not the process."""

import torch
from torch import Tensor, nn

from wfa.errors import ConfigError

HEADS = ("linear", "mlp")
_MIX = (0x7FEB352D, 0x846CA68B - (1 << 32), 0x9E3779B9 - (1 << 32))
"""Odd multipliers as int32: two of `lowbias32` (Wellons, "Prospecting for hash functions", 2018),
and the golden ratio's."""


class Head(nn.Module):
    """Maps features of a locked tower to the shared space: (B, inputs) -> (B, width).

    Which units a training step drops is a function of the step's seed and of the row's own
    values: the same on one process as on many, and the same after an interruption.

    Args:
        inputs: Width of the tower's features.
        width: Width of the output.
        kind: `linear`, or `mlp` with one hidden layer.
        hidden: Width of the hidden layer.
        dropout: Share of the inputs (`linear`) or hidden units (`mlp`) dropped, in [0, 1).

    Attributes:
        step_seed: Chooses the dropped units; to be set before each training step. None leaves the
            choice to torch's generator.

    Raises:
        ConfigError: There is no such kind, or `dropout` is no share.
    """

    def __init__(self, inputs: int, width: int, kind: str, hidden: int, dropout: float) -> None:
        super().__init__()
        if kind not in HEADS:
            raise ConfigError(f"encoder.head={kind!r} is not known. Known: {', '.join(HEADS)}")
        if not 0.0 <= dropout < 1.0:
            raise ConfigError(f"encoder.dropout={dropout} is a share, in [0, 1)")
        self.norm = nn.LayerNorm(inputs)
        self.hidden = nn.Linear(inputs, hidden) if kind == "mlp" else None
        self.out = nn.Linear(hidden if kind == "mlp" else inputs, width)
        self.step_seed: int | None = None
        self._dropout = dropout

    def forward(self, features: Tensor) -> Tensor:
        """Map float features (B, inputs) to (B, width)."""
        units: Tensor = self.norm(features)
        if self.hidden is not None:
            units = nn.functional.gelu(self.hidden(units))
        mapped: Tensor = self.out(self._dropped(units, features))
        return mapped

    def _dropped(self, units: Tensor, rows: Tensor) -> Tensor:
        if not self.training or self._dropout == 0.0:
            return units
        if self.step_seed is None:
            return nn.functional.dropout(units, self._dropout)
        kept = kept_units(rows, units.shape[1], self._dropout, self.step_seed)
        return units * kept.to(units.dtype).div_(1.0 - self._dropout)


@torch.no_grad()
def kept_units(rows: Tensor, units: int, dropout: float, seed: int) -> Tensor:
    """Choose the units that each row keeps, from the row's values and a seed alone.

    Integer arithmetic throughout, so the choice does not depend on the batch around a row, on the
    order of a sum or on the device.

    Args:
        rows: (B, D) float; equal rows are given equal choices.
        units: U.
        dropout: Chance of a unit to be dropped.
        seed: Any integer.

    Returns:
        (B, U) bool, True where kept.
    """
    bits = rows.float().contiguous().view(torch.int32)
    places = torch.arange(1, 1 + max(bits.shape[1], units), dtype=torch.int32, device=rows.device)
    places = _mixed(places * _MIX[2])
    # An odd factor for each place: a sum of products that wraps is exact in any order.
    keys = (bits * (places[: bits.shape[1]] | 1)).sum(dim=1, dtype=torch.int32)
    start = torch.tensor((seed * 2_654_435_761 + 1) % 2**31, dtype=torch.int32, device=rows.device)
    drawn = _mixed(_mixed(keys ^ start)[:, None] ^ places[None, :units])
    return (drawn & 0xFFFFFF) >= round(dropout * 2**24)


def _mixed(values: Tensor) -> Tensor:
    """Scramble int32 so that every input bit moves every output bit (`lowbias32`)."""
    values = (values ^ ((values >> 16) & 0xFFFF)) * _MIX[0]
    values = (values ^ ((values >> 15) & 0x1FFFF)) * _MIX[1]
    return values ^ ((values >> 16) & 0xFFFF)
