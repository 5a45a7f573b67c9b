"""What every technique shares: drawing captions, the checks of the face, the invariants."""

from collections.abc import Sequence
from functools import partial
from typing import Any, ClassVar, NamedTuple

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from wfa.aggregation.caption_draws import (
    AggregationConfig,
    Drawn,
    Rows,
    Weights,
    drawn_rows,
)
from wfa.aggregation.feature_checks import check_captions, check_images, check_weights
from wfa.aggregation.segment_math import at_least_float32, segment_sum
from wfa.errors import ArgumentError
from wfa.options.option_keywords import TakesKeywords


class Aggregated(NamedTuple):
    """What aggregation gives back; T texts out of N captions of B images.

    Attributes:
        text_features: (T, D), normalised; T is B, or N where every caption is its own pair.
        owner: (T,) int64, text -> row of the images.
        weights: (N,), importance weights, >= 0; they sum to 1 over the captions of each text.
        text_of: (N,) int64, caption -> row of `text_features`; -1 for one that was left out.
    """

    text_features: Tensor
    owner: Tensor
    weights: Tensor
    text_of: Tensor


class Aggregation(TakesKeywords, nn.Module):
    """A technique; a subclass is one file that overrides what it does otherwise.

    `prior_weights` weighs by the text alone (once a data set), `choose` picks the captions that a
    step encodes and `compose` the texts (in data workers, through `TextHalf`),
    `importance_weights` weighs by the features, and `pool` makes text features of weighted
    captions. As they stand the five give the plain mean of all captions.

    Args:
        options: The plug-in's `Config`; None makes it of the keywords.
        width: D, the width of the features; None takes any where nothing is learned.
        keywords: Fields of the `Config`.

    Attributes:
        weighs_text: Whether weights depend on the captions' text; true of every technique that
            has `prior_weights` of its own. A call by hand must bring them.
        progress: Share of training that is done, in [0, 1], for a call by hand; a loop of one's
            own that wants `caption_dropout_end` moves it.

    Raises:
        ConfigError: An option is unknown or out of range, or a width is needed and not given.
    """

    Config: ClassVar[type[Any]] = AggregationConfig
    weighs_text: ClassVar[bool] = False
    progress: float = 0.0

    def __init_subclass__(cls, **arguments: Any) -> None:
        super().__init_subclass__(**arguments)
        cls.weighs_text |= "prior_weights" in vars(cls)

    def __init__(self, options: Any = None, width: int | None = None, **keywords: Any) -> None:
        super().__init__()
        self.options = self.options_from(options, keywords)
        self.width = width

    @classmethod
    def prior_weights(cls, options: Any, captions: Sequence[Sequence[str]]) -> Weights:
        """Compute weights from the captions' text alone, once for a data set.

        Args:
            options: The plug-in's `Config`.
            captions: The captions of each image, N in all.

        Returns:
            (N,), sum 1 for each image; by default uniform.
        """
        del options
        counts = np.fromiter(map(len, captions), np.int64)
        return np.repeat(1.0 / counts, counts)

    def begin_step(self, seed: int, rows: Tensor) -> None:
        """Seed a training step's own randomness.

        Args:
            seed: Equal on every process, new at every step.
            rows: (B,) int64, the places in the data set of this process's images.
        """
        del seed, rows  # a technique without randomness of its own has no use for them

    @classmethod
    def compose(
        cls,
        options: Any,
        captions: Sequence[str],
        prior: Weights,
        rng: np.random.Generator | None,
    ) -> Drawn:
        """Make the texts of one image out of the captions that dropout has left.

        What words decide overrides this; such a technique cannot be called by hand on features.

        Args:
            options: The plug-in's `Config`.
            captions: K captions of the image, at least one.
            prior: (K,), sum 1.
            rng: The image's generator for this step, or None outside training.

        Returns:
            The texts, at least one, and their weights with sum 1; by default what `choose` picks.
        """
        rows, weights = cls.choose(options, prior, rng)
        return [captions[row] for row in rows.tolist()], weights

    @classmethod
    def choose(
        cls, options: Any, prior: Weights, rng: np.random.Generator | None
    ) -> tuple[Rows, Weights]:
        """Pick captions of one image by their weights alone.

        Args:
            options: The plug-in's `Config`.
            prior: (K,), sum 1.
            rng: The image's generator for this step, or None outside training.

        Returns:
            The places of those picked, at least one, and their weights with sum 1; by default all.
        """
        del options, rng
        return np.arange(len(prior)), prior

    def importance_weights(
        self,
        caption_features: Tensor,
        image_index: Tensor,
        prior: Tensor,
        image_features: Tensor | None,
        images: int,
    ) -> Tensor:
        """Weigh the captions of each image.

        Args:
            caption_features: (N, D), normalised.
            image_index: (N,) int64 ascending, caption -> image; every image has a caption.
            prior: (N,), weights known from the text, sum 1 for each image.
            image_features: (B, D), normalised, in training; None for queries, which have no image.
            images: B.

        Returns:
            (N,), >= 0, sum 1 for each image; by default the prior.
        """
        del caption_features, image_index, image_features, images
        return prior

    def pool(
        self, caption_features: Tensor, weights: Tensor, image_index: Tensor, images: int
    ) -> Aggregated:
        """Make the text features: t = normalise(sum_k w_k f(c_k)), one an image.

        Args:
            caption_features: (N, D), normalised.
            weights: (N,), importance weights, sum 1 for each image.
            image_index: (N,) int64 ascending, caption -> image.
            images: B.

        Returns:
            T text features with their owners and weights; by default T = B.
        """
        weighted = segment_sum(weights.unsqueeze(-1) * caption_features, image_index, images)
        return Aggregated(
            text_features=functional.normalize(weighted, dim=-1),
            owner=torch.arange(images, device=image_index.device),
            weights=weights,
            text_of=image_index,
        )

    def aggregate(
        self,
        caption_features: Tensor,
        image_index: Tensor,
        prior: Tensor,
        image_features: Tensor | None = None,
    ) -> Aggregated:
        """Aggregate the captions that were drawn, unchecked: what training calls at every step.

        In float32 (float64 stays) whatever autocast says. Without image features B is read from
        the index, which makes a GPU wait once.

        Args:
            caption_features: (N, D), any scale.
            image_index: (N,) int64 ascending, caption -> image; every image has a caption.
            prior: (N,), weights known from the text, sum 1 for each image.
            image_features: (B, D), normalised, in training; None for queries.

        Returns:
            Text features with their owners and weights.
        """
        images = int(image_index[-1]) + 1 if image_features is None else len(image_features)
        with torch.autocast(caption_features.device.type, enabled=False):
            unit = functional.normalize(at_least_float32(caption_features), dim=-1)
            if image_features is not None:
                image_features = image_features.to(unit.dtype)
            weights = self.importance_weights(
                unit, image_index, prior.to(unit.dtype), image_features, images
            )
            return self.pool(unit, weights, image_index, images)

    def forward(
        self,
        caption_features: Tensor,
        image_index: Any,
        weights: Any = None,
        image_features: Tensor | None = None,
    ) -> Aggregated:
        """Check what is given, draw captions as the technique does, and aggregate them.

        In training mode captions are dropped and drawn as in `wfa train`, by torch's seed; in
        evaluation mode all count. The checks make a GPU wait: `aggregate` is the step without them.

        Args:
            caption_features: (N, D) floating, any scale.
            image_index: (N,) integers ascending from 0, caption -> image; every image has a
                caption. A tensor, array or list.
            weights: (N,), >= 0, sum 1 for each image, such as `wfa.caption_weights` gives; None
                for uniform ones.
            image_features: (B, D) floating, any scale; only what learns from images needs them.

        Returns:
            Text features with their owners and weights; a caption that this step left out has
            weight 0 and the text -1.

        Raises:
            ArgumentError: A shape, width, order, device or value does not fit, the technique
                weighs by text and no weights are given, or it makes its texts of words.
        """
        features, index = check_captions(caption_features, image_index, self.width)
        images = int(index[-1]) + 1
        if image_features is not None:
            image_features = functional.normalize(
                at_least_float32(check_images("image_features", image_features, features, images)),
                dim=-1,
            )
        if weights is None and self.weighs_text:
            raise ArgumentError(
                f"{type(self).__name__} weighs by the text, which features do not show: give "
                "weights=wfa.caption_weights(captions)"
            )
        prior = check_weights(weights, features, index, images)
        if type(self).compose.__func__ is not Aggregation.compose.__func__:  # type: ignore[attr-defined]
            if len(features) > images:
                raise ArgumentError(
                    f"{type(self).__name__} makes its texts of words before they are encoded: "
                    "encode the texts of its `compose`, one an image"
                )
            return self.aggregate(features, index, prior, image_features)
        choose = partial(self.choose, self.options)
        rows, prior = drawn_rows(choose, self.options, index, prior, self.training, self.progress)
        found = self.aggregate(features[rows], index[rows], prior, image_features)
        if len(rows) == len(index):
            return found
        return found._replace(
            weights=found.weights.new_zeros(len(index)).index_copy(0, rows, found.weights),
            text_of=found.text_of.new_full((len(index),), -1).index_copy(0, rows, found.text_of),
        )
