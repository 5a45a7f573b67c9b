"""The image tower of any open_clip model."""

import torch
from torch import Tensor

from wfa.encoders.locked_open_clip import OpenClipTowerConfig, load_locked
from wfa.encoders.towers import ImageTower, state_hash

Config = OpenClipTowerConfig


class OpenClipImageTower(ImageTower):
    """Image features as the model compares them with texts."""

    def __init__(self, options: Config) -> None:
        """Load the model.

        Raises:
            ModelError: There is no such model or weights, or they do not go together.
        """
        self._encoder = load_locked(options)
        self.width = self._encoder.width
        self.image_spec = self._encoder.image_spec
        self.weights = state_hash(self._encoder.model.visual.state_dict())

    @torch.inference_mode()
    def encode(self, images: Tensor) -> Tensor:
        """Encode images (B, 3, size, size); (B, D) float32."""
        return self._encoder.encode_image(images).float()
