"""Attention of linear layers against torch's, alone and in open_clip's towers."""

import pytest
import torch
from torch import nn

from tests.encoders import tiny_clips
from wfa.encoders.plain_attention import PlainAttention, use_plain_attention, use_torch_attention
from wfa.encoders.text_compute import encode_text


@pytest.mark.parametrize("batch_first", [True, False])
@pytest.mark.parametrize("bias", [True, False])
@pytest.mark.parametrize("mask", [None, "causal", "each"])
def test_it_computes_what_torch_does(batch_first: bool, bias: bool, mask: str | None) -> None:
    torch.manual_seed(0)
    theirs = nn.MultiheadAttention(16, 4, bias=bias, batch_first=batch_first)
    ours = PlainAttention(theirs)
    states = torch.randn(3, 5, 16) if batch_first else torch.randn(5, 3, 16)
    hidden = torch.full((5, 5), float("-inf")).triu(1)
    masks = {None: None, "causal": hidden, "each": hidden + torch.randn(12, 5, 5)}
    wanted, _ = theirs(states, states, states, need_weights=False, attn_mask=masks[mask])
    found, weights = ours(states, states, states, attn_mask=masks[mask])
    torch.testing.assert_close(found, wanted)
    assert weights is None
    again = ours.as_torch()
    found, _ = again(states, states, states, need_weights=False, attn_mask=masks[mask])
    torch.testing.assert_close(found, wanted)


@pytest.mark.parametrize("build", [tiny_clips.clip, tiny_clips.custom_text_clip, tiny_clips.coca])
def test_towers_give_the_same_and_go_back(build: object) -> None:
    model = build()  # type: ignore[operator]
    names = list(model.state_dict())
    images, tokens = torch.randn(2, 3, 16, 16), tiny_clips.rows([3, 12, 7], lowest=1)
    wanted = [model.encode_image(images), model.encode_text(tokens), encode_text(model, tokens)]
    use_plain_attention(model)
    assert list(model.state_dict()) != names
    found = [model.encode_image(images), model.encode_text(tokens), encode_text(model, tokens)]
    torch.testing.assert_close(found, wanted)
    use_torch_attention(model)
    assert sorted(model.state_dict()) == sorted(names)
    found = [model.encode_image(images), model.encode_text(tokens), encode_text(model, tokens)]
    torch.testing.assert_close(found, wanted)
