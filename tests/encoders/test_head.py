"""Heads on locked towers: what they drop depends on the row and the step, and nothing else."""

import pytest
import torch

from wfa.encoders._head import HEADS, Head, kept_units
from wfa.errors import ConfigError


def rows(count: int = 64, width: int = 20) -> torch.Tensor:
    return torch.randn(count, width, generator=torch.Generator().manual_seed(0))


def test_a_row_drops_the_same_units_in_any_batch() -> None:
    features = rows()
    whole = kept_units(features, 300, 0.5, seed=3)
    order = torch.randperm(len(features), generator=torch.Generator().manual_seed(1))
    assert torch.equal(kept_units(features[order], 300, 0.5, seed=3), whole[order])
    assert torch.equal(kept_units(features[:7], 300, 0.5, seed=3), whole[:7])


@pytest.mark.parametrize("dropout", [0.1, 0.5, 0.9])
def test_units_are_dropped_at_the_rate_and_independently(dropout: float) -> None:
    kept = kept_units(rows(400, 33), 500, dropout, seed=9).float()
    # 200,000 draws: four standard errors.
    assert kept.mean().item() == pytest.approx(
        1 - dropout, abs=4 * (dropout * (1 - dropout) / kept.numel()) ** 0.5
    )
    for axis in (0, 1):  # no unit and no row is favoured beyond chance
        spread = kept.mean(axis).std().item()
        wanted = (dropout * (1 - dropout) / kept.shape[axis]) ** 0.5
        assert spread == pytest.approx(wanted, rel=0.25)
    centred = kept - kept.mean(0)
    pairs = (centred.T @ centred) / (len(kept) * dropout * (1 - dropout))
    off_diagonal = pairs[~torch.eye(len(pairs), dtype=torch.bool)]
    assert off_diagonal.std().item() == pytest.approx(len(kept) ** -0.5, rel=0.1)


def test_steps_rows_and_heads_differ() -> None:
    features = rows(2)
    one = kept_units(features, 400, 0.5, seed=1)
    assert not torch.equal(one[0], one[1])
    agreement = (one == kept_units(features, 400, 0.5, seed=2)).float().mean().item()
    assert 0.4 < agreement < 0.6


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
