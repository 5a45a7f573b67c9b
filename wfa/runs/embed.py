"""Embed one split once: images, distinct captions and one aggregated text an image."""

from collections.abc import Callable, Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.utils.data import Dataset

from wfa.aggregation.text_half import TextHalf
from wfa.data.batch import Inputs
from wfa.data.dataset import ImageTextDataset
from wfa.data.weighted_captions import WeightedCaptions
from wfa.data.worker_errors import Telling, TellingLoader, collate_told
from wfa.model.clip import MultiCaptionCLIP
from wfa.model.texts import BATCH, TextFeatures
from wfa.progress import track
from wfa.retrieval.embeddings import Embeddings
from wfa.retrieval.retrieval_options import Config
from wfa.runs.parts import Parts, SplitParts


def embed_split(
    parts: Parts,
    part: SplitParts,
    places: NDArray[np.int64] | None = None,
    retrieval: Config | None = None,
) -> Embeddings:
    """Embed a split with a run's model as it stands, or its images at (M,) `places`.

    Captions are worded as `retrieval` says, by default that of the run's config.
    """
    worded = (retrieval or parts.config.retrieval).worded
    return embed(
        parts.model, part.dataset, part.inputs, part.texts,
        workers=parts.workers, places=places, worded=worded,
    )  # fmt: skip


@torch.inference_mode()
def embed(
    model: MultiCaptionCLIP,
    dataset: ImageTextDataset,
    inputs: Inputs,
    texts: WeightedCaptions | None = None,
    batch_size: int = BATCH,
    workers: int = 0,
    places: NDArray[np.int64] | None = None,
    worded: Callable[[str], str] = str,
) -> Embeddings:
    """Embed a split for retrieval; the model is put in evaluation mode and left there.

    Args:
        model: The model, on the device that computes.
        dataset: The split.
        inputs: How the model's encoder takes it.
        texts: The split's captions, weighed by the model's technique; made here unless given.
        batch_size: Images or texts a step; changes nothing but memory and time.
        workers: Processes that decode images; 0 for none.
        places: (M,) the images of the split that are embedded; None for all.
        worded: Writes a text as it is encoded; weights and which texts are equal are those of the
            captions as they are.

    Returns:
        Normalised float32 features on the CPU. Captions that are equal once folded are one query:
        the first of them is encoded, and all have exactly its feature.
    """
    model.eval()
    if texts is None:
        texts = WeightedCaptions(dataset, TextHalf.of(model.aggregation))
    if places is None:
        places = np.arange(len(dataset))
        texts.hold()
    chosen = [texts.of(place) for place in places.tolist()]
    counts = [len(captions) for captions, _ in chosen]
    captions = [text for own, _ in chosen for text in own]
    images = embed_images(model, places, inputs, batch_size, workers)

    def to_inputs(texts: Sequence[str]) -> Tensor:
        return inputs.texts([worded(text) for text in texts])

    features = TextFeatures(model.text_side, captions, to_inputs, batch_size)
    aggregated = features.aggregate([texts.half.draw(*own) for own in chosen])
    return Embeddings(
        images=images.numpy(),
        captions=features.of(captions).numpy(),
        image_index=np.repeat(np.arange(len(places)), counts),
        caption_ids=features.caption_ids,
        aggregated=aggregated.text_features.numpy(),
        image_names=tuple(dataset.records[place].image for place in places.tolist()),
    )


@torch.inference_mode()
def embed_images(
    model: MultiCaptionCLIP,
    places: NDArray[np.int64],
    inputs: Inputs,
    batch_size: int = BATCH,
    workers: int = 0,
) -> Tensor:
    """Encode images of a split.

    Args:
        model: In evaluation mode.
        places: (M,) which ones.
        inputs: How the model's encoder takes the split.
        batch_size: Images a step.
        workers: Processes that decode images; 0 for none.

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
            model.encode_image(step.to(model.logit_scale.device)).float().cpu()
            for step in track(loader, "embedding images")
        ]
    )


class _Images(Dataset[Tensor]):
    """Images of a split as inputs, without augmentation."""

    def __init__(self, inputs: Inputs, places: NDArray[np.int64]) -> None:
        self._inputs = inputs
        self._places = places

    def __len__(self) -> int:
        return len(self._places)

    def __getitem__(self, index: int) -> Tensor:
        return self._inputs.image(int(self._places[index]), None)
