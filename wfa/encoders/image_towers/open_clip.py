"""The image tower of any open_clip model."""

from dataclasses import dataclass

import torch
from torch import Tensor

from wfa.encoders import open_clip
from wfa.encoders._towers import ImageTower, TowerConfig, state_hash


@dataclass(frozen=True)
class Config(TowerConfig):
    """`model` and `pretrained` as `encoder=open_clip` takes them.

    Attributes:
        model: A name that open_clip knows, `local-dir:DIR` or `hf-hub:OWNER/NAME`.
        pretrained: A tag of open_clip's or a checkpoint file; empty gives random weights.
    """

    model: str = "ViT-B-32"


class OpenClipImageTower(ImageTower):
    """Image features as the model compares them with texts."""

    def __init__(self, options: Config) -> None:
        """Load the model.

        Raises:
            ModelError: There is no such model or weights, or they do not go together.
        """
        config = open_clip.Config(options.model or Config.model, options.pretrained)
        self._encoder = open_clip.OpenClip(config).eval()
        self.width = self._encoder.width
        self.image_spec = self._encoder.image_spec
        self.weights = state_hash(self._encoder.model.visual.state_dict())

    @torch.inference_mode()
    def encode(self, images: Tensor) -> Tensor:
        """Encode images (B, 3, size, size); (B, D) float32."""
        return self._encoder.encode_image(images).float()
