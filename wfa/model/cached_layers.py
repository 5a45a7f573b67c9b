"""Decoding with a key/value cache: each layer reads every token, and the image, once.

Without it each new word sends the whole text through all layers again. Shapes: R texts, T tokens,
P cells of an image, W width, H heads.
"""

import torch
from open_clip.transformer import MultimodalTransformer, ResidualAttentionBlock
from torch import Tensor, nn
from torch.nn import functional


class CachedLayers:
    """The layers of a decoder with what they have read so far.

    Args:
        layers: open_clip's; its batch comes first, and it has no projection.
        seen: (R, P, W), what each text's layers look at.
    """

    def __init__(self, layers: MultimodalTransformer, seen: Tensor) -> None:
        self._layers = layers
        self._image = [_image_keys(cross, seen) for cross in layers.cross_attn]
        self._text: list[tuple[Tensor, Tensor]] = []

    def read(self, text: Tensor) -> Tensor:
        """Read further tokens (R, T, W); return the layers' output at the last of them, (R, W)."""
        held, self._text = self._text, []
        last = len(self._layers.resblocks) - 1
        for number, block in enumerate(self._layers.resblocks):
            past = held[number] if held else None
            text = self._block(block, text, past, only_last=number == last)
            text = _cross(self._layers.cross_attn[number], text, *self._image[number])
        out: Tensor = self._layers.ln_final(text[:, -1])
        return out

    def keep(self, rows: Tensor) -> None:
        """Go on with some of the texts, (R,) bool."""
        self._image = [(keys[rows], values[rows]) for keys, values in self._image]
        self._text = [(keys[rows], values[rows]) for keys, values in self._text]

    def _block(
        self,
        block: ResidualAttentionBlock,
        text: Tensor,
        past: tuple[Tensor, Tensor] | None,
        only_last: bool,
    ) -> Tensor:
        """Return what one layer makes of the tokens, or of the last one alone (R, 1, W)."""
        attn = block.attn
        mixed = functional.linear(block.ln_1(text), attn.in_proj_weight, attn.in_proj_bias)
        query, key, value = (_split(part, attn) for part in mixed.chunk(3, -1))
        if past is not None:
            key, value = torch.cat([past[0], key], 2), torch.cat([past[1], value], 2)
        self._text.append((key, value))
        if only_last:
            query, text = query[:, :, -1:], text[:, -1:]
        # The first tokens see those before them; one that comes later, or is the last, sees all.
        causal = past is None and not only_last
        found = functional.scaled_dot_product_attention(query, key, value, is_causal=causal)
        return _through(block, text, found)


def _image_keys(cross: ResidualAttentionBlock, seen: Tensor) -> tuple[Tensor, Tensor]:
    """Return keys and values of the image, (R, H, P, W / H) each."""
    attn = cross.attn
    width = attn.embed_dim
    both = functional.linear(
        cross.ln_1_kv(seen), attn.in_proj_weight[width:], attn.in_proj_bias[width:]
    )
    key, value = (_split(part, attn) for part in both.chunk(2, -1))
    return key, value


def _cross(cross: ResidualAttentionBlock, text: Tensor, key: Tensor, value: Tensor) -> Tensor:
    attn = cross.attn
    width = attn.embed_dim
    query = functional.linear(
        cross.ln_1(text), attn.in_proj_weight[:width], attn.in_proj_bias[:width]
    )
    found = functional.scaled_dot_product_attention(_split(query, attn), key, value)
    return _through(cross, text, found)


def _through(block: ResidualAttentionBlock, text: Tensor, found: Tensor) -> Tensor:
    """Add what attention found, and what the block makes of it."""
    text = text + block.ls_1(block.attn.out_proj(found.transpose(1, 2).flatten(2)))
    out: Tensor = text + block.ls_2(block.mlp(block.ln_2(text)))
    return out


def _split(values: Tensor, attn: nn.MultiheadAttention) -> Tensor:
    """Split the width among the heads: (R, T, W) -> (R, H, T, W / H)."""
    rows, length, _ = values.shape
    return values.view(rows, length, attn.num_heads, -1).transpose(1, 2)
