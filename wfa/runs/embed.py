"""Embed one split once: images, distinct captions and one aggregated text an image."""

from collections.abc import Callable, Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional
from torch.utils.data import Dataset

from wfa.captions.folding import caption_ids
from wfa.data.batch import Inputs
from wfa.data.dataset import ImageTextDataset, distinct
from wfa.data.loader import ImageWeights, Prior
from wfa.data.worker_errors import Telling, TellingLoader, collate_told
from wfa.model.clip import MultiCaptionCLIP
from wfa.progress import Track, untracked
from wfa.retrieval.embeddings import Embeddings

@torch.inference_mode()
def embed(
    model: MultiCaptionCLIP,
    dataset: ImageTextDataset,
    inputs: Inputs,
    prior: Prior = None,
    batch_size: int = 256,
    workers: int = 0,
    track: Track[Tensor] = untracked,
    places: NDArray[np.int64] | None = None,
) -> Embeddings:
    """Embed a split for retrieval; the model is put in evaluation mode and left there.

    Args:
        model: The model, on the device that computes.
        dataset: The split.
        inputs: How the model's encoder takes it.
        prior: Importance weights known from the text, of all the split's captions or as what
            weighs those of an image; None means uniform.
        batch_size: Images or texts a step; changes nothing but memory and time.
        workers: Processes that decode images; 0 for none.
        track: Shows progress.
        places: (M,) the images of the split that are embedded; None for all.

    Returns:
        Normalised float32 features on the CPU. Captions that are equal once folded are one query:
        the first of them is encoded, and all have exactly its feature.
    """
    model.eval()
    if places is None:
        places = np.arange(len(dataset))
    known = dataset.captions
    chosen = [known[place] for place in places.tolist()]
    counts = np.array([len(captions) for captions in chosen])
    texts = [text for captions in chosen for text in captions]
    images = embed_images(model, places, inputs, batch_size, workers, track)
    ids = caption_ids(texts)
    first = np.unique(ids, return_index=True)[1]
    features = embed_texts(model, [texts[k] for k in first], inputs.texts, batch_size, track)
    weights, draw = ImageWeights(prior, known), model.aggregation.drawer()
    drawn = [
        draw(captions, weights.of(place, captions), None)
        for place, captions in zip(places.tolist(), chosen, strict=True)
    ]
    return Embeddings(
        images=images.numpy(),
        captions=features.numpy()[ids],
        image_index=np.repeat(np.arange(len(places)), counts),
        caption_ids=ids,
        aggregated=aggregate_drawn(
            model, drawn, dict(zip(texts, ids.tolist(), strict=True)), features, inputs, batch_size
        ).numpy(),
        image_names=tuple(dataset.records[place].image for place in places.tolist()),
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
    places: NDArray[np.int64],
    inputs: Inputs,
    batch_size: int = 256,
    workers: int = 0,
    track: Track[Tensor] = untracked,
) -> Tensor:
    """Encode images of a split.

    Args:
        model: In evaluation mode.
        places: (M,) which ones.
        inputs: How the model's encoder takes the split.
        batch_size: Images a step.
        workers: Processes that decode images; 0 for none.
        track: Shows progress.

    Returns:
        (M, D) normalised float32 on the CPU.
    """
    loader = TellingLoader(
        Telling(_Images(inputs, places)),
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


@torch.inference_mode()
def aggregate_drawn(
    model: MultiCaptionCLIP,
    drawn: Sequence[tuple[Sequence[str], NDArray[np.float64]]],
    row: dict[str, int],
    features: Tensor,
    inputs: Inputs,
    batch_size: int = 256,
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
    """Images of a split as inputs, without augmentation."""

    def __init__(self, inputs: Inputs, places: NDArray[np.int64]) -> None:
        self._inputs = inputs
        self._places = places

    def __len__(self) -> int:
        return len(self._places)

    def __getitem__(self, index: int) -> Tensor:
        return self._inputs.image(int(self._places[index]), None)


def _unit(features: Tensor) -> Tensor:
    return functional.normalize(features.float(), dim=-1).cpu()


def _device(model: MultiCaptionCLIP) -> torch.device:
    return model.logit_scale.device
