"""A run's own answers: heads and thresholds made once, then every question of a split answered.

Beside them stand the answers of the same heads with another image of the split, and of heads that
were trained likewise without the image.
"""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from wfa.bigearthnet.rows import LETTERS, Box
from wfa.errors import DataError
from wfa.model.clip import MultiCaptionCLIP
from wfa.tasks.answering.answer_options import Config
from wfa.tasks.answering.caption_retrieval import retrieve_captions
from wfa.tasks.answering.heads import Heads
from wfa.tasks.answering.image_tokens import ImageTokens
from wfa.tasks.answering.image_views import Annotated, look
from wfa.tasks.answering.question_arrays import Floats, Ints, Material, gather
from wfa.tasks.answering.question_batches import Asked
from wfa.tasks.answering.reader import Sizes
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
from wfa.tasks.controls.other_images import blocks, other_images

IMAGES_AT_ONCE = 2048
"""Images whose questions are answered together: the cells of all would not fit for large splits."""


class Answered(NamedTuple):
    """ID -> answer, in several ways.

    Attributes:
        own: By the heads and caption retrieval.
        ranked: By ranking statements alone; the same captions.
        blind: By heads that were trained without the image.
        shuffled: By the heads with another image of the split; empty where there is no other.
    """

    own: dict[int, str]
    ranked: dict[int, str]
    blind: dict[int, str]
    shuffled: dict[int, str]


class Taught(NamedTuple):
    """What heads learn from: the questions of some training images, and of some others."""

    chosen: Ints
    train: Asked
    validation: Asked
    vocabulary: Vocabulary


