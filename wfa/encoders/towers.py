"""What a locked tower gives: features of images or of texts, and what identifies them."""

import hashlib
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any, ClassVar

import torch
from torch import Tensor, nn

from wfa.data.channels import Channels
from wfa.data.images import ImageSpec
from wfa.errors import ConfigError
from wfa.options.limits import Options


@dataclass(frozen=True)
class TowerConfig(Options):
    """Options that every locked tower has; a tower that needs none ignores them.

    Attributes:
        model: Which architecture, in the words of the library that the tower comes from.
        pretrained: Which weights: a tag of that library or a local file.
    """

    section: ClassVar[str] = "encoder"

    model: str = ""
    pretrained: str = ""


class ImageTower(ABC):
    """A locked image tower; a plug-in in `image_towers/`, built as `Plugin(options)`.

    Attributes:
        width: D, the width of its features.
        image_spec: What it wants to be given.
        weights: Identifies what is computed: the SHA-256 (hex) of its weights.
    """

    width: int
    image_spec: ImageSpec
    weights: str

    @abstractmethod
    def encode(self, images: Tensor) -> Tensor:
        """Encode images (B, C, size, size) as `normalise` leaves them; (B, D) float32."""

    @property
    def network(self) -> nn.Module | None:
        """What `encode` computes as one module, for other forms of it; None where there is none."""
        return None

    @property
    def fingerprint(self) -> str:
        """What every feature depends on besides the image: the weights and the transform."""
        return hashlib.sha256(f"{self.weights} {self.image_spec}".encode()).hexdigest()


class TextTower(ABC):
    """A locked text tower; a plug-in in `text_towers/`, built as `Plugin(options)`.

    Attributes:
        width: D, the width of its features.
        context_length: The most tokens of a text; longer ones are cut.
        weights: SHA-256 (hex) of its weights and of what turns texts into tokens.
        hub_folder: A folder of the Hugging Face hub's form, whose last states' mean over the tokens
            is what `encode` gives; None where there is none.
    """

    width: int
    context_length: int
    weights: str
    hub_folder: Path | None = None

    @abstractmethod
    def encode(self, texts: Sequence[str]) -> Tensor:
        """Encode U texts; (U, D) float32."""

    @property
    def network(self) -> nn.Module | None:
        """What `encode` makes of tokens and their mask, both (U, L) int64; None as above."""
        return None

    def __getstate__(self) -> dict[str, Any]:
        """Leave behind what is loaded on first use, such as the network: it is loaded again."""
        own = type(self)
        return {
            name: value
            for name, value in self.__dict__.items()
            if not isinstance(getattr(own, name, None), cached_property)
        }

    @property
    def fingerprint(self) -> str:
        """What every feature depends on besides the text."""
        return hashlib.sha256(f"{self.weights} {self.context_length}".encode()).hexdigest()


def state_hash(state: Mapping[str, Tensor]) -> str:
    """Return the SHA-256 (hex) of a state dict: names, shapes and values."""
    digest = hashlib.sha256()
    for name, tensor in sorted(state.items()):
        digest.update(f"{name} {tuple(tensor.shape)} {tensor.dtype}\n".encode())
        values = tensor.detach().cpu().contiguous().reshape(-1).view(torch.uint8)
        digest.update(values.numpy().tobytes())
    return digest.hexdigest()


VIEWS = (1, 4, 8)
"""How many turned copies of an image a tower may see: itself, quarter turns, and mirrored ones."""


class TurnedTower(ImageTower):
    """The mean of a tower's features over an image turned by quarters, and mirrored.

    Seen from above nothing stands upright: what a tower says of one turn and not of another is
    chance, and the mean is steadier.

    Args:
        tower: The tower.
        views: One of `VIEWS`.
    """

    def __init__(self, tower: ImageTower, views: int) -> None:
        self._tower = tower
        self._views = views
        self.width = tower.width
        self.image_spec = tower.image_spec
        self.weights = f"{tower.weights} turned {views}"

    def encode(self, images: Tensor) -> Tensor:
        """Encode images (B, C, size, size); (B, D) float32."""
        total = torch.zeros(len(images), self.width)
        for view in range(self._views):
            turned = torch.rot90(images, view % 4, (2, 3))
            total += self._tower.encode(turned.flip(3) if view >= 4 else turned)
        return total / self._views


class ColourTower(ImageTower):
    """A tower for pictures on the bands of a sensor that show red, green and blue.

    Each band is standardised with its own statistics, so the tower sees colours about as bright and
    as varied as those it was trained on.

    Args:
        tower: The tower.
        channels: What the images' channels are.

    Raises:
        ConfigError: A colour is not among them.
    """

    def __init__(self, tower: ImageTower, channels: Channels) -> None:
        places = channels.of_colours()
        if len(places) < 3:
            raise ConfigError(
                "a locked image tower sees red, green and blue "
                f"({', '.join(channels.colours)}), and the images have the bands "
                f"{', '.join(channels.bands)}: set data.bands=rgb, or use encoder=open_clip or "
                "encoder=small, which take any bands"
            )
        self._tower = tower
        self._places = [places[colour] for colour in range(3)]
        self.width = tower.width
        self.image_spec = replace(
            tower.image_spec,
            mean=channels.mean,
            std=channels.std,
            scale=channels.scale,
            bands=channels.bands,
        )
        self.weights = f"{tower.weights} of channels {self._places}"

    def encode(self, images: Tensor) -> Tensor:
        """Encode images (B, C, size, size); (B, D) float32."""
        return self._tower.encode(images[:, self._places])
