from typing import Any

import torch
from torch import nn

from tests.encoders.tiny_clips import clip
from wfa.encoders.locking import lock_image, lock_text
from wfa.options.run_config import resolve
from wfa.training.trainable_parts import count_trainable, describe_trainable, warn_of_rate


class Around(nn.Module):
    """A model as training has it: an encoder over a stock CLIP, an aggregation, a temperature."""

    def __init__(self, aggregation: nn.Module | None = None) -> None:
        super().__init__()
        stock = clip()
        stock.logit_scale.requires_grad_(False)
        self.encoder = nn.ModuleDict({"model": stock})
        self.aggregation = aggregation
        self.logit_scale = nn.Parameter(torch.zeros(()))


def stock_of(model: Around) -> Any:
    return model.encoder["model"]


def test_each_part_is_counted() -> None:
    model = Around(nn.Linear(3, 2))
    counts = count_trainable(model)
    visual = sum(p.numel() for p in stock_of(model).visual.parameters())
    whole = sum(p.numel() for p in stock_of(model).parameters()) - 1
    assert counts == {
        "image tower": (visual, visual),
        "text tower": (whole - visual, whole - visual),
        "aggregation": (8, 8),
        "temperature": (1, 1),
    }
    lock_image(stock_of(model), 0)
    assert count_trainable(model)["image tower"] == (0, visual)
    (line,) = describe_trainable(count_trainable(model))
    assert f"image tower 0 of {visual:,}" in line
    assert "temperature 1" in line


def test_a_temperature_alone_is_warned_of() -> None:
    model = Around()
    lock_image(stock_of(model), 0)
    lock_text(stock_of(model), 0)
    _, warning = describe_trainable(count_trainable(model))
    assert "nothing but the temperature is trained" in warning
    learned = Around(nn.Linear(3, 2))
    lock_image(stock_of(learned), 0)
    lock_text(stock_of(learned), 0)
    assert len(list(describe_trainable(count_trainable(learned)))) == 1


def test_pretrained_weights_at_a_rate_from_scratch_are_warned_of() -> None:
    (warning,) = warn_of_rate("laion2b", 0.0015)
    for told in ("train.lr=0.0015", "encoder.pretrained=laion2b", "run=clip_finetune"):
        assert told in warning
    assert list(warn_of_rate("laion2b", 1e-5)) == []
    assert list(warn_of_rate("", 0.0015)) == []


def test_the_recipe_that_is_named_is_one_that_no_warning_meets() -> None:
    train = resolve(["run=clip_finetune"]).train
    assert list(warn_of_rate("laion2b", train.lr)) == []
    assert train.warmup > 0
