"""Tiny towers of every kind that open_clip builds, and what compares two ways of computing one."""

from collections.abc import Callable

import pytest
import torch
from open_clip.coca_model import CoCa
from open_clip.model import CLIP, CustomTextCLIP
from torch import Tensor, nn

VISION = {"image_size": 16, "patch_size": 8, "width": 32, "layers": 1, "head_width": 16}
TEXT = {"context_length": 12, "vocab_size": 60, "width": 32, "heads": 2, "layers": 3}
DECODER = {"context_length": 12, "vocab_size": 60, "width": 32, "heads": 2, "layers": 1}

Build = Callable[..., nn.Module]


@pytest.fixture
def clip() -> Build:
    """Build a tiny `CLIP` whose text tower has the given options."""

    def build(quick_gelu: bool = False, **options: object) -> nn.Module:
        torch.manual_seed(0)
        text = {**TEXT, **options}
        model: nn.Module = CLIP(16, VISION, text, quick_gelu=quick_gelu)
        return model

    return build


@pytest.fixture
def custom_text_clip() -> Build:
    """Build a tiny `CustomTextCLIP` whose text tower has the given options."""

    def build(**options: object) -> nn.Module:
        torch.manual_seed(0)
        model: nn.Module = CustomTextCLIP(16, VISION, {**TEXT, **options})
        return model

    return build


@pytest.fixture
def coca() -> Build:
    """Build a tiny `CoCa`, whose text is pooled at a token behind it."""

    def build(**options: object) -> nn.Module:
        torch.manual_seed(0)
        text = {**TEXT, "embed_cls": True, "output_tokens": True, **options}
        vision = {**VISION, "attentional_pool": True, "attn_pooler_heads": 2, "output_tokens": True}
        model: nn.Module = CoCa(16, DECODER, text, vision)
        return model

    return build


def gradients(model: nn.Module, features: Tensor) -> dict[str, Tensor]:
    """Send one fixed gradient back through features and return that of every weight."""
    model.zero_grad()
    generator = torch.Generator().manual_seed(1)
    features.backward(torch.randn(features.shape, generator=generator))
    return {n: p.grad.clone() for n, p in model.named_parameters() if p.grad is not None}


def assert_same(model: nn.Module, ours: Tensor, stock: Tensor) -> None:
    """Check that features and the gradients of all weights agree to 1e-5 of the largest."""
    torch.testing.assert_close(ours, stock, rtol=0, atol=1e-5 * float(stock.abs().max()))
    found, expected = gradients(model, ours), gradients(model, stock)
    assert found.keys() == expected.keys()
    for name, gradient in expected.items():
        tolerance = 1e-5 * max(1.0, float(gradient.abs().max()))
        torch.testing.assert_close(found[name], gradient, rtol=0, atol=tolerance, msg=name)
