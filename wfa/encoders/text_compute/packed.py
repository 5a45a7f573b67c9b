"""The forward of a causal text tower over distinct prefixes: no padding, nothing twice."""

from typing import Any

import torch
from torch import Tensor
from torch.nn import functional as nnf
from torch.utils.checkpoint import checkpoint

from wfa.encoders.text_compute.prefixes import Prefixes
from wfa.encoders.text_compute.tower import TextTower


def encode_packed(tower: TextTower, prefixes: Prefixes) -> Tensor:
    """Encode texts by their distinct prefixes; equal to the padded forward.

    Dense layers see one row for each prefix, attention one rectangle for each length. The last
    block is computed for the pooled positions only.

    Args:
        tower: A causal tower of standard blocks.
        prefixes: The prefixes of U texts, each as long as its pooled position, on the device of
            the tower.

    Returns:
        (U, E) features in the order of the texts, not normalised.
    """
    states = tower.embed(prefixes.tokens, prefixes.positions)
    *blocks, last = tower.modules.transformer.resblocks
    for block in blocks:
        if tower.modules.transformer.grad_checkpointing and torch.is_grad_enabled():
            states = checkpoint(_block, block, states, prefixes, use_reentrant=False)
        else:
            states = _block(block, states, prefixes)
    pooled = _last_block(last, states, prefixes)
    projected = tower.project(tower.modules.ln_final(pooled))
    return projected.index_select(0, prefixes.rank)


def _block(block: Any, states: Tensor, prefixes: Prefixes) -> Tensor:
    """Run one block on the states (M, D) of all prefixes."""
    attention = block.attn
    inputs = nnf.linear(block.ln_1(states), attention.in_proj_weight, attention.in_proj_bias)
    laid_out = inputs.index_select(0, prefixes.node_of)
    mixed = []
    for part, (rows, length) in zip(
        _rectangles(laid_out, prefixes), prefixes.rectangles, strict=True
    ):
        query, key, value = _heads(part.view(rows, length, 3, attention.num_heads, -1))
        mixed.append(_flat(nnf.scaled_dot_product_attention(query, key, value, is_causal=True)))
    attended = torch.cat(mixed).index_select(0, prefixes.source_of)
    return _after_attention(block, states, attended)


def _last_block(block: Any, states: Tensor, prefixes: Prefixes) -> Tensor:
    """Run the last block for the U pooled positions only, (M, D) -> (U, D) in layout order."""
    attention = block.attn
    width = states.shape[1]
    weights = attention.in_proj_weight.split((width, 2 * width))
    biases = (None, None)
    if attention.in_proj_bias is not None:
        biases = attention.in_proj_bias.split((width, 2 * width))
    inputs = block.ln_1(states)
    queries = nnf.linear(inputs.index_select(0, prefixes.ends), weights[0], biases[0])
    laid_out = nnf.linear(inputs, weights[1], biases[1]).index_select(0, prefixes.node_of)
    counts = [rows for rows, _ in prefixes.rectangles]
    mixed = []
    for query, part, (rows, length) in zip(
        torch.split(queries, counts),
        _rectangles(laid_out, prefixes),
        prefixes.rectangles,
        strict=True,
    ):
        (asked,) = _heads(query.view(rows, 1, 1, attention.num_heads, -1))
        key, value = _heads(part.view(rows, length, 2, attention.num_heads, -1))
        mixed.append(_flat(nnf.scaled_dot_product_attention(asked, key, value)))
    return _after_attention(block, states.index_select(0, prefixes.ends), torch.cat(mixed))


def _rectangles(laid_out: Tensor, prefixes: Prefixes) -> tuple[Tensor, ...]:
    return torch.split(laid_out, [rows * length for rows, length in prefixes.rectangles])


def _heads(inputs: Tensor) -> tuple[Tensor, ...]:
    """Split (rows, length, parts, heads, width) into parts of (rows, heads, length, width)."""
    return inputs.permute(2, 0, 3, 1, 4).unbind(0)


def _flat(mixed: Tensor) -> Tensor:
    """Join (rows, heads, length, width) to (rows * length, heads * width)."""
    return mixed.transpose(1, 2).flatten(2).flatten(0, 1)


def _after_attention(block: Any, states: Tensor, attended: Tensor) -> Tensor:
    states = states + block.ls_1(block.attn.out_proj(attended))
    return torch.as_tensor(states + block.ls_2(block.mlp(block.ln_2(states))))
