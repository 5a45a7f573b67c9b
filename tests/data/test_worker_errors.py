"""What worker processes meet reaches the user as it was meant, not as a traceback."""

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.utils.data import Dataset

from tests.data.tiny import SPEC, TinyDataset, drawn_by, tokenize
from wfa.data.loader import CaptionDataModule, TrainingBatches
from wfa.data.pixel_inputs import PixelInputs
from wfa.data.worker_errors import Telling, TellingLoader, collate_told
from wfa.errors import DataError


class Broken(TinyDataset):
    """Image 3 cannot be decoded."""

    def read_image(self, index: int) -> NDArray[np.uint8]:
        if index == 3:
            raise DataError("image train/3 of tiny is truncated. Put a good copy in its place")
        return super().read_image(index)


@pytest.mark.parametrize("workers", [0, 2])
def test_a_bad_image_is_named_in_plain_words(workers: int) -> None:
    dataset = Broken([["a"]] * 8)
    inputs = PixelInputs(dataset, SPEC, tokenize, cache=None, augment="none")
    batches = TrainingBatches(inputs, drawn_by(dataset), 0)
    loader = CaptionDataModule(batches, 8, 4, 0, workers).train_dataloader()
    with pytest.raises(DataError) as error:
        list(loader)
    assert str(error.value) == "image train/3 of tiny is truncated. Put a good copy in its place"


class Items(Dataset[Tensor]):
    """Items of which the sixth cannot be made, by a user's mistake or our own fault."""

    def __init__(self, error: Exception) -> None:
        self.error = error

    def __len__(self) -> int:
        return 8

    def __getitem__(self, index: int) -> Tensor:
        if index == 5:
            raise self.error
        return torch.tensor([index])


@pytest.mark.slow
@pytest.mark.parametrize("workers", [0, 1])
def test_batches_put_together_by_the_loader(workers: int) -> None:
    items = Telling(Items(DataError("no sixth")))
    loader = TellingLoader(items, batch_size=2, num_workers=workers, collate_fn=collate_told)
    found = iter(loader)
    assert next(found).tolist() == [[0], [1]]
    assert next(found).tolist() == [[2], [3]]
    with pytest.raises(DataError, match=r"^no sixth$"):
        next(found)


def test_our_own_faults_keep_their_traceback() -> None:
    items = Telling(Items(ZeroDivisionError("a fault")))
    loader = TellingLoader(items, batch_size=2, num_workers=1, collate_fn=collate_told)
    with pytest.raises(ZeroDivisionError, match="Traceback"):
        list(loader)
