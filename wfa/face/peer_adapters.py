"""A model in the shapes that CLIP_benchmark and MTEB call; neither package is imported."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from wfa.data.own_pairs import picture
from wfa.retrieval.embeddings import Floats
from wfa.runs.run_model import ReadyModel

_AT_ONCE = 64


class ClipBenchmarkModel(nn.Module):
    """What CLIP_benchmark's `evaluate(model, ...)` takes; its features are normalised already.

    Args:
        model: The model, which stays on its device and in evaluation mode.
    """

    def __init__(self, model: ReadyModel) -> None:
        super().__init__()
        self._ready = model

    def encode_image(self, images: Tensor) -> Tensor:
        """Encode images (B, ...) as `transform` gives them; (B, D) on their device."""
        return torch.from_numpy(self._ready.encode_images(list(images))).to(images.device)

    def encode_text(self, tokens: Tensor) -> Tensor:
        """Encode what `tokenize` gives for U texts; (U, D) on its device."""
        return self._ready.encode_tokens(tokens).to(tokens.device)

    def transform(self, image: Any) -> Tensor:
        """Turn a picture, such as a `PIL.Image`, into the input of `encode_image` for one."""
        return self._ready.prepare(picture(image, "image"))

    def tokenize(self, texts: Sequence[str]) -> Tensor:
        """Turn U texts into the input of `encode_text`."""
        return self._ready.tokenize(texts)


class MtebEncoder:
    """What `mteb.evaluate(model, tasks)` takes; `encode` of lists is as in sentence-transformers.

    Args:
        model: The model.
        meta: An `mteb.ModelMeta` with its name and modalities; for None MTEB takes it to be a
            nameless model of texts alone.
    """

    def __init__(self, model: ReadyModel, meta: Any = None) -> None:
        self._ready = model
        self.mteb_model_meta = meta

    def encode(self, inputs: Any, **options: Any) -> Floats:
        """Encode texts, images, or both: the mean of their features then.

        Args:
            inputs: A text, a list of texts or of images, or batches of `text`, `image` or both, as
                MTEB's loaders give them.
            options: Those of MTEB and sentence-transformers, which change nothing here.

        Returns:
            (N, D) float32, of length 1; (D,) for one text.
        """
        del options
        if isinstance(inputs, str):
            return self._encoded({"text": [inputs]})[0]  # type: ignore[no-any-return]
        found = [self._encoded(batch) for batch in _batches(inputs)]
        return np.concatenate([np.empty((0, self._ready.width), np.float32), *found])

    def similarity(self, one: Any, other: Any) -> Tensor:
        """Return the cosines (N, M) of features of length 1, (N, D) and (M, D)."""
        return torch.as_tensor(one) @ torch.as_tensor(other).T

    def similarity_pairwise(self, one: Any, other: Any) -> Tensor:
        """Return the cosines (N,) of features of length 1, (N, D) and (N, D)."""
        return (torch.as_tensor(one) * torch.as_tensor(other)).sum(-1)

    def _encoded(self, batch: Mapping[str, Sequence[Any]]) -> Floats:
        found = []
        if "text" in batch:
            found.append(self._ready.encode_texts(list(batch["text"])))
        if "image" in batch:
            images = [self._ready.prepare(picture(image, "image")) for image in batch["image"]]
            found.append(self._ready.encode_images(images))
        mean = np.mean(found, axis=0)
        return np.asarray(mean / np.linalg.norm(mean, axis=1, keepdims=True), np.float32)


def _batches(inputs: Iterable[Any]) -> Iterator[Mapping[str, Sequence[Any]]]:
    """Return batches by name: those of a loader as they are, items of a list some at a time."""
    if not isinstance(inputs, list | tuple):
        yield from inputs
        return
    name = "text" if inputs and isinstance(inputs[0], str) else "image"
    for start in range(0, len(inputs), _AT_ONCE):
        yield {name: inputs[start : start + _AT_ONCE]}
