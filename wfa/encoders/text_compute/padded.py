"""Forwards over rectangles of tokens, for towers and devices where packing is not for them."""

import torch
from torch import Tensor
from torch.nn import functional as nnf

from wfa.encoders.text_compute.tower import TextTower


def encode_trimmed(tower: TextTower, tokens: Tensor) -> Tensor:
    """Encode texts cut to the longest of them, with a causal tower of any blocks.

    Args:
        tower: A tower that ignores what stands behind the pooled token.
        tokens: (U, L) int64, L up to the context length.

    Returns:
        (U, E) features, not normalised.
    """
    modules = tower.modules
    tokens = _even_shape(tokens, modules.context_length)
    length = tokens.shape[1]
    states = tower.embed(tokens, torch.arange(length, device=tokens.device))
    states = modules.transformer(states, attn_mask=modules.attn_mask[:length, :length])
    rows = torch.arange(tokens.shape[0], device=tokens.device)  # torch.export fixes a len()
    return tower.project(modules.ln_final(states[rows, tower.pooled_position(tokens)]))


def encode_with_class_token(tower: TextTower, tokens: Tensor) -> Tensor:
    """Encode texts with a tower that pools at a token behind the text (CoCa).

    That token keeps the position and the view it has behind a full context. In open_clip it sees
    one place more than the text, the first padding, so one column of padding is kept.

    Args:
        tower: A causal tower with a class token.
        tokens: (U, L) int64, L up to the context length.

    Returns:
        (U, E) features, not normalised.
    """
    modules = tower.modules
    if tokens.shape[1] < modules.context_length:
        tokens = nnf.pad(tokens, (0, 1), value=modules.pad_id)
    count, length = tokens.shape
    states = tower.embed(tokens, torch.arange(length, device=tokens.device))
    token = (modules.cls_emb + modules.positional_embedding[-1]).to(states.dtype)
    states = torch.cat([states, token.expand(count, 1, -1)], dim=1)

    always = tokens.new_ones(count, 1, dtype=torch.bool)
    filled = tokens != modules.pad_id
    # The published CoCa weights were trained with this mask shifted by one; so they are read.
    order = (filled, always) if modules.correct_cls_mask else (always, filled)
    hidden = torch.zeros(count, 1, length + 1, dtype=states.dtype, device=states.device)
    hidden = hidden.masked_fill(~torch.cat(order, dim=1)[:, None], float("-inf"))
    mask = modules.attn_mask[: length + 1, : length + 1] + hidden
    mask = mask.repeat_interleave(modules.heads, dim=0)
    states = modules.transformer(states, attn_mask=mask)
    return tower.project(modules.ln_final(states[:, -1]))


def _even_shape(tokens: Tensor, context_length: int) -> Tensor:
    """On a GPU, pad to a multiple of 8: few shapes to compile, and aligned ones."""
    if not tokens.is_cuda:
        return tokens
    length = min(context_length, -(-tokens.shape[1] // 8) * 8)
    return nnf.pad(tokens, (0, length - tokens.shape[1]))
