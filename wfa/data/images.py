"""From an image as it was read to the tensor that an image tower takes."""

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torchvision.transforms.v2 import functional as tv  # type: ignore[import-untyped]

from wfa.errors import ConfigError

AUGMENTATIONS = ("none", "flip", "dihedral", "crop", "crop_flip", "crop_dihedral")
"""Training-time changes of an image; captions that name positions forbid flips and turns."""

_LONGEST = 4
"""Times the short side that is left of a long one before scaling; more than any kernel sees."""


@dataclass(frozen=True)
class ImageSpec:
    """What an image tower wants to be given.

    Attributes:
        size: Height and width in pixels.
        mean: Per channel, on the scale of the input after `scale`.
        std: Per channel, the same scale.
        scale: Factor on the raw values: 1/255 for pictures, 1 for sensors in physical units.
        interpolation: `bicubic`, `bilinear` or `nearest`.
        fit: `crop` scales the short side and cuts the centre; `squash` scales both sides. Behind
            `pillow_` Pillow scales 8-bit pictures, as the published code of a model does: it rounds
            between rows and columns, which moves up to two thirds of the pixels by one step.
        bands: The names of the channels; empty for pictures: red, green and blue.
    """

    size: int
    mean: tuple[float, ...]
    std: tuple[float, ...]
    scale: float = 1.0 / 255.0
    interpolation: str = "bicubic"
    fit: str = "crop"
    bands: tuple[str, ...] = ()


def resize(image: NDArray[np.generic], spec: ImageSpec) -> Tensor:
    """Bring an image to the tower's size.

    Args:
        image: (H, W, C), uint8, uint16 or float32.
        spec: The size, the interpolation and how to fit.

    Returns:
        (C, size, size) of the image's dtype, float32 for uint16; it may share the image's memory.
    """
    if image.dtype == np.uint16:  # few operations know it
        image = image.astype(np.float32)
    # The image may be a read-only view of a memory-mapped file.
    own = image if image.flags.writeable else image.copy()
    tensor = torch.from_numpy(own).permute(2, 0, 1)
    if tensor.shape[1:] == (spec.size, spec.size):
        return tensor
    target = [spec.size, spec.size]
    crops = spec.fit.endswith("crop")
    if crops:
        tensor = _middle(tensor)
    if spec.fit.startswith("pillow_") and image.dtype == np.uint8 and len(tensor) == 3:
        return _by_pillow(tensor, [spec.size] if crops else target, spec)
    if crops:
        height, width = tensor.shape[1:]
        ratio = spec.size / min(height, width)
        target = [max(spec.size, round(height * ratio)), max(spec.size, round(width * ratio))]
    return torch.as_tensor(tv.center_crop(_scale(tensor, target, spec), [spec.size, spec.size]))


def _middle(image: Tensor) -> Tensor:
    """Cut a sliver to `_LONGEST` times its short side before it is scaled.

    Scaled whole, a picture of 1 x 60,000 pixels would take gigabytes, and only its middle stays.
    """
    height, width = image.shape[1:]
    longest = _LONGEST * min(height, width)
    # Of equal parity with the side that is cut, so that the middle stays where it is.
    rows, columns = (min(side, longest + (side - longest) % 2) for side in (height, width))
    return torch.as_tensor(tv.center_crop(image, [rows, columns]))


def _scale(image: Tensor, target: list[int], spec: ImageSpec) -> Tensor:
    mode = tv.InterpolationMode(spec.interpolation)
    antialias = mode != tv.InterpolationMode.NEAREST
    height, width = image.shape[1:]
    if height > _LONGEST * width:  # the kernel scales rows first, and would widen all of them
        image = tv.resize(image, [target[0], width], mode, antialias=antialias)
    return torch.as_tensor(tv.resize(image, target, mode, antialias=antialias))


def _by_pillow(image: Tensor, target: list[int], spec: ImageSpec) -> Tensor:
    """Scale a picture to the height and width of `target`, or its short side to the one there."""
    mode = tv.InterpolationMode(spec.interpolation)
    scaled = tv.resize(tv.to_pil_image(image), target, mode)
    return torch.as_tensor(tv.pil_to_tensor(tv.center_crop(scaled, [spec.size, spec.size])))


def normalise(image: Tensor, spec: ImageSpec) -> Tensor:
    """Scale raw values and standardise each channel.

    Args:
        image: (..., C, H, W), any dtype.
        spec: Scale, mean and standard deviation.

    Returns:
        The same shape as float32.
    """
    mean = torch.tensor(spec.mean).view(-1, 1, 1)
    std = torch.tensor(spec.std).view(-1, 1, 1)
    values = image.to(torch.float32)
    if spec.scale != 1.0:
        values = values * spec.scale
    return (values - mean).div_(std)


def augment(image: Tensor, how: str, rng: np.random.Generator) -> Tensor:
    """Change a training image at random: crop with a reflected border, flips, quarter turns.

    Args:
        image: (C, H, W), any dtype.
        how: One of `AUGMENTATIONS`.
        rng: The image's own generator, so that the result does not depend on worker processes.

    Returns:
        The same shape and dtype.

    Raises:
        ConfigError: There is no such augmentation.
    """
    if how not in AUGMENTATIONS:
        raise ConfigError(f"train.augment={how!r} is not known. Known: {', '.join(AUGMENTATIONS)}")
    if how.startswith("crop"):
        image = _shift(image, rng)
    if how.endswith("dihedral"):
        image = torch.rot90(image, int(rng.integers(4)), (1, 2))
    if how.endswith(("flip", "dihedral")) and rng.random() < 0.5:
        image = image.flip(2)
    return image.contiguous()


def _shift(image: Tensor, rng: np.random.Generator) -> Tensor:
    """Cut a window of the same size out of the image grown by an eighth with reflection."""
    border = max(1, image.shape[-1] // 8)
    grown = tv.pad(image, [border] * 4, padding_mode="reflect")
    top, left = rng.integers(2 * border + 1, size=2).tolist()
    return torch.as_tensor(grown[:, top : top + image.shape[1], left : left + image.shape[2]])
