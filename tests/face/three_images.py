"""Three images with one to three captions each, and features of them."""

from typing import Any

import pytest
import torch
from torch import Tensor

from wfa.errors import UserError

CAPTIONS = [
    ["a red roof", "a red roof", "two cars on a road"],
    ["a river", "a wide river with a bridge"],
    ["green fields"],
]
INDEX = [0, 0, 0, 1, 1, 2]
WIDTH = 8


def features(rows: int = 6, seed: int = 0) -> Tensor:
    return torch.randn(rows, WIDTH, generator=torch.Generator().manual_seed(seed))


def refused(match: str) -> Any:
    return pytest.raises(UserError, match=match)
