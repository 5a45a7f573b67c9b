"""Every kind of text tower gives the features and gradients of stock open_clip."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import open_clip
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from open_clip.model import CLIP
from torch import Tensor

from tests.encoders.tiny_clips import (
    END,
    assert_same,
    clip,
    coca,
    custom_text_clip,
    hugging_face,
    rows,
)
from wfa.encoders.text_compute import encode_text, tokens_computed, trims

LENGTHS = [3, 9, 5, 5, 12, 2, 9, 7]


def trimmed(tokens: Tensor) -> Tensor:
    """Cut rows to the longest."""
    return tokens[:, : int(tokens.ne(0).sum(0).nonzero().max()) + 1]


@pytest.mark.parametrize(
    ("build", "options"),
    [
        (clip, {}),
        (clip, {"quick_gelu": True}),
        (clip, {"proj_type": "none", "mlp_ratio": 2.0}),
        (clip, {"proj_bias": True, "ls_init_value": 0.1}),
        (clip, {"pool_type": "eos", "eos_id": END}),
        (clip, {"pool_type": "first"}),
        (clip, {"layers": 1}),
        (custom_text_clip, {}),
        (custom_text_clip, {"pool_type": "eos", "eos_id": END}),
        (custom_text_clip, {"qk_norm": True, "scale_attn": True}),
    ],
)
def test_causal_towers_equal_stock(build: Callable[..., Any], options: dict[str, Any]) -> None:
    model = build(**options)
    full = rows(LENGTHS)
    assert trims(model)
    assert_same(model, encode_text(model, full), model.encode_text(full))
    short = rows([3, 4, 4, 2])
    assert_same(model, encode_text(model, trimmed(short)), model.encode_text(short))


@settings(max_examples=25, deadline=None)
@given(st.lists(st.integers(2, 12), min_size=1, max_size=12), st.integers(0, 1000))
def test_any_lengths_equal_stock(lengths: list[int], seed: int) -> None:
    model = clip(layers=2)
    full = rows(lengths, seed)
    with torch.no_grad():
        ours, stock = encode_text(model, trimmed(full)), model.encode_text(full)
    torch.testing.assert_close(ours, stock, rtol=0, atol=1e-5 * float(stock.abs().max()))


def test_tokens_computed_are_the_distinct_prefixes() -> None:
    full = rows(LENGTHS)
    full[5] = full[1]
    full[2, :2] = full[1, :2]
    texts = [row[:length].tolist() for row, length in zip(full, full.argmax(1) + 1, strict=True)]
    prefixes = {tuple(text[:end]) for text in texts for end in range(1, len(text) + 1)}
    assert tokens_computed(clip(), full) == len(prefixes) < sum(map(len, texts))
    assert tokens_computed(coca(), full) == full.numel()


def test_class_token_behind_the_text_equals_stock() -> None:
    model = coca()
    assert trims(model)
    for lengths in (LENGTHS, [3, 4, 4, 2], [11, 3]):
        full = rows(lengths)
        ours = encode_text(model, trimmed(full))
        assert_same(model, ours, model.encode_text(full, normalize=False))


@pytest.mark.parametrize(
    "options",
    [
        {"no_causal_mask": True},
        {"no_causal_mask": True, "pool_type": "last"},
        {"pool_type": "last"},
        {"no_causal_mask": True, "pool_type": "first"},
    ],
)
def test_towers_that_see_their_padding_keep_it(options: dict[str, Any]) -> None:
    model = custom_text_clip(**options)
    full = rows([3, 4, 4, 2])
    assert not trims(model)
    assert_same(model, encode_text(model, full), model.encode_text(full))
    with pytest.raises(ValueError, match="12 tokens, not 4"):
        encode_text(model, trimmed(full))


@pytest.mark.parametrize("pooler", ["mean_pooler", "cls_pooler"])
def test_hugging_face_towers_equal_stock(tmp_path: Path, pooler: str) -> None:
    model = hugging_face(tmp_path, pooler).eval()
    full = rows([3, 6, 4, 2], lowest=1)
    assert trims(model)
    assert_same(model, encode_text(model, trimmed(full)), model.encode_text(full))


def test_gradient_checkpointing_changes_no_gradient() -> None:
    model = clip()
    full = rows(LENGTHS)
    stock = model.encode_text(full)
    model.set_grad_checkpointing(True)
    assert_same(model, encode_text(model, full), stock)


def test_bfloat16_runs_under_autocast() -> None:
    model = clip()
    with torch.autocast("cpu", torch.bfloat16):
        features = encode_text(model, rows(LENGTHS))
    assert features.isfinite().all()
    exact = model.encode_text(rows(LENGTHS))
    torch.testing.assert_close(features.float(), exact, rtol=0.1, atol=0.1)


@pytest.mark.slow
def test_vit_b_32_equals_stock() -> None:
    torch.manual_seed(0)
    config = open_clip.get_model_config("ViT-B-32")
    vision = {**config["vision_cfg"], "layers": 1, "width": 64}
    model = CLIP(config["embed_dim"], vision, config["text_cfg"])
    full = open_clip.tokenize(["a harbor", "a harbor with many boats in it !", "many green trees"])
    assert_same(model, encode_text(model, full[:, :12]), model.encode_text(full))


def test_gradients_do_not_depend_on_the_order_of_threads() -> None:
    """Bit for bit: a run is to repeat itself."""
    model, full = clip(), rows([12] * 400)

    def gradient() -> Tensor:
        model.zero_grad()
        torch.autograd.backward(encode_text(model, full).square().sum())
        grad: Tensor = model.positional_embedding.grad
        return grad.clone()

    threads = torch.get_num_threads()
    torch.set_num_threads(2)
    try:
        first = gradient()
        assert all(torch.equal(first, gradient()) for _ in range(10))
    finally:
        torch.set_num_threads(threads)
