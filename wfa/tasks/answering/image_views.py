"""Look at images with a run's model: the features of the whole image and of its places."""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, ClassVar, Protocol

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from wfa.bigearthnet.rows import Row
from wfa.data.dataset import Record
from wfa.encoders.feature_maps import encode_with_cells
from wfa.model.clip import MultiCaptionCLIP
from wfa.progress import track
from wfa.tasks.answering.image_tokens import ImageTokens
from wfa.tasks.answering.question_arrays import Ints

_BATCH = 32


class Annotated(Protocol):
    """A split whose images come with questions."""

    name: ClassVar[str]
    split: str
    records: Sequence[Record]

    def __len__(self) -> int: ...

    def read_image(self, index: int) -> NDArray[Any]:
        """Read image `index`."""

    def rows(self, index: int) -> list[Row]:
        """Return the annotations of image `index`."""

    @property
    def checksum(self) -> str:
        """Identify the split."""


@torch.inference_mode()
def look(model: MultiCaptionCLIP, split: Annotated, images: Ints, grid: int) -> ImageTokens:
    """Encode some images of a split.

    Args:
        model: In evaluation mode.
        split: The images.
        images: (M,) which.
        grid: Most cells along a side.

    Raises:
        DataError: An image cannot be read.
    """
    encoder, device = model.encoder, model.logit_scale.device
    whole: list[Tensor] = []
    tokens: list[Tensor] = []
    starts = range(0, len(images), _BATCH)
    with ThreadPoolExecutor(2) as pool:
        for start in track(starts, f"looking at images ({split.split})"):
            read = pool.map(split.read_image, images[start : start + _BATCH].tolist())
            batch = torch.stack([encoder.image_input(np.asarray(image)) for image in read])
            seen = encode_with_cells(encoder, batch.to(device), grid)
            whole.append(functional.normalize(seen.features.float(), dim=-1).cpu())
            tokens.append(seen.cells.half().cpu())
    return ImageTokens(torch.cat(whole), torch.cat(tokens))
