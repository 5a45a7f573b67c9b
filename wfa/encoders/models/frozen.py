"""Locked towers, their features cached on disk, and trained heads on top."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import ClassVar

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from wfa.data.batch import Inputs
from wfa.data.channels import Channels
from wfa.data.dataset import ImageTextDataset
from wfa.data.images import normalise, resize
from wfa.data.pixel_inputs import check_channels
from wfa.encoders.encoder import Encoder
from wfa.encoders.feature_cache import FeatureInputs, TextTable
from wfa.encoders.head import HEADS, Head
from wfa.encoders.towers import VIEWS, ColourTower, ImageTower, TextTower, TurnedTower
from wfa.errors import ConfigError, ModelError
from wfa.options.limits import Options
from wfa.plugins.registry import config_class, plugin_class


@dataclass(frozen=True)
class Config(Options):
    """Which towers, and the heads on top of them.

    Attributes:
        image_tower: A choice of `wfa/encoders/image_towers/`.
        image_model: The image tower's `model`, where it has a choice.
        image_pretrained: The image tower's `pretrained`, where it has a choice.
        image_views: Turned copies of an image whose features are averaged: 1, 4 (quarter turns) or
            8 (and mirrored). Costs as many times the first run.
        text_tower: A choice of `wfa/encoders/text_towers/`.
        text_model: The text tower's `model`, where it has a choice.
        text_pretrained: The text tower's `pretrained`, where it has a choice.
        width: Width of both heads' output.
        head: `linear`, or `mlp` with one hidden layer.
        hidden: Width of the hidden layer.
        dropout: Share of the head's inputs (`linear`) or hidden units (`mlp`) that a training
            step drops.
    """

    section: ClassVar[str] = "encoder"

    image_tower: str = "efficientnet_lite0"
    image_model: str = ""
    image_pretrained: str = ""
    image_views: int = field(default=1, metadata={"one_of": VIEWS})
    text_tower: str = "minilm"
    text_model: str = ""
    text_pretrained: str = ""
    width: int = field(default=256, metadata={"at_least": 1})
    head: str = field(default="mlp", metadata={"one_of": HEADS})
    hidden: int = field(default=512, metadata={"at_least": 1})
    dropout: float = field(default=0.5, metadata={"at_least": 0, "below": 1})


class Frozen(Encoder):
    """Two heads; the towers below them stay outside the module and are never saved or trained.

    Attributes:
        image_tower: The locked image tower.
        text_tower: The locked text tower.
        image_head: What is trained above the one.
        text_head: What is trained above the other.
    """

    def __init__(self, options: Config, channels: Channels | None = None) -> None:
        """Find the towers and make new heads; of a sensor's bands the image tower sees the colours.

        Raises:
            ConfigError: There is no such tower or head, or the images lack a colour.
            ModelError: A tower's weights cannot be had.
        """
        super().__init__()
        self.image_tower = _image_tower(options)
        if channels is not None:
            self.image_tower = ColourTower(self.image_tower, channels)
        self.text_tower = _text_tower(options)
        self._texts = TextTable(self.text_tower)
        self.width = options.width
        self.context_length = self.text_tower.context_length
        self.image_spec = self.image_tower.image_spec
        sizes = (options.width, options.head, options.hidden, options.dropout)
        self.image_head = Head(self.image_tower.width, *sizes)
        self.text_head = Head(self.text_tower.width, *sizes)

    def begin_step(self, seed: int) -> None:
        """Choose the units that the heads drop in this step."""
        self.image_head.step_seed, self.text_head.step_seed = 2 * seed, 2 * seed + 1

    def encode_image(self, images: Tensor) -> Tensor:
        """Map features (B, D_image) to the shared space, (B, D)."""
        return torch.as_tensor(self.image_head(images))

    def encode_text(self, tokens: Tensor) -> Tensor:
        """Map features (U, D_text) to the shared space, (U, D)."""
        return torch.as_tensor(self.text_head(tokens))

    def tokenize(self, texts: Sequence[str]) -> Tensor:
        """Return the locked tower's features of U texts, (U, D_text) float32."""
        return self._texts(texts)

    def compiled_towers(self) -> Sequence[nn.Module]:
        """Return nothing: the heads are small, and the towers are not run in training."""
        return ()

    def image_input(self, image: NDArray[np.generic]) -> Tensor:
        """Return the locked tower's features of one image (H, W, C): (D_image,) float32."""
        one = normalise(resize(image, self.image_spec), self.image_spec)
        return self.image_tower.encode(one[None])[0]

    def inputs(self, dataset: ImageTextDataset, cache: Path | None, augment: str) -> Inputs:
        """Return the features of a split, computed now or read from `cache`.

        Raises:
            ConfigError: Images are to be augmented, and their features are computed once; or they
                have other channels than the encoder was built for.
            DataError: An image cannot be read.
        """
        if augment != "none":
            raise ConfigError(
                f"train.augment={augment} changes images at every step, and encoder=frozen "
                "computes their features once: set train.augment=none, or encoder=open_clip with "
                "encoder.lock_image=true"
            )
        check_channels(dataset, self.image_spec)
        return FeatureInputs(dataset, self.image_tower, self.text_tower, cache)

    def get_extra_state(self) -> Tensor:
        """Return what identifies the towers that the heads were trained on, (64,) uint8."""
        towers = (self.image_tower, self.text_tower)
        return torch.tensor(
            [b for tower in towers for b in bytes.fromhex(tower.fingerprint)], dtype=torch.uint8
        )

    def set_extra_state(self, state: Tensor) -> None:
        """Refuse heads that were trained on other towers.

        Raises:
            ModelError: The weights or the transform of a tower are not those of the training.
        """
        if not torch.equal(state.cpu(), self.get_extra_state()):
            raise ModelError(
                "these heads were trained on other weights or another transform of the locked "
                "towers: set encoder.image_* and encoder.text_* as in the run's config.yaml and "
                "install the same versions of the packages that hold their weights"
            )


def _image_tower(options: Config) -> ImageTower:
    config = config_class("image_tower", options.image_tower)
    plugin = plugin_class("image_tower", options.image_tower)
    tower: ImageTower = plugin(config(options.image_model, options.image_pretrained))
    return TurnedTower(tower, options.image_views) if options.image_views > 1 else tower


def _text_tower(options: Config) -> TextTower:
    config = config_class("text_tower", options.text_tower)
    plugin = plugin_class("text_tower", options.text_tower)
    tower: TextTower = plugin(config(options.text_model, options.text_pretrained))
    return tower
