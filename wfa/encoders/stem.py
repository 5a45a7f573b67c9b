"""The first layer of an image tower, made to take any channels."""

import torch
from torch import Tensor, nn

from wfa.data.channels import Channels
from wfa.errors import ConfigError, ModelError, unknown

INITS = ("zero", "mean", "copies")
"""How the weights of bands start that a pretrained tower has not met."""


def find_stem(tower: nn.Module) -> nn.Conv2d:
    """Return the one convolution of a tower that takes red, green and blue.

    Raises:
        ModelError: There is none, or more than one.
    """
    stems = [
        module
        for module in tower.modules()
        if isinstance(module, nn.Conv2d) and module.in_channels == 3 and module.groups == 1
    ]
    if len(stems) != 1:
        raise ModelError(
            f"the image tower {type(tower).__name__} has {len(stems)} convolutions of 3 channels, "
            "so it cannot be told which to change for other bands: choose another encoder.model, "
            "such as ViT-B-32, or pictures or data.bands of 3 channels"
        )
    return stems[0]


def take_channels(tower: nn.Module, channels: Channels, init: str | None) -> nn.Conv2d | None:
    """Change a tower in place so that it takes images (B, C, H, W) of other channels.

    Args:
        tower: A tower for red, green and blue.
        channels: The C channels that it is to take.
        init: One of `INITS` for pretrained weights, see `mapped_weight`. None draws new weights
            where C is not 3, and leaves them where it is.

    Returns:
        The layer that has new weights; None where it stays as it was.

    Raises:
        ConfigError: There is no such `init`, or it would leave nothing.
        ModelError: The tower has no layer of its own for the channels.
    """
    count = len(channels.bands)
    if channels.bands == channels.colours or (init is None and count == 3):
        return None
    stem = find_stem(tower)
    stem.in_channels = count
    old = stem.weight
    if init is None:
        stem.weight = nn.Parameter(old.new_empty(len(old), count, *old.shape[2:]))
        stem.reset_parameters()
    else:
        stem.weight = nn.Parameter(mapped_weight(old.detach(), channels, init))
    return stem


@torch.no_grad()
def mapped_weight(weight: Tensor, channels: Channels, init: str) -> Tensor:
    """Map filters for red, green and blue to other channels.

    Red, green and blue go to the bands that show them. `zero` gives the others nothing, so the
    tower starts as it was; `mean` gives each the mean of the three, `copies` the three in turn, and
    both scale all by 3 / C, so that what the layer gives stays of one size.

    Args:
        weight: (O, 3, h, w).
        channels: The C channels.
        init: One of `INITS`.

    Returns:
        (O, C, h, w).

    Raises:
        ConfigError: There is no such `init`, or `zero` is asked for without any of the colours.
    """
    if init not in INITS:
        raise unknown("encoder.init", init, INITS)
    place = channels.of_colours()
    if init == "zero" and not place:
        raise ConfigError(
            f"encoder.init=zero leaves nothing of the pretrained weights where none of the bands "
            f"{', '.join(channels.bands)} shows a colour ({', '.join(channels.colours)}): set "
            "encoder.init=mean or encoder.init=copies"
        )
    count = len(channels.bands)
    mapped = weight.new_zeros(len(weight), count, *weight.shape[2:])
    others = [channel for channel in range(count) if channel not in place.values()]
    if init == "mean":
        mapped[:, others] = weight.mean(dim=1, keepdim=True)
    elif init == "copies":
        mapped[:, others] = weight[:, [turn % 3 for turn in range(len(others))]]
    for colour, channel in place.items():
        mapped[:, channel] = weight[:, colour]
    return mapped if init == "zero" else mapped * (3 / count)
