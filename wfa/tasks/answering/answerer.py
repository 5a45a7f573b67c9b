"""A run's own answers: heads and thresholds made once, then every question of a split answered."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
import torch
from torch import Tensor

from wfa.bigearthnet.rows import LETTERS, Box
from wfa.errors import DataError
from wfa.model.clip import MultiCaptionCLIP
from wfa.progress import Track
from wfa.tasks.answering.answer_options import Config
from wfa.tasks.answering.caption_retrieval import retrieve_captions
from wfa.tasks.answering.heads import Heads, Sizes
from wfa.tasks.answering.image_tokens import ImageTokens
from wfa.tasks.answering.image_views import Annotated, look
from wfa.tasks.answering.question_arrays import Floats, Ints, Material, gather
from wfa.tasks.answering.question_batches import Asked
from wfa.tasks.answering.saved_heads import Kept
from wfa.tasks.answering.statement_ranking import (
    best_thresholds,
    choice_similarities,
    claim_margins,
    is_yes,
    opposites,
)
from wfa.tasks.answering.text_reading import Vocabulary
from wfa.tasks.answering.train_heads import answer_all, train_heads
from wfa.tasks.box_overlap import box_text

IMAGES_AT_ONCE = 2048
"""Images whose questions are answered together: the cells of all would not fit for large splits."""


class Both(NamedTuple):
    """ID -> answer: by the heads and caption retrieval, and by ranking statements alone."""

    own: dict[int, str]
    ranked: dict[int, str]


class Answerer:
    """Answers with one model.

    Args:
        model: A run's model in evaluation mode, on the device that computes.
        options: `task` options.
        track: Shows progress.
    """

    def __init__(self, model: MultiCaptionCLIP, options: Config, track: Track[Any]) -> None:
        self._model, self._options, self._track = model, options, track
        self._device = model.logit_scale.device

    def learn(self, train: Annotated, validation: Annotated) -> tuple[Kept, Sizes]:
        """Train the heads, choose the thresholds, and look at the captions' images.

        Args:
            train: The training split.
            validation: The split that chooses; the training split where there is no other.

        Raises:
            DataError: An image or row cannot be read, or there is no caption to retrieve.
        """
        options = self._options
        torch.manual_seed(options.seed)
        chosen = _some(train, options.images, options.seed)
        material, seen = self._open(train, chosen)
        captioned = np.array(sorted({image for image, _, _ in material.captions}), np.int64)
        if not len(captioned):
            raise DataError(f"split {train.split} of {train.name} has no caption to retrieve")
        held = _some(validation, options.validation_images, options.seed)
        judged_by, seen_too = self._open(validation, held)
        vocabulary = Vocabulary.of(material.texts)
        sizes = Sizes(
            len(vocabulary), seen.images.shape[1], seen.tokens.shape[1], options.width,
            options.dropout,
        )  # fmt: skip
        heads = Heads(sizes).to(self._device)
        _standardise(heads, seen.tokens)
        features = self._features(judged_by.texts)
        asked = Asked(judged_by, seen_too, features, vocabulary, self._device)
        teaching = Asked(material, seen, self._features(material.texts), vocabulary, self._device)
        history = train_heads(heads, teaching, asked, options, self._track)
        claims = judged_by.claims
        margins = self._margins(judged_by, seen_too)
        logits, _, _ = answer_all(heads, asked)
        kept = Kept(
            heads=heads,
            vocabulary=vocabulary,
            grid=options.grid,
            judged=best_thresholds(claims.categories, logits, claims.right),
            ranked=best_thresholds(claims.categories, margins, claims.right),
            gallery=seen.images[captioned],
            rows=torch.from_numpy(chosen[captioned]),
            history=history,
        )
        return kept, sizes

    def answer(self, kept: Kept, split: Annotated, train: Annotated) -> Both:
        """Answer every question of a split.

        Args:
            kept: What `learn` gave.
            split: The questions and images.
            train: The training split, whose captions are retrieved.

        Raises:
            DataError: An image or row cannot be read.
        """
        captions = self._known_captions(kept, train)
        kept.heads.to(self._device)
        both = Both({}, {})
        for start in range(0, len(split), IMAGES_AT_ONCE):
            images = np.arange(start, min(start + IMAGES_AT_ONCE, len(split)))
            found = self._answer(kept, captions, *self._open(split, images, kept.grid))
            both.own.update(found.own)
            both.ranked.update(found.ranked)
        return both

    def _answer(
        self, kept: Kept, known: Sequence[str], material: Material, seen: ImageTokens
    ) -> Both:
        """Answer the questions about some images."""
        features = self._features(material.texts)
        asked = Asked(material, seen, features, kept.vocabulary, self._device)
        logits, options, boxes = answer_all(kept.heads, asked)
        captions = self._captions(kept, known, material, seen)
        own = {
            **_yes_no(material, logits, kept.judged),
            **_letters(material, options),
            **{
                rid: box_text(Box(*box))
                for rid, box in zip(material.targets.ids, boxes.tolist(), strict=True)
            },
            **captions,
        }
        nearness = choice_similarities(material, seen.images.numpy(), features.numpy())
        margins = self._margins(material, seen)
        ranked = {**_yes_no(material, margins, kept.ranked), **_letters(material, nearness)}
        return Both(own, {**ranked, **captions})

    def _open(
        self, split: Annotated, images: Ints, grid: int | None = None
    ) -> tuple[Material, ImageTokens]:
        material = gather([split.rows(image) for image in images.tolist()])
        return material, look(self._model, split, images, grid or self._options.grid, self._track)

    def _features(self, texts: Sequence[str]) -> Tensor:
        """Return the run's features of U texts, (U, D) normalised."""
        if not texts:
            return torch.zeros(0, self._model.encoder.width)
        with torch.inference_mode():
            found = self._model.text_side.encode(texts, track=self._track)
        return found.clone()  # a tensor of inference mode takes part in no training

    def _margins(self, material: Material, seen: ImageTokens) -> Floats:
        statements = sorted({text for part in opposites(material) for text in part if text})
        if not statements:
            return np.zeros(len(material.claims.ids), np.float32)
        features = self._features(statements).numpy()
        return claim_margins(
            material, seen.images.numpy(), dict(zip(statements, features, strict=True))
        )

    def _known_captions(self, kept: Kept, train: Annotated) -> list[str]:
        """Return the first caption of each image of the gallery."""
        known = gather([train.rows(row) for row in kept.rows.tolist()])
        first = {image: caption for image, _, caption in reversed(known.captions)}
        return [first[place] for place in range(len(kept.rows))]

    def _captions(
        self, kept: Kept, known: Sequence[str], material: Material, seen: ImageTokens
    ) -> dict[int, str]:
        asked = [(image, rid) for image, rid, _ in material.captions]
        if not asked:
            return {}
        queries = seen.images[[image for image, _ in asked]].numpy()
        found = retrieve_captions(queries, kept.gallery.numpy(), known, self._options.neighbours)
        return {rid: text for (_, rid), text in zip(asked, found, strict=True)}


def _yes_no(material: Material, margins: Floats, thresholds: Mapping[str, float]) -> dict[int, str]:
    claims = material.claims
    answers = is_yes(claims.categories, margins, thresholds)
    return {rid: "yes" if yes else "no" for rid, yes in zip(claims.ids, answers, strict=True)}


def _letters(material: Material, options: Floats) -> dict[int, str]:
    if not len(options):
        return {}
    best = options.argmax(1).tolist()
    return {rid: LETTERS[k] for rid, k in zip(material.choices.ids, best, strict=True)}


def _some(split: Annotated, most: int, seed: int) -> Ints:
    """Return the places of all images, or of `most` drawn ones, ascending."""
    if len(split) <= most:
        return np.arange(len(split))
    return np.sort(np.random.default_rng(seed).choice(len(split), most, replace=False))


def _standardise(heads: Heads, tokens: Tensor) -> None:
    """Tell the eyes what tokens (M, C, G, G) are usual, from at most a thousand images."""
    some = tokens[:: max(1, len(tokens) // 1000)].float()
    heads.eyes.mean.copy_(some.mean((0, 2, 3)))
    heads.eyes.std.copy_(some.std((0, 2, 3)).clamp(min=1e-4))
