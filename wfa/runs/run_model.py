"""A model that is ready to encode: images and queries to features, and what was cut."""

import threading
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from wfa.errors import ModelError, RunError, UserError, unknown
from wfa.files import file_hash
from wfa.model.clip import MultiCaptionCLIP
from wfa.model.texts import TextFeatures, normalised
from wfa.retrieval.embeddings import Floats
from wfa.runs.best_device import best_device
from wfa.runs.parts import load_run
from wfa.runs.run_folder import RunFolder

TECHNIQUES = ("own", "mean", "uniqueness", "max_similarity")
"""How several captions of one query become a ranking: the run's own technique, their plain mean,
weights by uniqueness, or each by itself and an image counts by its best caption."""

_SHOWN = 80
"""Characters of what was cut that a message shows."""


@dataclass(frozen=True, eq=False)
class Query:
    """A query as it is searched with.

    Attributes:
        features: (Q, D) float32, normalised; one, or one for each text with `max_similarity`.
        texts: What was encoded; the captions, or what the technique made of them.
        weights: Importance of each text, sum 1; None where each counts by itself.
        notes: What the asker should know: what was cut.
    """

    features: Floats
    texts: tuple[str, ...] = ()
    weights: tuple[float, ...] | None = None
    notes: tuple[str, ...] = ()


class ReadyModel:
    """A model that is ready to encode; calls from several threads wait for each other.

    Args:
        model: The model with its weights.
        name: What messages call it.

    Attributes:
        width: D, the width of its features.
        bands: The bands that it was trained on; empty for pictures of red, green and blue.
    """

    def __init__(self, model: MultiCaptionCLIP, name: str) -> None:
        self._model = model.eval()
        self._encoder = model.encoder
        self.width = self._encoder.width
        self._lock = threading.Lock()
        self._name = name
        self.bands = self._encoder.image_spec.bands
        self._model.to(best_device())
        own = self._model.text_side
        others = {name: own.with_technique(name) for name in ("mean", "uniqueness")}
        self._sides = {"own": own, **others}

    def prepare(self, image: NDArray[np.uint8]) -> Tensor:
        """Turn a picture (H, W, 3) into the model's input; safe in many threads at once.

        Raises:
            ModelError: The run was trained on other bands than red, green and blue.
        """
        if self.bands:
            raise ModelError(
                f"{self._name} was trained on the bands {', '.join(self.bands)}, which picture "
                "files do not have: train a run on pictures, index scenes that have these bands, "
                "or search the run's own data set with `wfa evaluate`"
            )
        return self._encoder.image_input(image)

    def prepare_bands(self, values: NDArray[np.generic]) -> Tensor:
        """Turn the bands of a scene, (H, W, C) in the units trained on, into the model's input."""
        return self._encoder.image_input(values)

    @torch.inference_mode()
    def encode_images(self, inputs: Sequence[Tensor]) -> Floats:
        """Encode B prepared pictures; (B, D) float32, normalised, perhaps not finite."""
        with self._lock:
            batch = torch.stack(list(inputs)).to(self._model.logit_scale.device)
            features: Floats = self._model.encode_image(batch).float().cpu().numpy()
        return features

    def encode_texts(self, texts: Sequence[str]) -> Floats:
        """Encode N texts, each by itself and as it is written; (N, D) float32, normalised.

        Raises:
            UserError: There is no text, or a blank one.
            ModelError: The model gives NaN.
        """
        _check_words(texts)
        with self._lock:
            features = self._sides["own"].encode(texts).numpy()
        return _finite(features, "a text")

    def tokenize(self, texts: Sequence[str]) -> Tensor:
        """Turn U texts into the input of `encode_tokens`."""
        return self._encoder.tokenize(texts)

    @torch.inference_mode()
    def encode_tokens(self, tokens: Tensor) -> Tensor:
        """Encode what `tokenize` gives; (U, D) float32 on the CPU, normalised."""
        with self._lock:
            features = self._encoder.encode_text(tokens.to(self._model.logit_scale.device))
        return normalised(features).float().cpu()

    def ask_image(self, image: NDArray[np.uint8]) -> Query:
        """Make a query of a picture (H, W, 3).

        Raises:
            ModelError: The run was trained on other bands, or gives NaN.
        """
        return Query(_finite(self.encode_images([self.prepare(image)]), "the image"))

    def ask(self, captions: Sequence[str], technique: str = "own") -> Query:
        """Make a query of one caption or several that describe the same.

        Args:
            captions: At least one, none of them blank.
            technique: One of `TECHNIQUES`.

        Raises:
            UserError: There is no caption, or a blank one.
            ConfigError: There is no such technique.
            ModelError: The model gives NaN.
        """
        if technique not in TECHNIQUES:
            raise unknown("technique", technique, list(TECHNIQUES))
        _check_words(captions)
        captions = [caption.strip() for caption in captions]
        with self._lock:
            if technique == "max_similarity":
                features = TextFeatures(self._sides["own"], captions).of(captions)
                query = Query(features.numpy(), tuple(captions))
            else:
                made = self._sides[technique].query([captions])
                query = Query(
                    made.text_features.numpy(), tuple(made.texts), tuple(made.weights.tolist())
                )
            notes = tuple(note for text in query.texts for note in self._cut(text))
        _finite(query.features, "the query")
        return replace(query, notes=notes)

    def _cut(self, text: str) -> list[str]:
        """Say what of a text the tower never sees.

        Any tower tells it: the shortest beginning that becomes the same input as the whole text
        is all that counts, and is found by halving.
        """
        longest = self._encoder.context_length
        if len(text) <= longest - 2:  # a token is at least one character, two mark the ends
            return []
        whole = self._encoder.tokenize([text])
        low, high = 0, len(text)
        while low < high:
            middle = (low + high) // 2
            part = self._encoder.tokenize([text[:middle]])
            if part.shape == whole.shape and torch.equal(part, whole):
                high = middle
            else:
                low = middle + 1
        rest = text[high:].strip()
        if not any(character.isalnum() for character in rest):
            return []
        shown = rest if len(rest) <= _SHOWN else f"{rest[:_SHOWN].rstrip()} …"
        words = len(rest.split())
        return [
            f"the query is longer than the {longest} tokens that the model reads: its last "
            f"{f'{words} words were' if words > 1 else 'word was'} cut ({shown!r})"
        ]


