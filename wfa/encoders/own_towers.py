"""An encoder of two callables that a person has: nothing of this package's towers."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import torch
from torch import Tensor, nn

from wfa.data.channels import Channels
from wfa.data.images import ImageSpec
from wfa.encoders.encoder import Encoder
from wfa.errors import ArgumentError, ConfigError

EncodeImages = Callable[[Tensor], Tensor]
EncodeTexts = Callable[[list[str]], Tensor]


@dataclass(frozen=True)
class Config:
    """There is nothing to choose: the callables say it all."""


class OwnTowers(Encoder):
    """Two callables, and above each a linear head where `width` is given or nothing else learns.

    A subclass made by `encoder_of` holds the callables. Texts travel as their bytes, so that data
    workers need nothing of the text tower.
    """

    Config: ClassVar[type[Any]] = Config
    encoders: ClassVar[tuple[EncodeImages, EncodeTexts]]
    spec: ClassVar[ImageSpec]
    head_width: ClassVar[int | None] = None
    context_length = 1 << 16

    def __init__(self, options: Any = None, channels: Channels | None = None) -> None:
        del options
        super().__init__()
        if channels is not None:
            raise ConfigError("an encoder of two callables takes pictures of red, green and blue")
        self.image_spec = self.spec
        # Modules are found here by the optimiser; other callables are only called.
        self.image, self.text = self.encoders
        with torch.no_grad():
            size = self.spec.size
            widths = [
                _features("encode_image", self.image(torch.zeros(2, 3, size, size)), 2).shape[1],
                _features("encode_text", self.text(["a road", "a river"]), 2).shape[1],
            ]
        learns = any(True for _ in self.parameters())
        wanted = self.head_width or (None if learns else max(widths))
        if wanted is None and widths[0] != widths[1]:
            raise ArgumentError(
                f"encode_image gives features of width {widths[0]} and encode_text of "
                f"{widths[1]}: give width=D for a linear head above each"
            )
        self.width = wanted or widths[0]
        self.image_head, self.text_head = (
            nn.Identity() if wanted is None else nn.Linear(own, wanted) for own in widths
        )

    def encode_image(self, images: Tensor) -> Tensor:
        """Encode images (B, 3, S, S) to (B, D)."""
        return self._headed(
            self.image_head, _features("encode_image", self.image(images), len(images))
        )

    def encode_text(self, tokens: Tensor) -> Tensor:
        """Encode texts, as bytes (U, L), to (U, D)."""
        texts = [bytes(own[own > 0].tolist()).decode() for own in tokens.cpu()]
        return self._headed(self.text_head, _features("encode_text", self.text(texts), len(texts)))

    def tokenize(self, texts: Sequence[str]) -> Tensor:
        """Return the bytes of U texts, (U, L) int64 with zeros behind."""
        coded = [torch.tensor([*text.encode("utf-8", "replace")]) for text in texts]
        return nn.utils.rnn.pad_sequence(coded, batch_first=True).long()

    def tokens_computed(self, tokens: Tensor) -> int | None:
        """Return None: how a callable computes is its own."""
        del tokens
        return None

    def _headed(self, head: nn.Module, features: Tensor) -> Tensor:
        weight = next(head.parameters(), None)
        return torch.as_tensor(head(features if weight is None else features.to(weight)))


def encoder_of(
    encode_image: EncodeImages,
    encode_text: EncodeTexts,
    *,
    width: int | None = None,
    image_size: int = 224,
    mean: tuple[float, float, float] = (0.48145466, 0.4578275, 0.40821073),
    std: tuple[float, float, float] = (0.26862954, 0.26130258, 0.27577711),
) -> type[OwnTowers]:
    """Make an encoder of two callables, for `wfa.train(encoder=...)`.

    A callable that is a `torch.nn.Module` is trained; any other is a locked tower, and a linear
    head is trained above each.

    Args:
        encode_image: (B, 3, S, S) float32, scaled and standardised -> (B, D).
        encode_text: A list of U texts -> (U, D).
        width: Width of a linear head above each; None for none where the callables learn.
        image_size: S, height and width of the images.
        mean: Of each channel, on the scale 0..1; CLIP's by default.
        std: Of each channel, likewise.

    Raises:
        ArgumentError: One of the two cannot be called.

    >>> import torch, wfa
    >>> colour = lambda images: images.mean(dim=(2, 3))
    >>> length = lambda texts: torch.tensor([[len(text), text.count("a"), 1.0] for text in texts])
    >>> wfa.encoder_of(colour, length, image_size=8)().width
    3
    """
    for name, given in (("encode_image", encode_image), ("encode_text", encode_text)):
        if not callable(given):
            raise ArgumentError(f"{name} must be a callable, but is {given!r}")
    held = {
        "encoders": (encode_image, encode_text),
        "head_width": width,
        "spec": ImageSpec(image_size, mean, std),
        "__module__": __name__,
    }
    return type("OwnTowers", (OwnTowers,), held)


def _features(name: str, found: Any, rows: int) -> Tensor:
    if not isinstance(found, Tensor) or found.dim() != 2 or len(found) != rows:
        shown = tuple(found.shape) if isinstance(found, Tensor) else type(found).__name__
        raise ArgumentError(
            f"{name} must give a tensor of {rows} rows of features, but gave {shown}"
        )
    return found
