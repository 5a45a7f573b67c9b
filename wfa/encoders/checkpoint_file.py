"""Read the weights in a checkpoint file, however they are wrapped, without unpickling objects."""

from collections.abc import Mapping
from pathlib import Path
from pickle import UnpicklingError
from typing import Any

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import Tensor

from wfa.errors import ModelError

UNREADABLE = (
    OSError, EOFError, UnpicklingError, RuntimeError, SafetensorError, ValueError, KeyError,
    TypeError, AttributeError, IndexError,
)  # fmt: skip
"""What reading a file that is no checkpoint raises, by what is wrong with it."""

_WRAPPERS = ("state_dict", "model", "model_state_dict", "module", "net", "weights")
"""Names under which training programs keep the weights, the likeliest first."""

_TORCH_FILES = (b"PK\x03\x04", b"\x80")
_OF_OPENAI = ("input_resolution", "context_length", "vocab_size")
"""Entries beside the weights in the files that OpenAI published, whose activation is QuickGELU."""


def read_checkpoint(path: Path) -> dict[str, Any]:
    """Read a checkpoint: names with tensors, as the training program wrote them.

    What holds the weights, such as `{"epoch": 3, "model": ...}`, is opened; other entries are left.

    Args:
        path: A safetensors file, or a torch file of tensors and plain values.

    Raises:
        ModelError: The file is damaged, holds pickled objects, or holds no names with tensors.
    """
    try:
        found = _load(path)
    except UNREADABLE as error:
        cause = (str(error) or "it is empty").splitlines()[0]
        if isinstance(error, UnpicklingError):  # its message explains how to run foreign code
            cause = "it holds pickled objects, or is no torch file"
        raise ModelError(
            f"{path} cannot be read as weights: {cause}. Wanted is a checkpoint in safetensors, "
            "or a torch file of tensors only"
        ) from error
    while isinstance(found, Mapping) and not _has_tensors(found):
        inner = {name: value for name, value in found.items() if _holds_weights(value)}
        likely = [name for name in _WRAPPERS if name in inner] or list(inner)
        if len(likely) != 1 and not (likely and likely[0] in _WRAPPERS):
            shown = ", ".join(map(str, likely or list(found)[:8])) or "nothing"
            raise ModelError(
                f"{path} holds {shown}, wanted a state dict: names with tensors. Save the one "
                "that is meant by itself"
            )
        found = found[likely[0]]
    if not isinstance(found, Mapping):
        raise ModelError(
            f"{path} holds a {type(found).__name__.lower()}, wanted a state dict: names with "
            "tensors"
        )
    return {str(name): value for name, value in found.items()}


def fit_names(found: Mapping[str, Any], wanted: Mapping[str, Tensor]) -> dict[str, Any]:
    """Take away what wrappers put in front of all names: `module.`, `model.`, `_orig_mod.`.

    Args:
        found: A checkpoint's entries.
        wanted: The model's own.

    Returns:
        The entries under the model's names as far as that tells them.
    """
    names = {name: name.replace("_orig_mod.", "") for name in found}
    known = {name.partition(".")[0] for name in wanted}
    while len(first := {name.partition(".")[0] for name in names.values()}) == 1:
        (prefix,) = first
        if prefix in known or not all("." in name for name in names.values()):
            break
        names = {old: name.removeprefix(f"{prefix}.") for old, name in names.items()}
    return {name: found[old] for old, name in names.items()}


def is_of_openai(found: Mapping[str, Any]) -> bool:
    """Say whether a checkpoint is one of those that OpenAI published."""
    return all(name in found for name in _OF_OPENAI)


def without_notes(found: Mapping[str, Any], wanted: Mapping[str, Tensor]) -> dict[str, Any]:
    """Leave out entries that are no weights: OpenAI's sizes, and plain numbers and texts."""
    return {
        name: value
        for name, value in found.items()
        if name in wanted or (isinstance(value, Tensor) and name not in _OF_OPENAI)
    }


def foreign_kind(found: Mapping[str, Any], wanted: Mapping[str, Tensor]) -> str:
    """Say what a checkpoint is that fits no model of open_clip's; empty where nothing is known."""
    if any(name.startswith(("vision_model.", "text_model.")) for name in found):
        return "of the towers of Hugging Face's transformers only a whole CLIPModel is read"
    for name in found.keys() - wanted.keys():  # 'visual.' stands before whole names by right
        own = next((key for key in wanted if "." in key and name.endswith(f".{key}")), None)
        if own is not None:
            prefix = name.removesuffix(own)
            return f"some of its names begin with {prefix!r} and others do not: take that away"
    return ""


def _load(path: Path) -> Any:
    with path.open("rb") as file:
        start = file.read(4)
    if path.suffix != ".safetensors" and (start.startswith(_TORCH_FILES) or not start):
        return torch.load(path, map_location="cpu", weights_only=True)
    return load_file(path)


def _has_tensors(found: Mapping[Any, Any]) -> bool:
    return any(isinstance(value, Tensor) for value in found.values())


def _holds_weights(found: Any, depth: int = 3) -> bool:
    if not isinstance(found, Mapping) or not all(isinstance(name, str) for name in found):
        return False
    return _has_tensors(found) or (
        depth > 0 and any(_holds_weights(value, depth - 1) for value in found.values())
    )
