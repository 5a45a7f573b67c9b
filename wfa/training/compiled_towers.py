"""Towers compiled by torch: fewer passes over memory, after a first step that takes long."""

import torch

from wfa.encoders.encoder import Encoder
from wfa.errors import ConfigError


def compile_towers(encoder: Encoder) -> None:
    """Compile an encoder's towers in place; names and weights stay as they are.

    Each new shape is compiled when it is first seen, with shapes that vary after the second.

    Raises:
        ConfigError: The encoder has no towers to compile, or torch can compile nothing here.
    """
    towers = encoder.compiled_towers()
    if not towers:
        raise ConfigError(
            "train.compile=true compiles towers that are trained, and this encoder's are locked "
            "and their features cached: set train.compile=false"
        )
    try:
        torch.compile(_smallest)(torch.ones(2))
    except Exception as error:  # of the backend: no compiler, or one that does not work
        cause = str(error).strip().partition("\n")[0]
        raise ConfigError(
            f"train.compile=true needs a compiler that torch can use ({cause}): install a C++ "
            "compiler such as g++, or set train.compile=false"
        ) from error
    for tower in towers:
        tower.compile()


def _smallest(values: torch.Tensor) -> torch.Tensor:
    return values.sin() + 1
