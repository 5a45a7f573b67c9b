"""Self-attention of linear layers, in place of torch's, whose weights no adapter reaches."""

from typing import Any

from open_clip.transformer import ResidualAttentionBlock
from torch import Tensor, nn
from torch.nn import functional


class PlainAttention(nn.Module):
    """What `nn.MultiheadAttention` computes, with a layer each for its two projections.

    Torch's own reads the weights of its projections instead of calling them, so that nothing can
    be put around them.

    Args:
        attention: Torch's, of one width for queries, keys and values and without dropout; its
            weights are taken over.

    Attributes:
        in_proj: To queries, keys and values, (..., D) -> (..., 3 D).
        out_proj: (..., D) -> (..., D).
        num_heads: Heads.
    """

    def __init__(self, attention: nn.MultiheadAttention) -> None:
        super().__init__()
        width = attention.embed_dim
        bias = attention.in_proj_bias is not None
        self.in_proj: Any = nn.Linear(width, 3 * width, bias)
        self.out_proj: Any = nn.Linear(width, width, bias)
        self.in_proj.weight, self.in_proj.bias = attention.in_proj_weight, attention.in_proj_bias
        _take_over(attention.out_proj, self.out_proj)
        self.num_heads = attention.num_heads
        self._batch_first = attention.batch_first

    @property
    def in_proj_weight(self) -> Tensor:
        """The weight of `in_proj` as it counts, (3 D, D): with what an adapter adds to it."""
        if isinstance(self.in_proj, nn.Linear):
            return self.in_proj.weight
        (adapter,) = self.in_proj.active_adapters
        weight: Tensor = self.in_proj.weight + self.in_proj.get_delta_weight(adapter)
        return weight

    @property
    def in_proj_bias(self) -> Tensor | None:
        """The bias of `in_proj`, (3 D,)."""
        bias: Tensor | None = self.in_proj.bias
        return bias

    def forward(
        self,
        query: Tensor,
        key: Tensor,
        value: Tensor,
        need_weights: bool = False,
        attn_mask: Tensor | None = None,
    ) -> tuple[Tensor, None]:
        """Attend from each place to all; the arguments are those of torch's module.

        Args:
            query: (B, L, D), or (L, B, D) where torch's module was made so.
            key: The same as `query`.
            value: The same as `query`.
            need_weights: They are never given.
            attn_mask: (L, L) or (B * heads, L, L), added to the scores.

        Returns:
            What torch's gives without weights.
        """
        states = query if self._batch_first else query.transpose(0, 1)
        batch, length, _ = states.shape
        parts = self.in_proj(states).view(batch, length, 3, self.num_heads, -1)
        queries, keys, values = parts.permute(2, 0, 3, 1, 4)
        if attn_mask is not None and attn_mask.dim() == 3:
            attn_mask = attn_mask.view(batch, self.num_heads, length, length)
        mixed = functional.scaled_dot_product_attention(queries, keys, values, attn_mask)
        attended: Tensor = self.out_proj(mixed.transpose(1, 2).flatten(2))
        return (attended if self._batch_first else attended.transpose(0, 1)), None

    def as_torch(self) -> nn.MultiheadAttention:
        """Return torch's module with these weights; adapters must have been merged."""
        width = self.out_proj.out_features
        attention = nn.MultiheadAttention(
            width, self.num_heads, bias=self.in_proj.bias is not None,
            batch_first=self._batch_first,
        )  # fmt: skip
        attention.in_proj_weight, attention.in_proj_bias = self.in_proj.weight, self.in_proj.bias
        _take_over(self.out_proj, attention.out_proj)
        return attention


def use_plain_attention(tower: nn.Module) -> None:
    """Put a `PlainAttention` in place of torch's in open_clip's own blocks of self-attention."""
    for block in tower.modules():
        if isinstance(block, ResidualAttentionBlock) and not hasattr(block, "ln_1_kv"):
            block.attn = PlainAttention(block.attn)


def use_torch_attention(tower: nn.Module) -> None:
    """Take `use_plain_attention` back."""
    for block in tower.modules():
        if isinstance(block, ResidualAttentionBlock) and isinstance(block.attn, PlainAttention):
            block.attn = block.attn.as_torch()


def _take_over(layer: nn.Linear, into: nn.Linear) -> None:
    into.weight, into.bias = layer.weight, layer.bias
