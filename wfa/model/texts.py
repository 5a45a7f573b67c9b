"""The text side: captions are weighed and drawn, each distinct text encoded once, and aggregated.

Training does it in two places, because data workers weigh and draw: `TextHalf` there, and
`TextSide.aggregate` on the device. Everything else asks `TextSide.query` or `TextFeatures`, both
without the image.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from wfa.aggregation.base import Aggregated, Aggregation
from wfa.aggregation.caption_draws import Drawn
from wfa.aggregation.segment_math import at_least_float32
from wfa.aggregation.text_half import TextHalf
from wfa.captions.folding import caption_ids
from wfa.data.batch import ragged_texts
from wfa.encoders.encoder import Encoder
from wfa.plugins.registry import config_class, plugin_class
from wfa.progress import track

BATCH = 256
"""Texts, or images whose texts are aggregated, in a step; changes nothing but memory and time."""

ToInputs = Callable[[Sequence[str]], Tensor]
"""U texts -> the text tower's inputs, tokens (U, L) or cached features (U, D_text)."""


class Queries(NamedTuple):
    """Aggregated texts of M images, on the CPU; N drawn texts in all.

    Attributes:
        text_features: (M, D) float32, normalised.
        texts: The N texts that were drawn, images in order.
        weights: (N,) float32, their importance weights, sum 1 for each image.
    """

    text_features: Tensor
    texts: list[str]
    weights: Tensor


@dataclass(frozen=True)
class TextSide:
    """What a model does with texts.

    Attributes:
        encoder: Its text tower encodes.
        aggregation: The technique.
        device: Where both are.
    """

    encoder: Encoder
    aggregation: Aggregation
    device: torch.device

    def aggregate(
        self,
        text_features: Tensor,
        text_index: Tensor,
        image_index: Tensor,
        prior: Tensor,
        image_features: Tensor | None = None,
    ) -> Aggregated:
        """Aggregate the drawn texts of B images, N in all, of which each distinct one is encoded.

        Args:
            text_features: (U, D), one a distinct text.
            text_index: (N,) int64, drawn text -> row of `text_features`.
            image_index: (N,) int64 ascending, drawn text -> image.
            prior: (N,), weights known from the text, sum 1 for each image.
            image_features: (B, D), normalised, in training; None for queries.

        Returns:
            See `Aggregation.aggregate`.
        """
        caption_features = text_features.index_select(0, text_index)
        return self.aggregation.aggregate(caption_features, image_index, prior, image_features)

    @torch.inference_mode()
    def encode(
        self,
        texts: Sequence[str],
        to_inputs: ToInputs | None = None,
        batch_size: int = BATCH,
    ) -> Tensor:
        """Encode texts, those of similar length together, so that little is spent on padding.

        Args:
            texts: U texts, at least one.
            to_inputs: Turns some of them into inputs of the text tower; by default the encoder's
                own `tokenize`.
            batch_size: Texts a step.

        Returns:
            (U, D) normalised float32 on the CPU, in the order of `texts`.
        """
        to_inputs = to_inputs or self.encoder.tokenize
        order = sorted(range(len(texts)), key=lambda place: len(texts[place].split()))
        chunks = [order[start : start + batch_size] for start in range(0, len(order), batch_size)]
        steps = (to_inputs([texts[place] for place in chunk]) for chunk in chunks)
        encoded = [
            normalised(self.encoder.encode_text(step.to(self.device))).float().cpu()
            for step in (track(steps, "embedding texts", len(chunks)) if chunks[1:] else steps)
        ]
        features = torch.empty(len(texts), encoded[0].shape[1])
        features[torch.tensor(order)] = torch.cat(encoded)
        return features

    def query(self, captions: Sequence[Sequence[str]]) -> Queries:
        """Make M queries, each of captions that describe the same, at least one."""
        return TextFeatures(self, [text for own in captions for text in own]).query(captions)

    def with_technique(self, name: str) -> "TextSide":
        """Return the same with another technique, untrained and with its default options.

        Raises:
            ConfigError: There is no such technique.
        """
        options = config_class("aggregation", name)()
        built: Aggregation = plugin_class("aggregation", name)(options, self.encoder.width)
        return replace(self, aggregation=built.to(self.device).eval())


class TextFeatures:
    """Features of texts, each encoded once, when it is first asked for.

    Captions that are equal once folded are one query: the first of them is encoded for all.

    Args:
        side: What encodes and aggregates, in evaluation mode.
        captions: N captions, those of all images that are asked about.
        to_inputs: As `TextSide.encode` takes it.
        batch_size: Texts or images a step.
        features: (N, D), normalised, where the captions are encoded already.

    Attributes:
        caption_ids: (N,) int64, the captions' identities: those equal once folded share one.
    """

    def __init__(
        self,
        side: TextSide,
        captions: Sequence[str],
        to_inputs: ToInputs | None = None,
        batch_size: int = BATCH,
        features: Tensor | None = None,
    ) -> None:
        self._side = side
        self._to_inputs = to_inputs
        self._batch_size = batch_size
        self.caption_ids = caption_ids(captions)
        places = np.unique(self.caption_ids, return_index=True)[1]
        first = [captions[place] for place in places.tolist()]
        # Caption -> the one that is encoded for it; that -> its row.
        self._encoded_as = dict(
            zip(captions, map(first.__getitem__, self.caption_ids.tolist()), strict=True)
        )
        self._row = {} if features is None else dict(zip(first, places.tolist(), strict=True))
        self._features = torch.empty(0, side.encoder.width) if features is None else features

    def of(self, texts: Sequence[str]) -> Tensor:
        """Return the features (len(texts), D) of captions or other texts; encodes what is new."""
        texts = self._learnt(texts)
        return self._features[torch.tensor([self._row[text] for text in texts])]

    def _learnt(self, texts: Sequence[str]) -> list[str]:
        """Encode what is new; return the text that was encoded for each."""
        texts = [self._encoded_as.get(text, text) for text in texts]
        new = [text for text in dict.fromkeys(texts) if text not in self._row]
        if new:
            encoded = self._side.encode(new, self._to_inputs, self._batch_size)
            self._row |= {text: len(self._features) + place for place, text in enumerate(new)}
            self._features = torch.cat([self._features, encoded])
        return texts

    def query(self, captions: Sequence[Sequence[str]]) -> Queries:
        """Weigh, draw and aggregate the captions of M images, or some captions of each."""
        half = TextHalf.of(self._side.aggregation)
        return self.aggregate([half.draw(own, half.weigh([own])) for own in captions])

    @torch.inference_mode()
    def aggregate(self, drawn: Sequence[Drawn]) -> Queries:
        """Aggregate the texts drawn for each of M images, without the image as a query is.

        Args:
            drawn: Texts and weights of each image; the texts need not be captions.
        """
        texts = [text for own, _ in drawn for text in own]
        self._learnt(texts)  # what is new goes through the tower together
        made, device = [], self._side.device
        for start in range(0, len(drawn), self._batch_size):
            part = ragged_texts(drawn[start : start + self._batch_size])
            aggregated = self._side.aggregate(
                self.of(part.distinct).to(device),
                part.text_index.to(device),
                part.image_index.to(device),
                part.prior.to(device),
            )
            made.append(aggregated)
        return Queries(
            text_features=torch.cat([own.text_features.float().cpu() for own in made]),
            texts=texts,
            weights=torch.cat([own.weights.float().cpu() for own in made]),
        )


def normalised(features: Tensor) -> Tensor:
    """Bring features (B, D) to length 1, in float32 at least."""
    return functional.normalize(at_least_float32(features), dim=-1)
