"""What a broken contract says: who broke it, and how."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch
from torch import Tensor

from wfa.errors import ConfigError, UserError
from wfa.plugins.overrides import broken_overrides


class ContractError(ConfigError, AssertionError):
    """A plug-in does not keep what its kind promises; the message names it and the reason."""


class Contract:
    """Collects what a plug-in must keep.

    Args:
        cls: The plug-in's class.
        base: What those of its kind extend.
        label: What messages call the plug-in; the name of its class where empty.

    Raises:
        ContractError: It is no class of its kind.
    """

    def __init__(self, cls: type[Any], base: type[Any], label: str = "") -> None:
        if wrong := broken_overrides(cls, base):
            raise ContractError(f"{label}: {wrong}" if label else wrong)
        self._label = label or cls.__name__

    def require(self, kept: bool, what: str) -> None:
        """Refuse the plug-in unless something holds.

        Raises:
            ContractError: It does not.
        """
        if not kept:
            raise ContractError(f"{self._label} breaks its contract: {what}")

    def close(self, found: Tensor, wanted: Tensor, what: str, tolerance: float = 1e-6) -> None:
        """Refuse the plug-in unless two tensors are equal up to rounding.

        Args:
            found: What it gave.
            wanted: What it must give.
            what: What is wrong otherwise.
            tolerance: Largest difference, absolute or relative.

        Raises:
            ContractError: They are not.
        """
        same = found.shape == wanted.shape and torch.allclose(
            found.double(), wanted.double(), rtol=tolerance, atol=tolerance
        )
        self.require(same, what)

    @contextmanager
    def running(self, what: str) -> Iterator[None]:
        """Name the plug-in in whatever goes wrong in its code.

        Raises:
            ContractError: Something did.
        """
        try:
            yield
        except UserError:
            raise
        except Exception as error:
            raise ContractError(
                f"{self._label} fails when {what}: {type(error).__name__}: {error}"
            ) from error
