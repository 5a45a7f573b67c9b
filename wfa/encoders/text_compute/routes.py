"""Choose how a text tower is computed: exact always, and as little as exactness allows.

| tower | route |
|---|---|
| causal, pooled at a token it finds (CLIP) | distinct prefixes, packed by length |
| the same on a GPU, or with blocks of its own kind | cut to the longest text |
| causal with a class token behind the text (CoCa) | cut to the longest text and one |
| Hugging Face, with an attention mask | its own forward, cut to the longest text |
| anything that can see its padding (SigLIP) | its own forward at full length |
"""

from typing import Any

import torch
from open_clip.hf_model import HFTextEncoder
from open_clip.transformer import ResidualAttentionBlock
from torch import Tensor, nn

from wfa.encoders.text_compute.packed import encode_packed
from wfa.encoders.text_compute.padded import encode_trimmed, encode_with_class_token
from wfa.encoders.text_compute.prefixes import distinct_prefixes
from wfa.encoders.text_compute.tower import TextTower


def trims(model: nn.Module) -> bool:
    """Say whether `encode_text` of this model may be given texts cut to the longest of them."""
    if _is_hugging_face(model):
        return True
    tower = TextTower.of(model)
    return tower.has_class_token or tower.ignores_padding


def encode_text(model: Any, tokens: Tensor) -> Tensor:
    """Encode texts with the text tower of an open_clip model, as its own forward would.

    Features and gradients equal those of `model.encode_text` on tokens padded to the context
    length, up to the order of summation.

    Args:
        model: `open_clip.model.CLIP`, `CustomTextCLIP` or `CoCa`.
        tokens: (U, L) int64, each row padded behind its text; L up to the context length where
            `trims(model)`, else the context length.

    Returns:
        (U, E) features, not normalised.

    Raises:
        ValueError: The tower can see its padding and `tokens` are shorter than its context.
    """
    if _is_hugging_face(model):
        return torch.as_tensor(model.encode_text(tokens))
    tower = TextTower.of(model)
    if tower.has_class_token:
        return encode_with_class_token(tower, tokens)
    if not tower.ignores_padding:
        return _encode_full(model, tower, tokens)
    if tokens.is_cuda or not _is_packed(tower):
        return encode_trimmed(tower, tokens)
    lengths = tower.pooled_position(tokens) + 1
    return encode_packed(tower, distinct_prefixes(tokens.numpy(), lengths.numpy()))


def tokens_computed(model: Any, tokens: Tensor) -> int:
    """Return how many token positions `encode_text` computes in every block but the last.

    Args:
        model: As `encode_text` takes it.
        tokens: (U, L) int64, on the device that it would be computed on.
    """
    if _is_hugging_face(model):
        return tokens.numel()
    tower = TextTower.of(model)
    if tokens.is_cuda or not _is_packed(tower):
        return tokens.numel()
    lengths = tower.pooled_position(tokens) + 1
    return len(distinct_prefixes(tokens.numpy(), lengths.numpy()).tokens)


def _encode_full(model: Any, tower: TextTower, tokens: Tensor) -> Tensor:
    if tokens.shape[1] != tower.modules.context_length:
        raise ValueError(
            f"this text tower sees its padding: it takes {tower.modules.context_length} tokens, "
            f"not {tokens.shape[1]}"
        )
    return torch.as_tensor(model.encode_text(tokens))


def _is_hugging_face(model: Any) -> bool:
    return isinstance(getattr(model, "text", None), HFTextEncoder)


def _is_packed(tower: TextTower) -> bool:
    """Whether the tower is one whose blocks the packed forward knows, and sees no padding."""
    blocks = tower.modules.transformer.resblocks
    standard = all(type(block) is ResidualAttentionBlock for block in blocks)
    return standard and tower.ignores_padding and not tower.has_class_token