class RunModel(ReadyModel):
    """The model of a run.

    Args:
        run: A finished run's folder.

    Attributes:
        run: The folder.
        checksum: SHA-256 (hex) of its weights' file.
        technique: The name of its aggregation.

    Raises:
        RunError: The folder holds no finished run.
        ModelError: The weights are damaged or of another architecture.
    """

    def __init__(self, run: Path) -> None:
        parts = load_run(run)
        self.run = run
        self.checksum = checksum(run)
        self.technique = parts.config.aggregation.label
        super().__init__(parts.model, str(run))


def checksum(run: Path) -> str:
    """Return the SHA-256 (hex) of a run's weights' file.

    Raises:
        RunError: The folder holds no finished run.
    """
    folder = RunFolder(run)
    folder.read_config()
    if not folder.weights.is_file():
        raise RunError(
            f"{run} has no model.safetensors: finish it with `wfa train --config-file "
            f"{folder.config_file} out={run}`"
        )
    return file_hash(folder.weights)


def _check_words(texts: Sequence[str]) -> None:
    if not texts or not all(text.strip() for text in texts):
        raise UserError('the query is empty: ask with words, as in "a river between fields"')


def _finite(features: Floats, what: str) -> Floats:
    if not np.isfinite(features).all():
        raise ModelError(
            f"the model gives NaN for {what}: its training diverged; train it again with a lower "
            "train.lr"
        )
    return features
