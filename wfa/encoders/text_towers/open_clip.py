"""The text tower of any open_clip model."""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from wfa.encoders import open_clip
from wfa.encoders._towers import TextTower, TowerConfig, state_hash


@dataclass(frozen=True)
class Config(TowerConfig):
    """`model` and `pretrained` as `encoder=open_clip` takes them.

    Attributes:
        model: A name that open_clip knows, `local-dir:DIR` or `hf-hub:OWNER/NAME`.
        pretrained: A tag of open_clip's or a checkpoint file; empty gives random weights.
    """

    model: str = "ViT-B-32"


class OpenClipTextTower(TextTower):
    """Text features as the model compares them with images."""

    def __init__(self, options: Config) -> None:
        """Load the model.

        Raises:
            ModelError: There is no such model or weights, or they do not go together.
        """
        config = open_clip.Config(options.model or Config.model, options.pretrained)
        self._encoder = open_clip.OpenClip(config).eval()
        self.width = self._encoder.width
        self.context_length = self._encoder.context_length
        state = self._encoder.model.state_dict()
        self.weights = state_hash({k: v for k, v in state.items() if not k.startswith("visual.")})

    @torch.inference_mode()
    def encode(self, texts: Sequence[str]) -> Tensor:
        """Encode U texts; (U, D) float32."""
        return self._encoder.encode_text(self._encoder.tokenize(texts)).float()
