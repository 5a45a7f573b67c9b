"""AdamW's groups and the learning rate's schedule."""

import math
from itertools import pairwise

import pytest
import torch
from torch import nn

from wfa.training.optimiser import adamw, decayed, warmup_cosine
from wfa.training.train_options import Config


class Model(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.linear = nn.Linear(3, 2)
        self.norm = nn.LayerNorm(2)
        self.logit_scale = nn.Parameter(torch.tensor(1.0))
        self.locked = nn.Linear(2, 2).requires_grad_(False)


def test_gains_biases_and_temperature_are_not_decayed() -> None:
    model = Model()
    heavy, plain = adamw(model, decayed(model), Config(weight_decay=0.3)).param_groups
    assert heavy["weight_decay"] == 0.3
    assert plain["weight_decay"] == 0.0
    assert [id(p) for p in heavy["params"]] == [id(model.linear.weight)]
    wanted = {model.linear.bias, model.norm.weight, model.norm.bias, model.logit_scale}
    assert {id(p) for p in plain["params"]} == {id(p) for p in wanted}


def test_schedule_by_hand() -> None:
    factor = warmup_cosine(100, Config(warmup=0.1, final_lr=0.2))
    assert factor(0) == pytest.approx(0.1)
    assert factor(9) == pytest.approx(1.0)
    assert factor(10) == pytest.approx(1.0)
    assert factor(55) == pytest.approx(0.2 + 0.8 * 0.5)
    assert factor(100) == pytest.approx(0.2)
    assert factor(1000) == pytest.approx(0.2)


def test_schedule_rises_then_falls() -> None:
    factor = warmup_cosine(37, Config(warmup=0.25))
    values = [factor(step) for step in range(38)]
    top = values.index(max(values))
    assert all(a < b for a, b in pairwise(values[: top + 1]))
    assert all(a >= b for a, b in pairwise(values[top:]))
    assert math.isclose(values[-1], 0.0, abs_tol=1e-12)


def test_no_warmup() -> None:
    assert warmup_cosine(10, Config(warmup=0.0))(0) == 1.0
