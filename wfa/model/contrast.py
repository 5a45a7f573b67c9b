"""What every loss shares: its options, float32 logits, which pairs count."""

import math
from abc import ABC, abstractmethod
from dataclasses import dataclass, field
from typing import Any, ClassVar

import torch
from torch import Tensor, nn
from torch.nn import functional

from wfa.aggregation.feature_checks import (
    check_features,
    check_index,
    check_owned,
)
from wfa.aggregation.segment_math import at_least_float32
from wfa.errors import ArgumentError, ConfigError
from wfa.options.limits import Options
from wfa.options.option_keywords import TakesKeywords

SHARED = ("keep", "mask", "share")


@dataclass(frozen=True)
class LossConfig(Options):
    """Options of every loss.

    Attributes:
        shared: What a text means for an image that bears some of its captions but does not own
            it: `keep` a negative like any other; `mask` the pair takes no part; `share` a positive
            in proportion to the share of the text's weight on those captions.
        shared_threshold: `mask` leaves out pairs whose share is above it; in [0, 1).
        initial_logit_scale: Log of the inverse temperature that training starts with; None takes
            the encoder's where it is pretrained and else the loss's own.
        logit_scale_max: Highest inverse temperature, at least 1.
    """

    section: ClassVar[str] = "loss"

    shared: str = field(default="keep", metadata={"one_of": SHARED})
    shared_threshold: float = field(default=0.0, metadata={"at_least": 0, "below": 1})
    initial_logit_scale: float | None = field(default=None, metadata={"at_least": 0})
    logit_scale_max: float = field(default=100.0, metadata={"at_least": 1, "below": math.inf})

    def __post_init__(self) -> None:
        super().__post_init__()
        start = self.initial_logit_scale
        if start is not None and not start <= math.log(self.logit_scale_max):
            raise ConfigError(
                f"loss.initial_logit_scale={start} is a logarithm and must be between 0 and "
                f"log(loss.logit_scale_max) = {math.log(self.logit_scale_max):.4g}"
            )


