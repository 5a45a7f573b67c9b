"""What every encoder keeps."""

from typing import Any

import numpy as np
import torch
from torch import Tensor

from wfa.data.channels import Channels
from wfa.encoders.encoder import Encoder
from wfa.options.option_keywords import options_from
from wfa.testing.requirement import Contract

ROUNDING = 1e-4
"""Of float32, whose products are summed in another order for another batch."""
TEXTS = ("a river", "many boats are parked in a harbour", "a wide river with a bridge", "!")


def check_encoder(
    encoder: type[Encoder],
    config: type[Any],
    channels: Channels | None = None,
    label: str = "",
    **options: Any,
) -> None:
    """Hold an encoder to its contract, on random images and a few texts.

    Both towers give finite features of `width`, a row an image or text, that differ where images
    or texts do. In evaluation mode they are the same again, and what else is in the batch changes
    nothing. Gradients that reach the weights are finite and reach one at least, texts that are too
    long are cut, and an encoder that `restore` builds takes the weights and gives the same.

    Args:
        encoder: The class.
        config: Its `Config`.
        channels: What the images' channels are; None for red, green and blue.
        label: What messages call it; its name by default.
        options: Options other than the defaults: small ones make the check quick.

    Raises:
        ContractError: It does not keep it.
        ConfigError: It cannot be built, or there is no such option.
        ModelError: Its weights cannot be had.
    """
    contract = Contract(encoder, Encoder, label)
    given = options_from(config, None, options, encoder.__name__)
    with torch.random.fork_rng():
        torch.manual_seed(0)
        with contract.running("it is built"):
            made = encoder(given, channels)
        with contract.running("it is restored"):
            again = encoder.restore(given, channels)
    images, tokens = _inputs(contract, made)
    _check_features(contract, made.eval(), images, tokens)
    with contract.running("its weights are loaded"):
        again.load_state_dict(made.state_dict())
    for one, other in zip(
        _encoded(contract, made, images, tokens),
        _encoded(contract, again.eval(), images, tokens),
        strict=True,
    ):
        contract.close(other, one, "its weights, restored, give other features")
    _check_gradients(contract, made.train(), images, tokens)


def _inputs(contract: Contract, encoder: Encoder) -> tuple[Tensor, Tensor]:
    """Make inputs of both towers: of 4 images, and of the texts with one that is too long."""
    spec, random = encoder.image_spec, np.random.default_rng(0)
    pixels = random.integers(0, 256, (4, spec.size + 3, spec.size, len(spec.mean)), dtype=np.uint8)
    with contract.running("it prepares images"):
        images = torch.stack([encoder.image_input(image) for image in pixels])
    with contract.running("it turns texts into inputs"):
        tokens = encoder.tokenize(TEXTS)
        long = encoder.tokenize(["a lake beside a road " * 100])
    contract.require(len(tokens) == len(TEXTS), "its inputs are not one a text")
    cut = tokens.is_floating_point() or long.shape[1] <= encoder.context_length
    contract.require(cut, f"a long text is not cut to {encoder.context_length} tokens")
    return images, tokens


def _encoded(
    contract: Contract, encoder: Encoder, images: Tensor, tokens: Tensor
) -> tuple[Tensor, Tensor]:
    with contract.running("it encodes images"), torch.no_grad():
        of_images: Any = encoder.encode_image(images)
    with contract.running("it encodes texts"), torch.no_grad():
        of_texts: Any = encoder.encode_text(tokens)
    return of_images, of_texts


def _check_features(contract: Contract, encoder: Encoder, images: Tensor, tokens: Tensor) -> None:
    found = _encoded(contract, encoder, images, tokens)
    again = _encoded(contract, encoder, images, tokens)
    turned = _encoded(contract, encoder, images.flip(0), tokens.flip(0))
    alone = [_encoded(contract, encoder, images[k : k + 1], tokens[k : k + 1]) for k in range(4)]
    for side, what in enumerate(("image", "text")):
        features, rows = found[side], len((images, tokens)[side])
        shape = (rows, encoder.width)
        contract.require(
            features.shape == shape,
            f"{what} features are {tuple(features.shape)}, not {shape}",
        )
        contract.require(bool(features.isfinite().all()), f"{what} features are not finite")
        contract.require(
            len(set(map(tuple, features.tolist()))) == rows,
            f"two different {what}s have the same features",
        )
        each = torch.cat([one[side] for one in alone])
        for other, why in (
            (again[side], f"the same {what}s give other features again"),
            (turned[side].flip(0), f"the order of {what}s changes features"),
            (each, f"other {what}s of the batch change features"),
        ):
            contract.close(other, features, why, ROUNDING)


def _check_gradients(contract: Contract, encoder: Encoder, images: Tensor, tokens: Tensor) -> None:
    with contract.running("it is trained"):
        encoder.begin_step(0)
        loss = (encoder.encode_image(images) * encoder.encode_text(tokens)).sum()
        contract.require(loss.requires_grad, "nothing of it is trained")
        torch.autograd.backward(loss)
    gradients = [each.grad for each in encoder.parameters() if each.grad is not None]
    contract.require(bool(gradients), "no gradient reaches its weights")
    finite = all(bool(each.isfinite().all()) for each in gradients)
    contract.require(finite, "a gradient is not finite")
