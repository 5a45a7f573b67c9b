"""What every encoder gives: two towers into one space, and how to feed them."""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray
from torch import Tensor, nn

from wfa.data.batch import Inputs
from wfa.data.channel_dropout import ChannelDropout
from wfa.data.channels import Channels
from wfa.data.dataset import ImageTextDataset
from wfa.data.images import ImageSpec, normalise, resize
from wfa.data.pixel_inputs import PixelInputs
from wfa.encoders.spelling import Spelling


class Encoder(nn.Module, ABC):
    """An image tower and a text tower into one space of D dimensions.

    A subclass is a plug-in, built as `Plugin(options, channels)`: what the images' channels are,
    None for red, green and blue.

    Attributes:
        width: D, the width of both towers' features.
        context_length: The most tokens of a text; longer ones are cut.
        image_spec: What the image tower wants to be given.
        channel_dropout: Leaves channels of training images out; None keeps all.
        initial_logit_scale: exp of it is the inverse temperature that the weights were trained
            with; None where nothing was trained.
        spelling: Whole texts as the text tower's tokens, and back; None where it takes features.
        fine_tunes: The pretrained weights that are trained on as they are, for messages; empty
            where there are none, or they stay as they are.
    """

    width: int
    context_length: int
    image_spec: ImageSpec
    channel_dropout: ChannelDropout | None = None
    initial_logit_scale: float | None = None
    spelling: Spelling | None = None
    fine_tunes: str = ""

    @classmethod
    def restore(cls, options: Any, channels: Channels | None = None) -> Self:
        """Build the encoder for weights that are loaded next: its own need not be there."""
        return cls(options, channels)

    def begin_step(self, seed: int) -> None:
        """Seed a training step's own randomness: equal on every process, new at every step."""
        del seed  # an encoder without randomness of its own has no use for it

    @abstractmethod
    def encode_image(self, images: Tensor) -> Tensor:
        """Encode inputs as `Inputs.image` gives them; (B, ...) -> (B, D), not normalised."""

    @abstractmethod
    def encode_text(self, tokens: Tensor) -> Tensor:
        """Encode inputs as `Inputs.texts` gives them; (U, L) -> (U, D), not normalised."""

    @abstractmethod
    def tokenize(self, texts: Sequence[str]) -> Tensor:
        """Turn U texts into inputs of `encode_text`: int64 tokens (U, L), trimmed to the longest.

        Frozen towers give features (U, D_text) instead.
        """

    def tokens_computed(self, tokens: Tensor) -> int | None:
        """Return how many token positions `encode_text` computes; None where there are none."""
        return None if tokens.is_floating_point() else tokens.numel()

    def compiled_towers(self) -> Sequence[nn.Module]:
        """Return the modules that `train.compile` compiles; by default all of the encoder's."""
        return list(self.children())

    def image_input(self, image: NDArray[np.generic]) -> Tensor:
        """Turn an image (H, W, C) as it was read into the input of `encode_image` for one."""
        return normalise(resize(image, self.image_spec), self.image_spec)

    def inputs(self, dataset: ImageTextDataset, cache: Path | None, augment: str) -> Inputs:
        """Return how this encoder is fed from `dataset`.

        Args:
            dataset: One split.
            cache: Folder for decoded images or features; None keeps nothing on disk.
            augment: One of `wfa.data.images.AUGMENTATIONS`, used only with a generator.

        Raises:
            ConfigError: The images have other channels than the encoder was built for.
            DataError: An image is missing or cannot be read.
        """
        return PixelInputs(
            dataset, self.image_spec, self.tokenize, cache, augment, self.channel_dropout
        )