class Contrast(TakesKeywords, ABC, nn.Module):
    """A loss; a subclass is one file that answers `contrast`.

    Args:
        options: The plug-in's `Config`; None makes it of the keywords.
        keywords: Fields of the `Config`.

    Attributes:
        initial_logit_scale: Log of the inverse temperature to start with where nothing else says.
        initial_logit_bias: What is added to the logits at the start; None where the loss knows no
            bias.
    """

    Config: ClassVar[type[Any]] = LossConfig
    initial_logit_scale: ClassVar[float] = math.log(1 / 0.07)
    initial_logit_bias: float | None = None

    def __init__(self, options: Any = None, **keywords: Any) -> None:
        super().__init__()
        self.options = self.options_from(options, keywords)

    @property
    def wants_shared(self) -> bool:
        """Whether `forward` needs the shares: False where shared captions are kept."""
        return bool(self.options.shared != "keep")

    @abstractmethod
    def contrast(
        self, logits: Tensor, owner: Tensor, left_out: Tensor | None, shared: Tensor | None
    ) -> Tensor:
        """Compute the loss.

        Args:
            logits: (T, B) float32, with scale and bias.
            owner: (T,) int64, text -> image; every image has a text.
            left_out: (T, B) bool, pairs that take no part, never a text with its own image; None
                where all do.
            shared: (T, B) float32 in [0, 1], how positive a pair is beside the text's own, whose
                entry is 0; None where all others are negatives.

        Returns:
            A scalar.
        """

    def forward(
        self,
        image_features: Tensor,
        text_features: Tensor,
        owner: Any,
        shared: Tensor | None = None,
        logit_scale: Tensor | float | None = None,
        logit_bias: Tensor | float | None = None,
    ) -> Tensor:
        """Check what is given, and compute the loss; `compute` is the same without the checks.

        Args:
            image_features: (B, D) floating, any length.
            text_features: (T, D) floating, any length.
            owner: (T,) integers, text -> image; every image has a text. A tensor, array or list.
            shared: (T, B) in [0, 1]: share of text t's weight on captions that image b bears too,
                0 for the own image; needed where the option `shared` is not `keep`.
            logit_scale: The inverse temperature itself (not its log), a number or a scalar that
                is learned; None for the one that the options or the loss start with.
            logit_bias: What is added to the logits; None for what the loss starts with, if any.

        Returns:
            A scalar.

        Raises:
            ArgumentError: A shape, width, device or value does not fit, an image has no text, or
                the shares are wanted and not given.
        """
        images = check_features("image_features", image_features)
        texts = check_features("text_features", text_features, images.shape[1], images.device)
        index = check_index("owner", owner, len(texts), images.device)
        check_owned("owner", index, len(images), "a text")
        if self.wants_shared and (shared is None or shared.shape != (len(texts), len(images))):
            raise ArgumentError(
                f"shared={self.options.shared} needs shared, a matrix of texts x images: "
                f"{len(texts)} x {len(images)}"
            )
        start = self.options.initial_logit_scale
        start = self.initial_logit_scale if start is None else start
        scale = torch.as_tensor(math.exp(start) if logit_scale is None else logit_scale)
        bias = self.initial_logit_bias if logit_bias is None else logit_bias
        return self.compute(
            functional.normalize(at_least_float32(images), dim=-1),
            functional.normalize(at_least_float32(texts), dim=-1),
            index,
            shared,
            scale.to(images.device),
            None if bias is None else torch.as_tensor(bias).to(images.device),
        )

    def compute(
        self,
        image_features: Tensor,
        text_features: Tensor,
        owner: Tensor,
        shared: Tensor | None,
        logit_scale: Tensor,
        logit_bias: Tensor | None,
    ) -> Tensor:
        """Compute the loss, unchecked, as training does; in float32 whatever autocast says.

        Args:
            image_features: (B, D), normalised.
            text_features: (T, D), normalised.
            owner: (T,) int64, text -> image; every image has a text.
            shared: (T, B) float32 in [0, 1]: share of text t's weight on captions that image b
                bears too, 0 for the own image; may be None where `wants_shared` is False.
            logit_scale: Scalar, the inverse temperature itself (not its log).
            logit_bias: Scalar added to the logits, or None.

        Returns:
            A scalar.

        Raises:
            ValueError: The shares are wanted and not given.
        """
        with torch.autocast(image_features.device.type, enabled=False):
            wide = torch.promote_types(image_features.dtype, torch.float32)
            logits = logit_scale.to(wide) * (text_features.to(wide) @ image_features.to(wide).T)
            if logit_bias is not None:
                logits = logits + logit_bias.to(wide)
            return self.contrast(logits, owner, *self._pairs(logits, shared))

    def _pairs(self, logits: Tensor, shared: Tensor | None) -> tuple[Tensor | None, Tensor | None]:
        """Return which pairs are left out, and how positive the others are."""
        if not self.wants_shared:
            return None, None
        if shared is None:
            raise ValueError(f"shared={self.options.shared} needs the shares")
        if self.options.shared == "mask":
            return shared > self.options.shared_threshold, None
        return None, shared.to(logits.dtype)


def own_pairs(owner: Tensor, images: int) -> Tensor:
    """Return (T, B) bool: True where the image owns the text."""
    return owner.unsqueeze(1) == torch.arange(images, device=owner.device)


def without(logits: Tensor, left_out: Tensor | None) -> Tensor:
    """Return the logits with those left out so low that no softmax sees them.

    Lowest instead of minus infinity, whose gradient is NaN in a row that has nothing else.
    """
    if left_out is None:
        return logits
    return logits.masked_fill(left_out, torch.finfo(logits.dtype).min)


def text_to_image(
    logits: Tensor, owner: Tensor, left_out: Tensor | None, shared: Tensor | None
) -> Tensor:
    """Cross entropy of each text against the images; arguments as `Contrast.contrast` has them.

    The targets of a text are 1 for its own image and the share for every other, scaled to sum 1.

    Returns:
        (T,).
    """
    aim = own_logits(logits, owner)
    if shared is not None:
        aim = (aim + (shared * logits).sum(dim=1)) / (1.0 + shared.sum(dim=1))
    return without(logits, left_out).logsumexp(dim=1) - aim


def own_logits(logits: Tensor, owner: Tensor) -> Tensor:
    """Return (T,), the logit of each text with its own image."""
    return logits.gather(1, owner.unsqueeze(1)).squeeze(1)
