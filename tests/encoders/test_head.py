"""Heads on locked towers: what they drop depends on the row and the step, and nothing else."""

import pytest
import torch

from wfa.encoders.head import HEADS, Head
from wfa.errors import ConfigError


def rows(count: int) -> torch.Tensor:
    return torch.randn(count, 20, generator=torch.Generator().manual_seed(0))


@pytest.mark.slow
@pytest.mark.parametrize("kind", HEADS)
def test_dropout_keeps_the_mean_and_is_off_in_evaluation(kind: str) -> None:
    head = Head(20, 5, kind, hidden=64, dropout=0.5)
    features = rows(3)
    plain = head.eval()(features)
    head.train()
    outputs = []
    for step in range(3000):
        head.step_seed = step
        outputs.append(head(features).detach())
    mean = torch.stack(outputs).mean(0)
    error = torch.stack(outputs).std(0) / 3000**0.5
    assert ((mean - plain.detach()).abs() < 5 * error).all()
    head.step_seed = 17
    assert torch.equal(head(features), head(features))


def test_without_a_seed_torch_draws() -> None:
    head = Head(20, 5, "mlp", hidden=64, dropout=0.5).train()
    features = rows(3)
    assert not torch.equal(head(features), head(features))


@pytest.mark.parametrize(("kind", "dropout"), [("deep", 0.5), ("mlp", 1.0), ("mlp", -0.1)])
def test_a_wrong_option_is_named(kind: str, dropout: float) -> None:
    with pytest.raises(ConfigError, match=r"encoder\.(head|dropout)="):
        Head(20, 5, kind, hidden=64, dropout=dropout)
