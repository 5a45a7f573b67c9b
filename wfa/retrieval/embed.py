"""Embed one split once: images, distinct captions and one aggregated text an image."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import TypeVar

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional
from torch.utils.data import Dataset

from wfa.captions.folding import caption_ids
from wfa.data.batch import Inputs
from wfa.data.dataset import ImageTextDataset, distinct
from wfa.data.workers import Telling, TellingLoader, collate_told
from wfa.model.clip import MultiCaptionCLIP
from wfa.retrieval.embeddings import Embeddings

Item = TypeVar("Item")
Track = Callable[[Iterable[Item], str], Iterable[Item]]
"""Wraps an iterable of steps to show progress; the text says what is being done."""


def untracked(steps: Iterable[Item], label: str) -> Iterable[Item]:
    """Show nothing."""
    del label
    return steps


@torch.inference_mode()
def embed(
    model: MultiCaptionCLIP,
    dataset: ImageTextDataset,
    inputs: Inputs,
    prior: NDArray[np.float64] | None = None,
    batch_size: int = 256,
    workers: int = 0,
    track: Track[Tensor] = untracked,
) -> Embeddings:
    """Embed a split for retrieval; the model is put in evaluation mode and left there.

    Args:
        model: The model, on the device that computes.
        dataset: The split; M images, N captions.
        inputs: How the model's encoder takes it.
        prior: (N,) importance weights known from the text, None means uniform.
        batch_size: Images or texts a step; changes nothing but memory and time.
        workers: Processes that decode images; 0 for none.
        track: Shows progress.

    Returns:
        Normalised float32 features on the CPU. Captions that are equal once folded are one query:
        the first of them is encoded, and all have exactly its feature.
    """
    model.eval()
    counts = np.array([len(captions) for captions in dataset.captions])
    texts = [text for captions in dataset.captions for text in captions]
    image_index = np.repeat(np.arange(len(dataset)), counts)
    images = embed_images(model, dataset, inputs, batch_size, workers, track)
    ids = caption_ids(texts)
    first = np.unique(ids, return_index=True)[1]
    features = embed_texts(model, [texts[k] for k in first], inputs.texts, batch_size, track)
    if prior is None:
        prior = np.repeat(1.0 / counts, counts)
    drawn = [
        model.aggregation.drawer()(captions, own, None)
        for captions, own in zip(dataset.captions, _split(prior, counts), strict=True)
    ]
    return Embeddings(
        images=images.numpy(),
        captions=features.numpy()[ids],
        image_index=image_index,
        caption_ids=ids,
        aggregated=_aggregate(
            model, drawn, dict(zip(texts, ids.tolist(), strict=True)), features, inputs, batch_size
        ).numpy(),
        image_names=tuple(record.image for record in dataset.records),
    )


def embed_texts(
    model: MultiCaptionCLIP,
    texts: Sequence[str],
    to_inputs: Callable[[Sequence[str]], Tensor],
    batch_size: int = 256,
    track: Track[Tensor] = untracked,
) -> Tensor:
    """Encode texts, those of similar length together, so that little is spent on padding.

    Args:
        model: In evaluation mode.
        texts: U texts.
        to_inputs: Turns some texts into inputs of the text tower.
        batch_size: Texts a step.
        track: Shows progress.

    Returns:
        (U, D) normalised float32 on the CPU, in the order of `texts`.
    """
    order = sorted(range(len(texts)), key=lambda place: len(texts[place].split()))
    chunks = [order[start : start + batch_size] for start in range(0, len(order), batch_size)]
    steps = (to_inputs([texts[place] for place in chunk]) for chunk in chunks)
    encoded = [
        _unit(model.encode_text(step.to(_device(model))))
        for step in track(steps, "embedding texts")
    ]
    features = torch.empty(len(texts), encoded[0].shape[1])
    features[torch.tensor(order)] = torch.cat(encoded)
    return features


@torch.inference_mode()
def embed_images(
    model: MultiCaptionCLIP,
    dataset: ImageTextDataset,
    inputs: Inputs,
    batch_size: int = 256,
    workers: int = 0,
    track: Track[Tensor] = untracked,
) -> Tensor:
    """Encode the images of a split.

    Args:
        model: In evaluation mode.
        dataset: M images.
        inputs: How the model's encoder takes them.
        batch_size: Images a step.
        workers: Processes that decode images; 0 for none.
        track: Shows progress.

    Returns:
        (M, D) normalised float32 on the CPU.
    """
    loader = TellingLoader(
        Telling(_Images(inputs, len(dataset))),
        batch_size=batch_size,
        num_workers=workers,
        collate_fn=collate_told,
    )
    return torch.cat(
        [
            _unit(model.encode_image(step.to(_device(model))))
            for step in track(loader, "embedding images")
        ]
    )


def _aggregate(
    model: MultiCaptionCLIP,
    drawn: Sequence[tuple[Sequence[str], NDArray[np.float64]]],
    row: dict[str, int],
    features: Tensor,
    inputs: Inputs,
    batch_size: int,
) -> Tensor:
    """Aggregate each image's drawn texts; texts that are no captions are encoded here.

    Args:
        model: In evaluation mode.
        drawn: Texts and weights of each image.
        row: Caption -> row of `features`.
        features: (U, D), normalised.
        inputs: How the model takes texts.
        batch_size: Images or texts a step.

    Returns:
        (M, D) float32 on the CPU.
    """
    composed, _ = distinct([text for texts, _ in drawn for text in texts if text not in row])
    if composed:
        row = row | {text: len(features) + place for place, text in enumerate(composed)}
        features = torch.cat([features, embed_texts(model, composed, inputs.texts, batch_size)])
    device = _device(model)
    aggregated = []
    for start in range(0, len(drawn), batch_size):
        part = drawn[start : start + batch_size]
        rows = torch.tensor([row[text] for texts, _ in part for text in texts])
        index = torch.from_numpy(np.repeat(np.arange(len(part)), [len(texts) for texts, _ in part]))
        prior = torch.from_numpy(np.concatenate([own for _, own in part])).float()
        output = model.aggregation(features[rows].to(device), index.to(device), prior.to(device))
        aggregated.append(output.text_features.float().cpu())
    return torch.cat(aggregated)


class _Images(Dataset[Tensor]):
    """A split's images as inputs, without augmentation."""

    def __init__(self, inputs: Inputs, count: int) -> None:
        self._inputs = inputs
        self._count = count

    def __len__(self) -> int:
        return self._count

    def __getitem__(self, index: int) -> Tensor:
        return self._inputs.image(index, None)


def _unit(features: Tensor) -> Tensor:
    return functional.normalize(features.float(), dim=-1).cpu()


def _device(model: MultiCaptionCLIP) -> torch.device:
    return model.logit_scale.device


def _split(prior: NDArray[np.float64], counts: NDArray[np.int64]) -> Iterator[NDArray[np.float64]]:
    return iter(np.split(prior, np.cumsum(counts)[:-1]))
