"""What every loss keeps."""

from functools import partial
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional

from wfa.model.contrast import SHARED, Contrast
from wfa.testing.requirement import Contract

OWNER = (0, 1, 2, 3, 1, 3)


def check_loss(loss: type[Contrast], label: str = "", **options: Any) -> None:
    """Hold a loss to its contract.

    It is a finite scalar with finite gradients, the order of images and texts changes nothing, and
    texts that are like their images cost less.

    Args:
        loss: The class.
        label: What messages call it; its name by default.
        options: Options other than the defaults.

    Raises:
        ContractError: It does not keep it.
        ConfigError: It cannot be built.

    >>> import wfa
    >>> from wfa.testing import check_loss
    >>> check_loss(wfa.losses.InfoNCE)
    """
    contract = Contract(loss, Contrast, label)
    random = torch.Generator().manual_seed(0)
    features = torch.randn(10, 8, generator=random, dtype=torch.float64)
    images, texts = (
        functional.normalize(features[:4], dim=-1),
        functional.normalize(features[4:], dim=-1),
    )
    owner = torch.tensor(OWNER)
    shared = 0.5 * torch.rand(6, 4, generator=random, dtype=torch.float64)
    shared[torch.arange(6), owner] = 0.0
    for how in SHARED:
        with contract.running("it is built"):
            module = loss(**{**options, "shared": how})
        compute = partial(_computed, contract, module)
        leaf = texts.clone().requires_grad_()
        found = compute(images, leaf, owner, shared)
        contract.require(found.shape == () and bool(found.isfinite()), "it is no finite scalar")
        torch.autograd.backward(found)
        finite = leaf.grad is not None and bool(leaf.grad.isfinite().all())
        contract.require(finite, "its gradient is missing or not finite")
        rows, columns = torch.tensor([5, 0, 3, 1, 4, 2]), torch.tensor([2, 0, 3, 1])
        moved = compute(
            images[columns], texts[rows], columns.argsort()[owner[rows]], shared[rows][:, columns]
        )
        contract.close(moved, found.detach(), "the order of images and texts changes it")
        if how == "keep":  # with shares, texts are to be like several images
            far = compute(images, texts, owner, shared, scale=20.0, bias=-8.0)
            near = compute(images, images[owner], owner, shared, scale=20.0, bias=-8.0)
            contract.require(bool(near < far), "texts like their images do not cost less")


def _computed(
    contract: Contract,
    module: Contrast,
    images: Tensor,
    texts: Tensor,
    owner: Tensor,
    shared: Tensor,
    scale: float = 5.0,
    bias: float = -0.5,
) -> Tensor:
    with contract.running("it is computed"):
        return module.compute(
            images, texts, owner, shared, torch.tensor(scale).double(), torch.tensor(bias).double()
        )
