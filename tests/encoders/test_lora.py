"""Adapters: what is trained, what a feature depends on, merging, and what does not exist."""

import sys
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from tests.encoders import tiny_clips
from wfa.encoders.lora import (
    LoraOptions,
    add_adapters,
    check_adapters_used,
    without_adapters,
)
from wfa.encoders.text_compute import encode_text
from wfa.errors import ConfigError

TOKENS = tiny_clips.rows([3, 12, 7, 3], lowest=1)
IMAGES = torch.randn(2, 3, 16, 16, generator=torch.Generator().manual_seed(0))


def adapted(*targets: str, image: bool = True, text: bool = True, seed: int = 0) -> Any:
    """Build a model whose adapters change something."""
    model = tiny_clips.clip()
    model.requires_grad_(False)
    add_adapters(model, LoraOptions(rank=2, targets=targets), image, text)
    random = torch.Generator().manual_seed(seed)
    for name, parameter in model.named_parameters():
        if "lora_B" in name:
            parameter.data = 0.1 * torch.randn(parameter.shape, generator=random)
    return model


def features(model: Any) -> list[Tensor]:
    return [model.encode_image(IMAGES), encode_text(model, TOKENS)]


def test_adapters_begin_as_nothing_and_are_all_that_is_trained() -> None:
    model = tiny_clips.clip()
    model.requires_grad_(False)
    wanted = features(model)
    add_adapters(model, LoraOptions(rank=2), image=True, text=True)
    torch.testing.assert_close(features(model), wanted)
    trained = [name for name, p in model.named_parameters() if p.requires_grad]
    assert trained
    assert all("lora_" in name for name in trained)
    check_adapters_used(model, features(model))


def test_the_packed_text_forward_sees_adapters_as_the_stock_one_does() -> None:
    model = adapted()
    stock = model.encode_text(TOKENS)
    tiny_clips.assert_same(model, encode_text(model, TOKENS), stock)
    assert not torch.allclose(stock, tiny_clips.clip().encode_text(TOKENS), atol=1e-2)


@pytest.mark.parametrize("targets", [(), ("in_proj",), ("out_proj", "c_fc"), ("conv1",)])
def test_the_sum_is_that_of_the_formula(targets: tuple[str, ...]) -> None:
    """W + alpha / rank B A by hand on the stock model's weights."""
    model, plain = adapted(*targets), tiny_clips.clip()
    state = plain.state_dict()
    for name, parameter in model.named_parameters():
        if ".lora_B." not in name:
            continue
        layer = name.partition(".lora_B.")[0]
        low = model.get_parameter(name.replace("lora_B", "lora_A")).detach()
        delta = 16.0 / 2 * (parameter.detach().flatten(1) @ low.flatten(1))
        key = f"{layer}.weight".replace("in_proj.weight", "in_proj_weight")
        state[key] = state[key] + delta.view(state[key].shape)
    plain.load_state_dict(state)
    torch.testing.assert_close(features(model), features(plain))
    merged = without_adapters(model)
    assert list(merged.state_dict()) == list(plain.state_dict())
    torch.testing.assert_close(dict(merged.state_dict()), dict(plain.state_dict()))
    torch.testing.assert_close(features(merged), features(plain))
    torch.testing.assert_close(features(model), features(plain))  # a copy was merged


def test_a_model_without_adapters_is_given_back() -> None:
    model = tiny_clips.clip()
    assert without_adapters(model) is model


@pytest.mark.parametrize(("image", "text"), [(True, False), (False, True)])
def test_one_tower_alone(image: bool, text: bool) -> None:
    model = adapted(image=image, text=text)
    sides = {name.startswith("visual.") for name, _ in model.named_parameters() if "lora_" in name}
    assert sides == {image}
    own, other = features(model), features(tiny_clips.clip())
    assert torch.allclose(own[0], other[0], atol=1e-5) == (not image)
    assert torch.allclose(own[1], other[1], atol=1e-5) == (not text)


def test_what_was_trained_beside_the_towers_stays_so() -> None:
    model = tiny_clips.clip()
    model.requires_grad_(False)
    model.visual.conv1.requires_grad_(True)
    add_adapters(model, LoraOptions(rank=2, targets=("c_fc",)), image=True, text=True)
    trained = {name for name, p in model.named_parameters() if p.requires_grad}
    assert "visual.conv1.weight" in trained
    assert all("lora_" in name for name in trained - {"visual.conv1.weight"})


def test_a_hugging_face_tower(tmp_path: Path) -> None:
    model = tiny_clips.hugging_face(tmp_path)
    model.requires_grad_(False)
    add_adapters(model, LoraOptions(rank=2, targets=("query", "value")), image=False, text=True)
    check_adapters_used(model, [model.encode_text(TOKENS)])
    with pytest.raises(ConfigError, match=r"'c_fc'.*known: .*dense.*query"):
        add_adapters(tiny_clips.hugging_face(tmp_path), LoraOptions(rank=2, targets=("c_fc",)),
                     image=False, text=True)  # fmt: skip


def test_a_target_that_does_not_exist_is_named_with_what_does() -> None:
    with pytest.raises(ConfigError, match=r"encoder\.lora\.targets: .*'q_proj'") as told:
        adapted("in_proj", "q_proj")
    assert all(name in str(told.value) for name in ("in_proj", "out_proj", "c_fc", "c_proj"))
    with pytest.raises(ConfigError, match="no linear layer"):
        adapted(image=False, text=False)


def test_an_adapter_that_nothing_depends_on_is_named() -> None:
    class Reads(nn.Module):
        """Reads the weight of its second layer."""

        def __init__(self) -> None:
            super().__init__()
            self.called, self.read = nn.Linear(3, 3), nn.Linear(3, 3)

        def forward(self, rows: Tensor) -> Tensor:
            return self.called(rows) @ self.read.weight  # type: ignore[no-any-return]

    model = nn.Module()
    model.visual = Reads()
    add_adapters(model, LoraOptions(rank=1), image=True, text=False)
    with pytest.raises(ConfigError, match=r"visual\.read itself"):
        check_adapters_used(model, [model.visual(torch.ones(1, 3))])


def test_without_peft_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "peft", None)
    with pytest.raises(ConfigError, match=r"encoder\.lora\.rank=2 needs .*peft: pip install"):
        adapted()


@pytest.mark.parametrize(("key", "value"), [("rank", -1), ("alpha", 0.0), ("alpha", float("nan"))])
def test_numbers_out_of_their_limits_are_refused(key: str, value: float) -> None:
    with pytest.raises(ConfigError, match=rf"encoder\.lora\.{key}"):
        LoraOptions(**{key: value})  # type: ignore[arg-type]
