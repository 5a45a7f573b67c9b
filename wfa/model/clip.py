"""The multi-caption CLIP: towers, aggregation, temperature and loss in one module."""

import math
from typing import Any, ClassVar, NamedTuple

import torch
from torch import Tensor, nn

from wfa.aggregation.base import Aggregated, Aggregation
from wfa.data.batch import Batch
from wfa.data.dataset import ImageTextDataset
from wfa.data.instruction_draws import InstructionDraws
from wfa.encoders.encoder import Encoder
from wfa.model.contrast import Contrast
from wfa.model.gather import Gather
from wfa.model.shared_captions import shared_share
from wfa.model.texts import TextSide, normalised


class Output(NamedTuple):
    """What a step gives; B images, N captions and T texts of this process.

    Attributes:
        loss: Scalar, of the whole batch over all processes; what is trained on.
        image_features: (B, D), normalised.
        text_features: (T, D), normalised; T is B, or N for `pairs` in training.
        owner: (T,) int64, text -> image.
        weights: (N,), importance weights; they sum to 1 over the captions of each text.
        logit_scale: Scalar, the inverse temperature that was used.
        captioning: Scalar, what a decoder's share of the loss is, unweighted; None without one.
    """

    loss: Tensor
    image_features: Tensor
    text_features: Tensor
    owner: Tensor
    weights: Tensor
    logit_scale: Tensor
    captioning: Tensor | None = None


class MultiCaptionCLIP(nn.Module):
    """Towers into one space, captions aggregated to texts, and a loss between texts and images.

    Args:
        encoder: The two towers.
        aggregation: The technique, of the encoder's width.
        loss: The loss; its options say how the temperature starts and where it ends.

    Attributes:
        logit_scale: Log of the inverse temperature, learned; used and kept within
            [0, log(loss.logit_scale_max)].
        logit_bias: Added to the logits, learned; None where the loss knows no bias.
        contrast_alone: Whether the loss is made of features alone; false of every kind of model
            that has a `forward` of its own.
    """

    contrast_alone: ClassVar[bool] = True

    def __init_subclass__(cls, **arguments: Any) -> None:
        super().__init_subclass__(**arguments)
        cls.contrast_alone &= "forward" not in vars(cls)

    def __init__(self, encoder: Encoder, aggregation: Aggregation, loss: Contrast) -> None:
        super().__init__()
        self.encoder = encoder
        self.aggregation = aggregation
        self.loss = loss
        self._highest = math.log(loss.options.logit_scale_max)
        self.logit_scale = nn.Parameter(torch.tensor(self._initial_logit_scale()))
        bias = loss.initial_logit_bias
        self.logit_bias = None if bias is None else nn.Parameter(torch.tensor(bias))

    def encode_image(self, images: Tensor) -> Tensor:
        """Encode images (B, ...) to (B, D), normalised, float32."""
        return normalised(self.encoder.encode_image(images))

    def encode_text(self, tokens: Tensor) -> Tensor:
        """Encode texts (U, L) to (U, D), normalised, float32; one feature each text."""
        return normalised(self.encoder.encode_text(tokens))

    @property
    def text_side(self) -> TextSide:
        """What weighs, draws, encodes and aggregates texts, on the model's device."""
        return TextSide(self.encoder, self.aggregation, self.logit_scale.device)

    def forward(self, batch: Batch) -> Output:
        """Encode a batch, each distinct text once, and compute the loss.

        In evaluation mode the captions are aggregated as a query is: without the image.
        """
        return self.contrast(batch, self.encode_image(batch.images), self.encode_text(batch.tokens))

    def instructions(self, dataset: ImageTextDataset, seed: int) -> InstructionDraws | None:
        """Return what is learned of a training split beside its texts; None where nothing is.

        Args:
            dataset: The split; a decoder meets its words here.
            seed: The run's seed.
        """
        del dataset, seed
        return None

    def contrast(self, batch: Batch, image_features: Tensor, text_features: Tensor) -> Output:
        """Compare a batch whose images and distinct texts have been encoded.

        Args:
            batch: The batch; its images and tokens are not looked at.
            image_features: (B, D), normalised.
            text_features: (U, D), normalised.
        """
        aggregated = self.text_side.aggregate(
            text_features,
            batch.text_index,
            batch.image_index,
            batch.prior,
            image_features if self.training else None,
        )
        clamped = self.logit_scale.detach().clamp(0.0, self._highest)
        # The value is clamped, the gradient is not: clamp has none at its bounds, and a
        # temperature that reaches one would stay there.
        scale = (self.logit_scale + (clamped - self.logit_scale.detach())).exp()
        return Output(
            loss=self._loss(batch, image_features, aggregated, scale),
            image_features=image_features,
            text_features=aggregated.text_features,
            owner=aggregated.owner,
            weights=aggregated.weights,
            logit_scale=scale.detach(),
        )

    @torch.no_grad()
    def clamp_logit_scale(self) -> None:
        """Bring the temperature back into its range; to be called after every optimiser step.

        `forward` clamps the value it uses; this keeps the parameter from wandering off beyond it.
        """
        self.logit_scale.clamp_(0.0, self._highest)

    def _loss(
        self, batch: Batch, image_features: Tensor, aggregated: Aggregated, scale: Tensor
    ) -> Tensor:
        gather = Gather(
            image_features.device,
            {
                "images": len(image_features),
                "texts": len(aggregated.owner),
                "captions": len(batch.caption_ids),
                "all_captions": len(batch.all_caption_ids),
            },
        )
        owner = gather.index(aggregated.owner, "texts", into="images")
        shared = (
            shared_share(
                caption_ids=gather.rows(batch.caption_ids, "captions"),
                weights=gather.rows(aggregated.weights.detach(), "captions"),
                text_of=gather.index(aggregated.text_of, "captions", into="texts"),
                all_caption_ids=gather.rows(batch.all_caption_ids, "all_captions"),
                all_image_index=gather.index(batch.all_image_index, "all_captions", into="images"),
                owner=owner,
                images=gather.size("images"),
            )
            if self.loss.wants_shared
            else None
        )
        return self.loss.compute(
            gather.rows(image_features, "images"),
            gather.rows(aggregated.text_features, "texts"),
            owner,
            shared,
            scale,
            self.logit_bias,
        )

    def _initial_logit_scale(self) -> float:
        """Return what the options ask for, else the encoder's, else the loss's, in the range."""
        known = (
            self.loss.options.initial_logit_scale,
            self.encoder.initial_logit_scale,
            self.loss.initial_logit_scale,
        )
        start = next(value for value in known if value is not None)
        return min(max(float(start), 0.0), self._highest)
