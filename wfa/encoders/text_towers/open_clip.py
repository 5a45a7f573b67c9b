"""The text tower of any open_clip model."""

from collections.abc import Sequence

import torch
from torch import Tensor

from wfa.encoders.locked_open_clip import OpenClipTowerConfig, load_locked
from wfa.encoders.towers import TextTower, state_hash

Config = OpenClipTowerConfig


class OpenClipTextTower(TextTower):
    """Text features as the model compares them with images."""

    def __init__(self, options: Config) -> None:
        """Load the model.

        Raises:
            ModelError: There is no such model or weights, or they do not go together.
        """
        self._encoder = load_locked(options)
        self.width = self._encoder.width
        self.context_length = self._encoder.context_length
        state = self._encoder.model.state_dict()
        self.weights = state_hash({k: v for k, v in state.items() if not k.startswith("visual.")})

    @torch.inference_mode()
    def encode(self, texts: Sequence[str]) -> Tensor:
        """Encode U texts; (U, D) float32."""
        return self._encoder.encode_text(self._encoder.tokenize(texts)).float()
