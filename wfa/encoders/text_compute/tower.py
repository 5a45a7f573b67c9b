"""One view of a text tower, wherever open_clip keeps its modules."""

from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional


@dataclass(frozen=True)
class TextTower:
    """The text modules of a `CLIP`, or of the `.text` of a `CustomTextCLIP` or `CoCa`.

    Attributes:
        modules: What holds `token_embedding`, `positional_embedding`, `transformer`, `ln_final`,
            `text_projection` and `attn_mask`, read at every call, so that moving or converting
            the model needs no word to this view.
        pool: How one position is chosen: `argmax`, `eos`, `first`, `last` or `none`.
        eos_id: The token that `eos` pools at.
    """

    modules: Any
    pool: str
    eos_id: int

    @classmethod
    def of(cls, model: Any) -> "TextTower":
        """Find the text modules of an open_clip model."""
        if hasattr(model, "text"):
            return cls(model.text, model.text.pool_type, model.text.eos_id)
        return cls(model, model.text_pool_type, model.text_eos_id)

    @property
    def has_class_token(self) -> bool:
        """Whether a learned token stands behind the text and is pooled (CoCa)."""
        return getattr(self.modules, "cls_emb", None) is not None

    @property
    def ignores_padding(self) -> bool:
        """Whether nothing after the pooled token can change a feature.

        So it is when attention looks back only and the pooled place is found by its token.
        """
        return self.modules.attn_mask is not None and self.pool in ("argmax", "eos", "first")

    def pooled_position(self, tokens: Tensor) -> Tensor:
        """Return where each text is pooled, (U, L) -> (U,) int64, without a host sync."""
        if self.pool == "argmax":
            return tokens.argmax(dim=1)
        if self.pool == "eos":
            return (tokens == self.eos_id).int().argmax(dim=1)
        return torch.zeros_like(tokens[:, 0])

    def embed(self, tokens: Tensor, positions: Tensor) -> Tensor:
        """Return the first layer's input for tokens (...) at positions (...): (..., D)."""
        modules = self.modules
        kind = modules.transformer.get_cast_dtype()
        # Not by indexing: its gradient is added up in an order that threads decide.
        places = functional.embedding(positions, modules.positional_embedding).to(kind)
        return torch.as_tensor(modules.token_embedding(tokens).to(kind) + places)

    def project(self, pooled: Tensor) -> Tensor:
        """Apply the last projection, (U, D) -> (U, E); towers without one return `pooled`."""
        projection = self.modules.text_projection
        if projection is None:
            return pooled
        if isinstance(projection, torch.nn.Linear):
            return torch.as_tensor(projection(pooled))
        return torch.as_tensor(pooled @ projection)
