"""Draws depend on the row and the seed, and on nothing else."""

import numpy as np
import pytest
import torch

from wfa.keyed_random import image_rng, keyed_uniform, row_keys


def rows(count: int = 64, width: int = 20) -> torch.Tensor:
    return torch.randn(count, width, generator=torch.Generator().manual_seed(0))


def kept_units(features: torch.Tensor, units: int, dropout: float, seed: int) -> torch.Tensor:
    return keyed_uniform(row_keys(features), units, seed) >= dropout


def test_a_row_draws_the_same_in_any_batch() -> None:
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


def test_images_draw_evenly_and_apart() -> None:
    """First numbers of 4,000 images, and of the same image in other epochs, seeds and copies."""
    names = [
        *((3, 0, row, 0) for row in range(4000)),
        *(
            (seed, epoch, 11, copy)
            for seed in range(1, 4)
            for epoch in range(1, 9)
            for copy in (1, 2)
        ),
    ]
    drawn = np.array([image_rng(*name).random(5) for name in names])
    assert len(np.unique(drawn)) == drawn.size
    # Ten bins of 4,000 draws: no bin further off than four standard deviations.
    for column in drawn[:4000].T:
        counts, _ = np.histogram(column, bins=10, range=(0, 1))
        assert np.abs(counts - 400).max() < 4 * (4000 * 0.1 * 0.9) ** 0.5
    neighbours = np.corrcoef(drawn[:3999, 0], drawn[1:4000, 0])[0, 1]
    assert abs(neighbours) < 4 / 4000**0.5
    np.testing.assert_array_equal(image_rng(3, 0, 7, 0).random(5), drawn[7])