class Answerer:
    """Answers with one model.

    Args:
        model: A run's model in evaluation mode, on the device that computes.
        options: `task` options.
    """

    def __init__(self, model: MultiCaptionCLIP, options: Config) -> None:
        self._model, self._options = model, options
        self._device = model.logit_scale.device

    def teach(self, train: Annotated, validation: Annotated) -> Taught:
        """Look at the images that heads learn from, and read their questions.

        Args:
            train: The training split.
            validation: The split that chooses; the training split where there is no other.

        Raises:
            DataError: An image or row cannot be read, or there is no caption to retrieve.
        """
        options = self._options
        chosen = some_images(len(train), options.images, options.seed)
        material, seen = self._open(train, chosen)
        if not material.captions:
            raise DataError(f"split {train.split} of {train.name} has no caption to retrieve")
        held = some_images(len(validation), options.validation_images, options.seed)
        judged_by, seen_too = self._open(validation, held)
        vocabulary = Vocabulary.of(material.texts)
        return Taught(
            chosen,
            self._asked(material, seen, vocabulary),
            self._asked(judged_by, seen_too, vocabulary),
            vocabulary,
        )

    def learn(self, taught: Taught, blind: bool) -> tuple[Kept, Sizes]:
        """Train the heads, choose the thresholds, and keep the captions' images.

        Args:
            taught: What `teach` gave.
            blind: Learn without the images: each has the mean of their features.
        """
        options, seen = self._options, taught.train.seen
        torch.manual_seed(options.seed)
        sizes = Sizes(
            len(taught.vocabulary), seen.images.shape[1], seen.tokens.shape[1], options.width,
            options.dropout,
        )  # fmt: skip
        heads = Heads(sizes).to(self._device)
        _standardise(heads, seen.tokens)
        train, validation = taught.train, taught.validation
        if blind:
            mean = seen.mean()
            train = train.beside(mean.repeated(train.material.images))
            validation = validation.beside(mean.repeated(validation.material.images))
        history = train_heads(heads, train, validation, options)
        claims = validation.material.claims
        margins = self._margins(validation.material, validation.seen)
        logits, _, _ = answer_all(heads, validation)
        captioned = np.array(sorted({image for image, _, _ in train.material.captions}), np.int64)
        kept = Kept(
            heads=heads,
            vocabulary=taught.vocabulary,
            grid=options.grid,
            judged=best_thresholds(claims.categories, logits, claims.right),
            ranked=best_thresholds(claims.categories, margins, claims.right),
            gallery=train.seen.images[captioned].contiguous(),
            rows=torch.from_numpy(taught.chosen[captioned]),
            history=history,
        )
        return kept, sizes

    def answer(self, kept: Kept, blind: Kept, split: Annotated, train: Annotated) -> Answered:
        """Answer every question of a split.

        Args:
            kept: What `learn` gave.
            blind: The same of heads that learned without the images.
            split: The questions and images.
            train: The training split, whose captions are retrieved.

        Raises:
            DataError: An image or row cannot be read.
        """
        captions = self._known_captions(kept, train)
        for heads in (kept.heads, blind.heads):
            heads.to(self._device)
        found = Answered({}, {}, {}, {})
        for images in blocks(len(split), IMAGES_AT_ONCE):
            asked = self._asked(*self._open(split, images, kept.grid), kept.vocabulary)
            found.own.update(self._answer(kept, kept, captions, asked))
            found.ranked.update(self._ranked(kept, asked, found.own))
            mean = ImageTokens(blind.gallery[:1], _usual(blind.heads, asked.seen.tokens))
            unseen = asked.beside(mean.repeated(len(images)))
            found.blind.update(self._answer(blind, kept, captions, unseen))
            if len(images) > 1:
                other = asked.beside(asked.seen.take(other_images(len(images))))
                found.shuffled.update(self._answer(kept, kept, captions, other))
        return found

    def _answer(
        self, heads: Kept, shown: Kept, known: Sequence[str], asked: Asked
    ) -> dict[int, str]:
        """Answer the questions about some images.

        Args:
            heads: The heads, with their thresholds.
            shown: Whose gallery captions are taken from.
            known: The captions of that gallery.
            asked: The questions, with what is seen.
        """
        material = asked.material
        logits, options, boxes = answer_all(heads.heads, asked)
        return {
            **_yes_no(material, logits, heads.judged),
            **_letters(material, options),
            **{
                rid: box_text(Box(*box))
                for rid, box in zip(material.targets.ids, boxes.tolist(), strict=True)
            },
            **self._captions(shown, known, material, asked.seen),
        }

    def _ranked(self, kept: Kept, asked: Asked, own: Mapping[int, str]) -> dict[int, str]:
        """Answer by ranking statements; captions are those of the heads' answers."""
        material, seen = asked.material, asked.seen
        nearness = choice_similarities(material, seen.images.numpy(), asked.features.numpy())
        margins = self._margins(material, seen)
        captions = {rid: own[rid] for _, rid, _ in material.captions}
        return {
            **_yes_no(material, margins, kept.ranked), **_letters(material, nearness), **captions,
        }  # fmt: skip

    def _asked(self, material: Material, seen: ImageTokens, vocabulary: Vocabulary) -> Asked:
        features = self._features(material.texts)
        return Asked(material, seen, features, vocabulary, self._device)

    def _open(
        self, split: Annotated, images: Ints, grid: int | None = None
    ) -> tuple[Material, ImageTokens]:
        material = gather([split.rows(image) for image in images.tolist()])
        return material, look(self._model, split, images, grid or self._options.grid)

    def _features(self, texts: Sequence[str]) -> Tensor:
        """Return the run's features of U texts, (U, D) normalised."""
        if not texts:
            return torch.zeros(0, self._model.encoder.width)
        with torch.inference_mode():
            found = self._model.text_side.encode(texts)
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


def some_images(count: int, most: int, seed: int) -> Ints:
    """Return the places of all of `count` images, or of `most` drawn ones, ascending."""
    if count <= most:
        return np.arange(count)
    return np.sort(np.random.default_rng(seed).choice(count, most, replace=False))


def _standardise(heads: Heads, tokens: Tensor) -> None:
    """Tell the eyes what tokens (M, C, G, G) are usual, from at most a thousand images."""
    some = tokens[:: max(1, len(tokens) // 1000)].float()
    heads.eyes.mean.copy_(some.mean((0, 2, 3)))
    heads.eyes.std.copy_(some.std((0, 2, 3)).clamp(min=1e-4))


def _usual(heads: Heads, tokens: Tensor) -> Tensor:
    """Return one image's tokens (1, C, G, G), each the mean of the training images'."""
    mean = heads.eyes.mean.detach().cpu().to(tokens.dtype)
    return mean[None, :, None, None].expand(1, *tokens.shape[1:])
