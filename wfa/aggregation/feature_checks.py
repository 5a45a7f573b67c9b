"""What is handed in by hand: features and indices are checked once, and every error says what."""

from typing import Any

import torch
from torch import Tensor, nn

from wfa.errors import ArgumentError, ConfigError, some_of, some_rows

_TOLERANCE = 1e-3
"""How far weights of half precision may be from the sum 1."""


def learned_width(module: nn.Module, width: int | None) -> int:
    """Return the width of the features that a module learns from.

    Raises:
        ConfigError: It is not given, or no positive integer.
    """
    if not isinstance(width, int) or width < 1:
        name = type(module).__name__
        raise ConfigError(
            f"{name} learns from the features: give their width, as in {name}(width=512), "
            f"not {width!r}"
        )
    return width


def check_features(
    name: str, features: Any, width: int | None = None, device: torch.device | None = None
) -> Tensor:
    """Return features as a tensor (rows, width).

    Args:
        name: What messages call them.
        features: A tensor or array of numbers.
        width: The width that they must have; None takes any.
        device: Where they must be; None takes any.

    Raises:
        ArgumentError: They are not a matrix of floating-point numbers, there is no row, they are
            of another width, elsewhere, or hold NaN or infinite values.
    """
    found = _tensor(name, features)
    if device is not None:
        _same_device(name, found, device)
    if found.dim() != 2 or not found.is_floating_point() or 0 in found.shape:
        raise ArgumentError(
            f"{name} must be a matrix of floating-point numbers with at least one row, but is "
            f"{_shown(found)}"
        )
    if width is not None and found.shape[1] != width:
        raise ArgumentError(
            f"{name} is {_shown(found)}, but its width must be {width}: encode with the towers "
            "that this was made for"
        )
    bad = (~found.detach().isfinite().all(dim=1)).nonzero().flatten()
    if len(bad):
        raise ArgumentError(
            f"{name} holds NaN or infinite values in {some_rows(bad)}: the model has diverged, or "
            "its input holds them"
        )
    return found


def check_index(name: str, index: Any, rows: int, device: torch.device) -> Tensor:
    """Return an index as int64, one entry for each row.

    Args:
        name: What messages call it.
        index: A tensor on `device`, or an array or list of integers.
        rows: How many entries it must have.
        device: Where the features are.

    Raises:
        ArgumentError: It is no vector of integers, of another length, elsewhere, or negative.
    """
    found = _beside(name, index, device)
    if found.dim() != 1 or found.is_floating_point() or found.dtype == torch.bool:
        raise ArgumentError(f"{name} must be a vector of integers, but is {_shown(found)}")
    if len(found) != rows:
        raise ArgumentError(f"{name} has {len(found)} entries for {rows} rows of features")
    if bool((found < 0).any()):
        negative = (found < 0).nonzero().flatten()
        raise ArgumentError(f"{name} is negative in {some_rows(negative)}")
    return found.to(torch.int64)


def check_owned(name: str, index: Tensor, images: int, what: str) -> None:
    """Refuse an index that leaves the images, or an image that it never names.

    Args:
        name: What messages call it.
        index: (N,) int64, >= 0.
        images: B, how many images there are.
        what: What every image must have, such as `a caption`.

    Raises:
        ArgumentError: An entry is too large, or an image has none.
    """
    if int(index.max()) >= images:
        raise ArgumentError(
            f"{name} names image {int(index.max())}, but there are {images}, numbered from 0"
        )
    bare = (torch.bincount(index, minlength=images) == 0).nonzero().flatten()
    if len(bare):
        raise ArgumentError(
            f"{name}: without {what}: image {some_of(bare.tolist())}; leave such "
            "images out and number the others from 0"
        )


def check_captions(
    features: Any, image_index: Any, width: int | None = None
) -> tuple[Tensor, Tensor]:
    """Return caption features (N, D) and their image index (N,), ascending from 0 without a gap.

    Raises:
        ArgumentError: As `check_features` and `check_index`; or the index is not sorted, or leaves
            an image without a caption.
    """
    found = check_features("caption_features", features, width)
    index = check_index("image_index", image_index, len(found), found.device)
    falls = (index.diff() < 0).nonzero().flatten()
    if len(falls):
        place = int(falls[0])
        raise ArgumentError(
            f"image_index must ascend, but falls from {int(index[place])} to "
            f"{int(index[place + 1])} at caption {place + 1}: sort the captions by image, as in "
            "order = image_index.argsort(stable=True)"
        )
    check_owned("image_index", index, int(index[-1]) + 1, "a caption")
    return found, index


def check_images(name: str, features: Any, beside: Tensor, images: int) -> Tensor:
    """Return features (B, D), one an image, of the width and device of the caption features.

    Raises:
        ArgumentError: As `check_features`, or they are elsewhere, or of another number than B.
    """
    found = check_features(name, features, beside.shape[1], beside.device)
    if len(found) != images:
        raise ArgumentError(
            f"{name} has {len(found)} images, but image_index numbers {images}: an image "
            "without a caption has to be left out"
        )
    return found


def check_weights(weights: Any, features: Tensor, index: Tensor, images: int) -> Tensor:
    """Return importance weights (N,) of captions; None gives uniform ones.

    Raises:
        ArgumentError: They are of another length, negative, not finite, or do not sum to 1.
    """
    wide = torch.promote_types(features.dtype, torch.float32)
    counts = torch.bincount(index, minlength=images)
    if weights is None:
        return counts.to(wide).reciprocal()[index]
    found = _beside("weights", weights, features.device)
    if found.shape != index.shape or not found.is_floating_point():
        raise ArgumentError(
            f"weights must be one floating-point number for each of the {len(index)} captions, but "
            f"is {_shown(found)}"
        )
    found = found.to(wide)
    bad = (~(found.isfinite() & (found >= 0))).nonzero().flatten()
    if len(bad):
        raise ArgumentError(f"weights are negative or not finite in {some_rows(bad)}")
    sums = found.new_zeros(images).index_add(0, index, found)
    off = ((sums - 1).abs() > _TOLERANCE).nonzero().flatten()
    if len(off):
        raise ArgumentError(
            f"weights must sum to 1 for each image, but sum to {float(sums[off[0]]):.4g} for image "
            f"{int(off[0])}: divide them by their sum"
        )
    return found


def _tensor(name: str, values: Any) -> Tensor:
    try:
        return torch.as_tensor(values)
    except (TypeError, ValueError, RuntimeError) as error:
        raise ArgumentError(f"{name} cannot be read as a tensor: {error}") from error


def _beside(name: str, values: Any, device: torch.device) -> Tensor:
    """Return values on a device; a tensor has to be there, since moving it is the caller's."""
    found = _tensor(name, values)
    if isinstance(values, Tensor):
        _same_device(name, values, device)
    return found.to(device)


def _same_device(name: str, values: Tensor, device: torch.device) -> None:
    if values.device != device:
        raise ArgumentError(
            f"{name} is on {values.device} and the features are on {device}: move one of them"
        )


def _shown(values: Tensor) -> str:
    return f"{values.dtype} of shape {tuple(values.shape)}"
