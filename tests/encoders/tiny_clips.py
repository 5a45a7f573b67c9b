"""Tiny towers of every kind that open_clip builds, and how two ways of computing one compare."""

from pathlib import Path
from typing import Any

import torch
from open_clip.coca_model import CoCa
from open_clip.model import CLIP, CustomTextCLIP
from torch import Tensor

VISION = {"image_size": 16, "patch_size": 8, "width": 32, "layers": 1, "head_width": 16}
TEXT = {"context_length": 12, "vocab_size": 60, "width": 32, "heads": 2, "layers": 3}
END = 59
"""The token that ends a text: the largest, as in CLIP's vocabulary."""


def clip(quick_gelu: bool = False, **options: Any) -> Any:
    """Build a `CLIP`, which holds the modules of its text tower itself."""
    torch.manual_seed(0)
    return CLIP(16, VISION, {**TEXT, **options}, quick_gelu=quick_gelu)


def custom_text_clip(**options: Any) -> Any:
    """Build a `CustomTextCLIP`, which holds its text tower as `.text`."""
    torch.manual_seed(0)
    return CustomTextCLIP(16, VISION, {**TEXT, **options})


def coca() -> Any:
    """Build a `CoCa`, which pools its text at a token behind it."""
    torch.manual_seed(0)
    text = {**TEXT, "embed_cls": True, "output_tokens": True}
    vision = {**VISION, "attentional_pool": True, "attn_pooler_heads": 2, "output_tokens": True}
    decoder = {key: value for key, value in TEXT.items() if key != "layers"} | {"layers": 1}
    return CoCa(16, decoder, text, vision)


def hugging_face(folder: Path, pooler: str = "mean_pooler") -> Any:
    """Build a `CustomTextCLIP` over a BERT, its config read from `folder`."""
    from transformers import BertConfig

    torch.manual_seed(0)
    config = BertConfig(
        vocab_size=60,
        hidden_size=32,
        num_hidden_layers=2,
        num_attention_heads=2,
        intermediate_size=64,
        max_position_embeddings=12,
        hidden_dropout_prob=0.0,
        attention_probs_dropout_prob=0.0,
    )
    config.save_pretrained(folder)
    text = {
        "hf_model_name": str(folder),
        "hf_model_pretrained": False,
        "hf_pooler_type": pooler,
        "hf_proj_type": "linear",
    }
    return CustomTextCLIP(16, VISION, text)


def rows(lengths: list[int], seed: int = 0, lowest: int = 0) -> Tensor:
    """Draw token rows of the given lengths, the end mark included, that share beginnings.

    Returns:
        (U, 12) int64, zero behind each row.
    """
    generator = torch.Generator().manual_seed(seed)
    tokens = torch.zeros(len(lengths), 12, dtype=torch.int64)
    for row, length in enumerate(lengths):
        # Few different tokens, zero among them: beginnings repeat, and padding's number is used.
        tokens[row, : length - 1] = torch.randint(
            lowest, lowest + 3, (length - 1,), generator=generator
        )
        tokens[row, length - 1] = END
    return tokens


def assert_same(model: Any, ours: Tensor, stock: Tensor) -> None:
    """Check that features, and the gradients of all weights, agree to 1e-5 of the largest."""
    torch.testing.assert_close(ours, stock, rtol=0, atol=1e-5 * float(stock.detach().abs().max()))
    found, expected = _gradients(model, ours), _gradients(model, stock)
    assert found.keys() == expected.keys()
    for name, gradient in expected.items():
        tolerance = 1e-5 * max(1.0, float(gradient.abs().max()))
        torch.testing.assert_close(found[name], gradient, rtol=0, atol=tolerance, msg=name)


def _gradients(model: Any, features: Tensor) -> dict[str, Tensor]:
    """Send one fixed gradient back through features and return that of every weight."""
    model.zero_grad()
    generator = torch.Generator().manual_seed(1)
    torch.autograd.backward(features, torch.randn(features.shape, generator=generator))
    return {n: p.grad.clone() for n, p in model.named_parameters() if p.grad is not None}
