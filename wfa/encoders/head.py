"""Trained heads on locked towers, with dropout that follows the row and not the process."""

from torch import Tensor, nn

from wfa.errors import ConfigError
from wfa.keyed_random import keyed_uniform, row_keys

HEADS = ("linear", "mlp")


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
        drawn = keyed_uniform(row_keys(rows), units.shape[1], self.step_seed)
        return units * (drawn >= self._dropout).to(units.dtype).div_(1.0 - self._dropout)
